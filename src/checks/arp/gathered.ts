/** From evidence to facts: parses each result, and joins neighbours to the ways that need them. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { OwnAddressAnswers } from '../../parsers/arping.ts';
import { parseDuplicates, parseUnasked } from '../../parsers/arping.ts';
import { parseVethEnd } from '../../parsers/beside.ts';
import { parseInterfaces } from '../../parsers/ip-addr.ts';
import { type Neighbour, parseNeighbours, parseNeighbourTables } from '../../parsers/ip-neigh.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { parseRoutes } from '../../parsers/ip-route.ts';
import type { NextHop } from '../../parsers/next-hop.ts';
import { parseTunnelEntries, parseVxlans } from '../../parsers/vxlan.ts';
import { cutReason, type Measured, noJson, read } from '../shared/measured.ts';
import type { NodeNetwork } from '../shared/node-network.ts';
import { hopOf, hopResult, isVirtual, type Way, wayOf } from '../shared/way.ts';
import type { ArpFacts, ArpInput, Hop, HopUser, OtherEnd } from './facts.ts';
import { otherEndId } from './other-end.ts';
import { renamedTunnels, tunnelWays } from './tunnels.ts';

export function arpFacts(evidence: Evidence, input: ArpInput): ArpFacts {
  const { destinations, peers, tableShare, taken = [] } = input;
  const ways = destinations.map((destination) => wayOf(evidence, destination));
  // Their echo requests alone, which are not translated, ask on the link for who has the address.
  const linked = ways.filter(({ destination, hop }) => !taken.includes(destination.id) || isRouted(hop));
  const neighbours = read(evidence['neighbours'], 'ip', parseNeighbours).value;
  const before = read(evidence['neighbours-before'], 'ip', parseNeighbours).value;
  const interfaces = read(evidence['addresses'], 'ip', parseInterfaces).value;
  const uses = [
    ...linked.map((way) => ({
      hop: way.hop.value,
      by: way.results.hop,
      user: {
        label: way.destination.label,
        role: way.destination.role,
        answered: way.answered,
        virtual: isVirtual(way.destination),
        results: [way.results.icmp, way.results.tcp].filter((r) => r !== undefined),
      },
    })),
    ...peers.map(({ id, label }) => ({
      hop: hopOf(hopResult(evidence, id)).value,
      by: hopResult(evidence, id),
      user: { label, role: 'peer' as const, answered: undefined, virtual: false, results: [] },
    })),
  ];
  return {
    ways,
    hops: joined(uses, neighbours ?? [], before ?? []),
    otherEnds: new Map((interfaces ?? []).flatMap(({ name }) => otherEndOf(evidence, name))),
    neighbours,
    interfaces,
    hostsUnknown: hostsUnknown(evidence, ways),
    tables: {
      before: read(evidence['table-before'], 'ip', parseNeighbourTables).value,
      after: read(evidence['table-after'], 'ip', parseNeighbourTables).value,
    },
    tableShare,
    shared: input.shared ?? [],
    renamedTunnels: renamedTunnels(read(evidence['vxlans'], 'ip', parseVxlans).value ?? [], input.cluster),
    tunnels: evidence['vxlans'] === undefined ? undefined : tunnelsOf(evidence, input.cluster),
    own: ownOf(evidence['duplicates']),
    unasked: read(evidence['duplicates'], 'sh', parseUnasked, { endsByTime: true }).value ?? 0,
    results: {
      neighbours: evidence['neighbours'],
      neighboursBefore: evidence['neighbours-before'],
      interfaces: evidence['addresses'],
      tableBefore: evidence['table-before'],
      tableAfter: evidence['table-after'],
      own: evidence['duplicates'],
      vxlans: evidence['vxlans'],
      forwarding: evidence['forwarding'],
      routes: evidence['routes'],
    },
  };
}

/** By a router, which the others need as well. */
function isRouted({ value }: Way['hop']): boolean {
  return value?.route.outcome === 'route' && value.route.gateway !== undefined;
}

function otherEndOf(evidence: Evidence, device: string): [string, OtherEnd][] {
  const result = evidence[otherEndId(device)];
  const end = read(result, 'sh', parseVethEnd).value;
  return result === undefined || end === undefined ? [] : [[device, { end, result }]];
}

/** Who is meant by a MAC address cannot be determined where a list was cut; an image whose ip has no JSON has always none. */
function hostsUnknown(evidence: Evidence, ways: readonly Way[]): string | undefined {
  const results = [evidence['addresses'], ...ways.map((way) => way.results.hop)];
  return results.flatMap((result) => (result && cutReason(result)) ?? [])[0];
}

/** None where one of the tables is not known: what it holds would look missing. */
function tunnelsOf(evidence: Evidence, cluster: NodeNetwork | undefined): NonNullable<ArpFacts['tunnels']> {
  const vxlans = read(evidence['vxlans'], 'ip', parseVxlans);
  const routes = read(evidence['routes'], 'ip', parseRoutes);
  const neighbours = read(evidence['neighbours'], 'ip', parseNeighbours);
  const entries = read(evidence['forwarding'], 'bridge', parseTunnelEntries);
  if (vxlans.value && routes.value && neighbours.value && entries.value) {
    const tables = {
      vxlans: vxlans.value,
      routes: routes.value,
      neighbours: neighbours.value,
      entries: entries.value,
    };
    return { value: tunnelWays(tables, cluster) };
  }
  const [lost, tool] = vxlans.skipped
    ? (['vxlans', 'ip'] as const)
    : routes.skipped
      ? (['routes', 'ip'] as const)
      : neighbours.skipped
        ? (['neighbours', 'ip'] as const)
        : (['forwarding', 'bridge'] as const);
  return { skipped: noJson(evidence[lost], tool) };
}

interface Use {
  readonly hop: NextHop | undefined;
  readonly by: ProbeResult | undefined;
  readonly user: Omit<HopUser, 'direct'>;
}

/** One hop for each address on each link, with all that go through it. */
function joined(uses: readonly Use[], neighbours: readonly Neighbour[], before: readonly Neighbour[]): Hop[] {
  const hops = new Map<string, Hop>();
  for (const { hop, by, user } of uses) {
    if (hop === undefined || hop.route.outcome !== 'route' || hop.route.local) continue;
    const { gateway, device } = hop.route;
    const address = gateway ?? hop.address;
    const key = `${address} ${device}`;
    const known = hops.get(key);
    const asked = hop.asked !== undefined && sameAddress(hop.asked.address, address) ? hop.asked : undefined;
    hops.set(key, {
      address,
      device,
      isGateway: gateway !== undefined || user.role === 'gateway' || known?.isGateway === true,
      users: [...(known?.users ?? []), { ...user, direct: gateway === undefined }],
      entry: neighbours.find((n) => n.device === device && sameAddress(n.address, address)),
      before: before.find((n) => n.device === device && sameAddress(n.address, address)),
      answers: known?.answers ?? asked?.answers,
      askedBy: known?.askedBy ?? (asked && by),
    });
  }
  return [...hops.values()];
}

function ownOf(result: ProbeResult | undefined): Measured<readonly OwnAddressAnswers[]> {
  // One address that was not asked for in time has its own reason.
  const measured = read(result, 'sh', parseDuplicates, { endsByTime: true });
  const own = measured.value;
  if (own === undefined) return measured;
  const refused = own.find((o) => o.answers.skipped !== undefined)?.answers.skipped;
  return refused !== undefined && own.every((o) => o.answers.skipped !== undefined)
    ? { skipped: refused }
    : { value: own };
}
