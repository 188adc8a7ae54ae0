import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { contains, parsePrefix } from '../../../parsers/ip-prefix.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { Cause } from '../cause.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, sourceOf } from '../path.ts';
import { wayText } from '../published-ways.ts';

const meta = {
  id: 'NT-SVC-017',
  title: "The pods see a node's address in place of the client's",
  severities: ['critical', 'info'],
  meaning:
    "With externalTrafficPolicy Cluster, a node sends what comes from outside on to an endpoint of any node, and has to put an address of its own in place of the client's for the answer to come back. Logs, allow-lists of an ingress and the ipBlocks of NetworkPolicies see the node. Nothing is broken by it; who has to know the client needs externalTrafficPolicy Local, a header (X-Forwarded-For), or the PROXY protocol.",
  rule: "The target is outside of the cluster that the flags name, the DEST is a NodePort, a load balancer's address or an external IP of a Service with externalTrafficPolicy Cluster, and the connection got through, was refused or dropped on the way. By the API: that kube-proxy translates so; other implementations may keep the address (Cilium with DSR). Critical where the connection gets no answer, and NetworkPolicies that select the pods let in the address that the target sends from (ipBlock), and not the address of the node that DEST names.",
  source:
    'Kubernetes documentation, "Using Source IP" and "Preserving the client source IP"; kube-proxy masquerades what comes by these ways',
  explains: { depth: 638, subject: ['NT-FW', 'NT-PATH', 'NT-LAT', 'NT-TLS'] },
  remedy:
    'Where the address of the client matters, set externalTrafficPolicy to Local. Its price: a node without an endpoint of the Service drops what clients send to it, and the load is spread by nodes, not by pods.',
} as const;

const ARRIVES: readonly Cause['kind'][] = ['open', 'refused', 'dropped', 'rejected', 'stalled'];

function judge(path: PathFacts): Occurrence[] {
  const { published, cause, destination } = path;
  if (published?.isOutside !== true || published.isLocal || published.otherPorts !== undefined) return [];
  if (!ARRIVES.includes(cause.kind) || published.ready === 0) return [];
  const { namespace, name, node } = published;
  const policies = misled(path);
  const told =
    policies.length === 0
      ? ', and so do allow-lists and NetworkPolicies'
      : `: ${policies.join(', ')} lets in ${sourceOf(path)}, from which the target sends, and not ${destination.host}`;
  return [
    occurrence(
      meta,
      policies.length === 0 ? 'info' : 'critical',
      `${nameOf(path)} is ${wayText(published)}: its pods see an address of ${node ?? 'the node that takes the packets'} as the client (externalTrafficPolicy Cluster)${told}.`,
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

/** Policies that mean the client and see the node: they let in the one address and not the other. */
function misled(path: PathFacts): readonly string[] {
  const { published, cause, destination } = path;
  const { letIn = [], by } = published ?? {};
  const source = sourceOf(path);
  if (cause.kind !== 'dropped' || by !== 'node port' || source === undefined) return [];
  const lets = (address: string) =>
    letIn.filter(({ cidr, except }) => isIn(cidr, address) && !except.some((one) => isIn(one, address)));
  return lets(destination.host).length > 0
    ? []
    : [...new Set(lets(source).map(({ policy }) => `NetworkPolicy ${policy}`))];
}

function isIn(range: string, address: string): boolean {
  const [prefix, own] = [parsePrefix(range), parsePrefix(address)];
  return prefix !== undefined && own !== undefined && contains(prefix, own);
}

export const hiddenSource: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap(judge),
};
