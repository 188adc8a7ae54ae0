import { advice, kubectl, nettools } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { quoteTries } from '../../shared/reach-probe.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { FirewallFacts, PathFacts } from '../facts.ts';
import { nameOf, quoteReach, seen } from '../path.ts';

const meta = {
  id: 'NT-SVC-014',
  title: 'A hostPort does not lead to its pod',
  severities: ['critical'],
  meaning:
    'A pod has a port of its node for itself (hostPort), and a connection to that port fails, though the pod answers by its own address. The rules that lead from the one to the other are written once, by the network plugin (portmap), when the pod is made, and nobody writes them again: they are gone after a firewall was flushed or restarted, or those of a pod before it were left behind and come first.',
  rule: "A DEST is an address of a node with a port that a ready pod there has as its hostPort (API), the connection is refused, silent or finds nobody, and one to the pod's own address and port is made.",
  source: 'CNI: portmap plugin; containernetworking/plugins#512; Kubernetes: ContainerPort, hostPort',
  remedy: advice`Delete the pod, so that its rules are written anew, and see those that are there: ${nettools`run node/NODE -- iptables-save -t nat`} (chains CNI-HOSTPORT-DNAT and CNI-DN-…; ${nettools`run node/NODE -- nft list ruleset`}). Rules of a pod that is gone have to be taken out.`,
  explains: { depth: 625, subject: ['NT-FW', 'NT-LAT', 'NT-SOCK-001', 'NT-ARP-002', 'NT-TLS', 'NT-HTTP'] },
} as const;

const FAILED = new Set<PathFacts['cause']['kind']>([
  'refused',
  'rejected',
  'dropped',
  'no-host-there',
  'no-route-there',
]);

function judge(path: PathFacts): Occurrence[] {
  const { hostPort, cause, destination, port } = path;
  if (hostPort === undefined || !FAILED.has(cause.kind)) return [];
  const { namespace, pod, node, address, reach, result } = hostPort;
  if (reach.value?.tries.at(-1)?.outcome !== 'connected') return [];
  const end = socketAddress(address, hostPort.port);
  return [
    occurrence(
      meta,
      'critical',
      `${nameOf(path)} is the hostPort of pod ${namespace}/${pod} on ${node}, and does not lead there (${seen(path)}), while the pod itself answers at ${end}: the rules for it are gone, or others come before them.`,
      [...quoteReach(path), ...quoteTries(result, 1)],
      {
        subject: destination.label,
        remediation: advice`See which rules there are for port ${String(port)} on ${node}: without one that leads to ${end}, delete the pod, so that the network plugin writes it anew; take out rules of a pod that is gone.\n${nettools`run node/${node} -- iptables-save -t nat`}\n${kubectl`delete pod -n ${namespace} ${pod}`}`,
      },
    ),
  ];
}

export const hostPortAstray: Rule<FirewallFacts> = {
  meta,
  judge: ({ paths }) => paths.flatMap(judge),
};
