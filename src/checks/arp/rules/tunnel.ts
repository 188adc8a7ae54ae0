import { advice, kubectl, verbatim } from '../../../model/advice.ts';
import type { Occurrence } from '../../../model/finding.ts';
import { sameAddress } from '../../../parsers/ip-prefix.ts';
import { routeText } from '../../../parsers/ip-route.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type ArpFacts, entryText } from '../facts.ts';
import type { TunnelWay } from '../tunnels.ts';

const meta = {
  id: 'NT-ARP-006',
  title: 'The overlay does not know the way to a node',
  severities: ['critical'],
  meaning:
    "The pods of another node are reached through a VXLAN tunnel, which needs two entries: a neighbour entry for the next hop, and a forwarding entry (FDB) from its MAC address to the other node's address (VTEP). The CNI plugin writes both; the kernel does not learn them by itself. Where one is missing, or leads to an address that the node no longer has, every packet to that node's pods is lost, while all other nodes work.",
  rule: "In a node's own network namespace, for each route through a VXLAN interface that is not controlled from outside (external) and has no default destination: the next hop has no neighbour entry with a MAC address, or that MAC address has no FDB entry on the interface, or all FDB entries lead to addresses that the node behind it, by its pod range, does not have. Where flannel announces the MAC addresses of the tunnel's ends in the API: the neighbour entry has another one than the node behind it announces, or this node's own interface has another than it announces. Or a destination of the run is behind the tunnel, and the node's address that the FDB entry leads to is on a link of this node where nobody answers for it.",
  source: 'Linux: Documentation/networking/vxlan.rst; flannel and Calico write both entries as PERMANENT',
  remedy: advice`Read the CNI plugin's log on this node and on the other one (its pods in kube-system or of their own namespace, by ${kubectl`get pods -A -o wide`}): it writes the entries when a node joins or changes its address. Restarting the plugin's pod on this node writes them again. Compare with a node that works: ip neigh show dev IFACE; bridge fdb show dev IFACE.`,
} as const;

/**
 * What is wrong with a way; `undefined`: nothing.
 * @param isProvoked packets of this run went there: an old entry that failed proves nothing
 */
function fault(
  { vxlan, hop, node, neighbour, remotes, unfound, floods }: TunnelWay,
  isProvoked: boolean,
): string | undefined {
  const who = node ? ` (pods of node ${node.name})` : '';
  if (neighbour?.mac === undefined) {
    return floods
      ? undefined
      : `${vxlan.name} has no neighbour entry for ${hop}${who} and no destination to ask at`;
  }
  if (remotes.length === 0) {
    return floods
      ? undefined
      : `${vxlan.name} has no forwarding entry for ${neighbour.mac}, the MAC address of ${hop}${who}`;
  }
  const known = node?.addresses ?? [];
  const isRight = remotes.some((remote) => known.some((address) => sameAddress(address, remote)));
  const announced = node?.tunnels?.find(({ vni }) => vni === vxlan.vni)?.mac;
  const [lost] = unfound;
  if (lost && isProvoked && unfound.length === remotes.length && (known.length === 0 || isRight)) {
    const others = known.filter((address) => !remotes.some((remote) => sameAddress(remote, address)));
    const instead = others.length === 0 ? '' : `; the node has ${others.join(', ')} too`;
    return `${vxlan.name} sends packets for ${hop}${who} to ${lost.address}, which nobody answers for on ${lost.device} (its neighbour entry is ${lost.state})${instead}`;
  }
  if (known.length === 0 || isRight)
    return announced === undefined || announced === neighbour.mac
      ? undefined
      : `${vxlan.name} sends packets for ${hop}${who} to the MAC address ${neighbour.mac}, but node ${node?.name} announces ${announced}`;
  return `${vxlan.name} sends packets for ${hop} to ${remotes.join(', ')}, but node ${node?.name} is ${known.join(', ')}`;
}

export const tunnel: Rule<ArpFacts> = {
  meta,
  judge: (facts) => [...renamed(facts), ...astray(facts)],
};

/** This node's own end: what the others send to it is for another MAC address. */
function renamed({ renamedTunnels, results: { vxlans } }: ArpFacts): Occurrence[] {
  return renamedTunnels.map(({ vxlan, announced }) =>
    occurrence(
      meta,
      'critical',
      `${vxlan.name} has the MAC address ${vxlan.mac}, but the node announces ${announced}: what other nodes send there for its pods is not taken.`,
      vxlans ? [{ command: vxlans.command, excerpt: `${vxlan.name} link/ether ${vxlan.mac}` }] : [],
      {
        remediation: advice`Find out who changed the address (systemd's MACAddressPolicy=persistent does so for interfaces of this kind: a .link file with MACAddressPolicy=none for it ends that), set it back, or restart the CNI plugin's pod on this node, which announces it again:\n${verbatim`ip link set dev ${vxlan.name} address ${announced}`}`,
      },
    ),
  );
}

function astray({ tunnels, hops, results }: ArpFacts): Occurrence[] {
  return (tunnels?.value ?? []).flatMap((way): Occurrence[] => {
    const { vxlan, hop, neighbour, remotes, route, unfound } = way;
    const isProvoked = hops.some((one) => one.device === vxlan.name && sameAddress(one.address, hop));
    const what = fault(way, isProvoked);
    if (what === undefined) return [];
    const { neighbours, forwarding, routes } = results;
    const entry = neighbour ? entryText(neighbour) : `no entry for ${hop} dev ${vxlan.name}`;
    const mac = neighbour?.mac;
    const sent = remotes.map((remote) => `${mac} dev ${vxlan.name} dst ${remote}`).join('\n');
    return [
      occurrence(meta, 'critical', `${what}: packets to ${route.text} are lost.`, [
        ...(routes ? [{ command: routes.command, excerpt: routeText(route) }] : []),
        ...(neighbours
          ? [{ command: neighbours.command, excerpt: [entry, ...unfound.map(entryText)].join('\n') }]
          : []),
        ...(forwarding && mac !== undefined
          ? [{ command: forwarding.command, excerpt: sent || `no entry for ${mac} dev ${vxlan.name}` }]
          : []),
      ]),
    ];
  });
}
