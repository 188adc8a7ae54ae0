import { kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf } from '../path.ts';

const meta = {
  id: 'NT-SVC-023',
  title: 'The address is one that a Service claims (externalIPs)',
  severities: ['info'],
  meaning:
    "A Service names the address among its externalIPs. On every node kube-proxy leads what is sent to it, by the Service's ports, to the Service's endpoints: pods and nodes of the cluster never get to a host that has this address itself, whatever answers there for others. Anybody who may write Services can claim an address so (CVE-2020-8554).",
  rule: 'The DEST is an address and a port, which a Service of the cluster has among its externalIPs, for a target in that cluster, and the connection is open.',
  source: 'Kubernetes documentation, "External IPs"; CVE-2020-8554',
  remedy: 'If a host of its own is meant, take the address out of externalIPs of the Service.',
} as const;

function judge({ published, cause, destination, ...path }: PathFacts): Occurrence[] {
  if (published?.by !== 'external IP' || published.isOutside === true) return [];
  if (cause.kind !== 'open' || published.otherPorts !== undefined) return [];
  const { label, namespace, name, ready } = published;
  return [
    occurrence(
      meta,
      'info',
      `${nameOf({ published, cause, destination, ...path })} is an external IP of ${label} (externalIPs): what answered is one of its ${ready} ready ${ready === 1 ? 'endpoint' : 'endpoints'}, and no host that has this address itself.`,
      [
        quoteApi(
          kubectl`get service -n ${namespace} ${name} -o jsonpath={.spec.externalIPs}`,
          destination.host,
        ),
      ],
      { subject: destination.label },
    ),
  ];
}

export const externalIp: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap(judge),
};
