import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { Cause } from '../cause.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf } from '../path.ts';
import { wayText } from '../published-ways.ts';

const meta = {
  id: 'NT-SVC-017',
  title: "The pods see a node's address in place of the client's",
  severities: ['info'],
  meaning:
    "With externalTrafficPolicy Cluster, a node sends what comes from outside on to an endpoint of any node, and has to put an address of its own in place of the client's for the answer to come back. Logs, allow-lists of an ingress and the ipBlocks of NetworkPolicies see the node. Nothing is broken by it; who has to know the client needs externalTrafficPolicy Local, a header (X-Forwarded-For), or the PROXY protocol.",
  rule: "The target is outside of the cluster that the flags name, the DEST is a NodePort, a load balancer's address or an external IP of a Service with externalTrafficPolicy Cluster, and the connection got through, was refused or dropped on the way. By the API: that kube-proxy translates so; other implementations may keep the address (Cilium with DSR).",
  source:
    'Kubernetes documentation, "Using Source IP" and "Preserving the client source IP"; kube-proxy masquerades what comes by these ways',
  remedy:
    'Where the address of the client matters, set externalTrafficPolicy to Local. Its price: a node without an endpoint of the Service drops what clients send to it, and the load is spread by nodes, not by pods.',
} as const;

const ARRIVES: readonly Cause['kind'][] = ['open', 'refused', 'dropped', 'rejected', 'stalled'];

function judge(path: PathFacts): Occurrence[] {
  const { published, cause, destination } = path;
  if (published?.isOutside !== true || published.isLocal || published.otherPorts !== undefined) return [];
  if (!ARRIVES.includes(cause.kind) || published.ready === 0) return [];
  const { namespace, name, node } = published;
  return [
    occurrence(
      meta,
      'info',
      `${nameOf(path)} is ${wayText(published)}: its pods see an address of ${node ?? 'the node that takes the packets'} as the client (externalTrafficPolicy Cluster), and so do allow-lists and NetworkPolicies.`,
      [
        quoteApi(
          kubectl`get service -n ${namespace} ${name} -o jsonpath={.spec.externalTrafficPolicy}`,
          'Cluster',
        ),
      ],
      {
        subject: destination.label,
        remediation: advice`${meta.remedy}\n${kubectl`patch service -n ${namespace} ${name} -p '{"spec":{"externalTrafficPolicy":"Local"}}'`}`,
      },
    ),
  ];
}

export const hiddenSource: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap(judge),
};
