import { advice, kubectl } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, quoteIcmp, quoteReach, seen } from '../path.ts';

const meta = {
  id: 'NT-RT-024',
  title: 'The destination lies in the range of pods, and no pod has the address',
  severities: ['critical'],
  meaning:
    'Every node leads the addresses of this range to the node whose pods have them, and what the range covers is not masqueraded on its way. A host outside of the cluster that has such an address is hidden by it: packets never leave the cluster, or leave it with an address to which no answer finds back. An address of a pod that is gone looks the same.',
  rule: 'The DEST is an address in spec.podCIDRs of a node (not one of its first two, which bridges and tunnels of nodes have), a pod of that node has an address of the same range, no pod has this one (API), and the connection gets no answer or ends with "host unreachable".',
  source:
    'projectcalico/calico#4604, #4138; kubeadm: the pod network must not overlap with any of the host networks',
  remedy:
    "If it is a pod's: it is gone, see who still uses its address. If it is a host outside of the cluster: give that host an address outside of the pod ranges, or the cluster another pod range (it is set when the cluster is made); until then, reach the host by another address that is translated to it on the way.",
  explains: {
    depth: 641,
    subject: ['NT-ARP-002', 'NT-FW-001', 'NT-FW-009', 'NT-LAT', 'NT-TLS', 'NT-HTTP', 'NT-RT-022', 'NT-PATH'],
  },
} as const;

/** An answer of any kind, a refusal too, is of somebody who is there. */
function isLost({ cause }: PathFacts): boolean {
  return cause.kind === 'dropped' || cause.kind === 'no-host-there';
}

function judge(path: PathFacts, facts: FirewallFacts): Occurrence[] {
  const { podRange, cause, destination } = path;
  if (podRange === undefined || !isLost(path)) return [];
  const { node, range, nodeAddresses } = podRange;
  const sender = cause.kind === 'no-host-there' ? cause.sender : undefined;
  const looked =
    sender !== undefined && nodeAddresses.includes(sender)
      ? ', which has looked for it among its pods, and says "host unreachable"'
      : `: ${seen(path)}`;
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(path)} lies in the range of the pods of ${node} (${range}), and no pod has that address: packets to it are led to ${node}${looked}. A host outside of the cluster with this address is hidden by the range.`,
      [
        quoteApi(kubectl`get node ${node} -o jsonpath={.spec.podCIDRs}`, range),
        quoteApi(
          kubectl`get pods -A --field-selector status.podIP=${destination.host}`,
          'No resources found',
        ),
        ...quoteIcmp(path, facts),
        ...quoteReach(path),
      ],
      {
        subject: destination.label,
        // Whoever looks for it in vain is a part of the story, and not its cause.
        covers: ['NT-ARP-002', 'NT-FW-001', 'NT-FW-009', 'NT-LAT'],
        remediation: advice`${meta.remedy}\n${kubectl`get pods -A -o wide --field-selector spec.nodeName=${node}`}`,
      },
    ),
  ];
}

export const noPodThere: Rule<FirewallFacts> = {
  meta,
  judge: (facts) => facts.paths.flatMap((path) => judge(path, facts)),
};
