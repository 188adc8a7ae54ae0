/** The overlay of a node: for each route into a VXLAN, whether the node knows where to send its packets. Pure. */

import type { Neighbour } from '../../parsers/ip-neigh.ts';
import { contains, parsePrefix, sameAddress } from '../../parsers/ip-prefix.ts';
import type { Route } from '../../parsers/ip-route.ts';
import type { TunnelEntry, Vxlan } from '../../parsers/vxlan.ts';
import type { NodeNetwork, OtherNode } from '../shared/node-network.ts';

/** One way into a tunnel. */
export interface TunnelWay {
  readonly vxlan: Vxlan;
  readonly route: Route;
  /** The next hop inside the tunnel. */
  readonly hop: string;
  /** The node whose pods are behind it, where the API tells. */
  readonly node: OtherNode | undefined;
  readonly neighbour: Neighbour | undefined;
  /** Where the tunnel sends packets for the neighbour's MAC address. */
  readonly remotes: readonly string[];
  /** Those of `remotes` that are on a link of the node, and that it has looked for in vain. */
  readonly unfound: readonly Neighbour[];
  /** The tunnel has somewhere to send what it has no entry for, so that neighbours may be found by asking. */
  readonly floods: boolean;
}

/** What the node has been seen to have. */
export interface OverlayTables {
  readonly vxlans: readonly Vxlan[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly entries: readonly TunnelEntry[];
}

const EVERY_MAC = '00:00:00:00:00:00';

/** All ways into tunnels that the kernel's own tables decide. */
export function tunnelWays(
  { vxlans, routes, neighbours, entries }: OverlayTables,
  cluster: NodeNetwork | undefined,
): TunnelWay[] {
  return vxlans
    .filter((vxlan) => !vxlan.isExternal)
    .flatMap((vxlan) =>
      routes.flatMap((route): TunnelWay[] => {
        const [hop] = route.gateways;
        if (hop === undefined || !route.devices.includes(vxlan.name)) return [];
        const neighbour = neighbours.find((n) => n.device === vxlan.name && sameAddress(n.address, hop));
        const own = entries.filter((entry) => entry.device === vxlan.name);
        const remotes = own.filter(({ mac }) => mac === neighbour?.mac).map(({ remote }) => remote);
        return [
          {
            vxlan,
            route,
            hop,
            node: cluster?.others.find(({ podRanges }) => podRanges.some((range) => isWithin(route, range))),
            neighbour,
            remotes,
            unfound: neighbours.filter(
              ({ address, device, state }) =>
                device !== vxlan.name &&
                (state === 'FAILED' || state === 'INCOMPLETE') &&
                remotes.some((remote) => sameAddress(remote, address)),
            ),
            floods: vxlan.hasDefault || own.some(({ mac }) => mac === EVERY_MAC),
          },
        ];
      }),
    );
}

/** The other nodes send to the MAC address that is announced: packets to another are not for the node. */
export function renamedTunnels(
  vxlans: readonly Vxlan[],
  cluster: NodeNetwork | undefined,
): { readonly vxlan: Vxlan; readonly announced: string }[] {
  return vxlans.flatMap((vxlan) => {
    const announced = cluster?.tunnels?.find(({ vni }) => vni === vxlan.vni)?.mac;
    return announced === undefined || vxlan.mac === undefined || announced === vxlan.mac
      ? []
      : [{ vxlan, announced }];
  });
}

function isWithin({ destination }: Route, range: string): boolean {
  const prefix = parsePrefix(range);
  return prefix !== undefined && contains(prefix, destination);
}
