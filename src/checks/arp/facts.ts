/** What the arp check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { ArpAnswers, OwnAddressAnswers } from '../../parsers/arping.ts';
import type { VethEnd } from '../../parsers/beside.ts';
import type { Interface } from '../../parsers/ip-addr.ts';
import type { Neighbour, NeighbourTables } from '../../parsers/ip-neigh.ts';
import type { Vxlan } from '../../parsers/vxlan.ts';
import type { Measured } from '../shared/measured.ts';
import type { NodeNetwork } from '../shared/node-network.ts';
import { least } from '../shared/statistics.ts';
import type { Way } from '../shared/way.ts';
import type { TunnelWay } from './tunnels.ts';

/** A pod of the same node that the API says is ready: nobody asked for it, but it has to be there. */
export interface Peer {
  /** Letters, digits and hyphens: part of the ids of its commands. */
  readonly id: string;
  readonly label: string;
  readonly address: string;
}

/** What the check gets before it runs; plain JSON. */
export interface ArpInput {
  readonly destinations: readonly Destination[];
  readonly peers: readonly Peer[];
  /** The share of the table's limit above which it is nearly full. */
  readonly tableShare: number;
  /** A node's own network, with the overlay to the other nodes. */
  readonly isHost?: boolean;
  /** Of a node that the API knows. */
  readonly cluster?: NodeNetwork;
  /** Ids of destinations that kube-proxy of this very host leads elsewhere before they get to a link. */
  readonly taken?: readonly string[];
  /** Addresses that the API has for several pods. */
  readonly shared?: readonly SharedAddress[];
  /** The target is this machine, or a namespace of it. */
  readonly isOnThisMachine?: true;
}

/** An address that several pods have at once. */
export interface SharedAddress {
  readonly address: string;
  /** With their namespaces. */
  readonly pods: readonly { readonly name: string; readonly node: string }[];
  /** The label of the DEST whose it is. */
  readonly subject: string;
}

/** Whom a hop serves. */
export interface HopUser {
  readonly label: string;
  readonly role: Destination['role'] | 'peer';
  /** Anything came back from the destination through this hop; `undefined`: not known. */
  readonly answered: boolean | undefined;
  /** The hop is the destination itself. */
  readonly direct: boolean;
  /**
   * A Service's address: where bridges pass packets through netfilter (br_netfilter), its DNAT takes them out of the
   * frame, whatever MAC address that has, so an answer says nothing of the hop.
   */
  readonly virtual: boolean;
  readonly results: readonly ProbeResult[];
}

/** One host on the link that traffic has to go through or to, after it was provoked. */
export interface Hop {
  readonly address: string;
  readonly device: string;
  /** A router that other destinations are behind. */
  readonly isGateway: boolean;
  readonly users: readonly HopUser[];
  /** What the kernel knows of it now; `undefined`: it has no entry. */
  readonly entry: Neighbour | undefined;
  /** What it knew before anybody was provoked; `undefined`: it had no entry, or that was not read. */
  readonly before: Neighbour | undefined;
  /** What it says itself; `undefined`: it was not asked. */
  readonly answers: ArpAnswers | undefined;
  readonly askedBy: ProbeResult | undefined;
}

/** The other end of a link of the target, in another namespace of this machine. */
export interface OtherEnd {
  readonly end: VethEnd;
  readonly result: ProbeResult;
}

/** Everything that was seen in one run. Lists that could not be read are `undefined`. */
export interface ArpFacts {
  readonly shared: readonly SharedAddress[];
  readonly ways: readonly Way[];
  readonly hops: readonly Hop[];
  /** By the interface of the target: of those whose gateway is link-local and silent, as far as it could be found. */
  readonly otherEnds: ReadonlyMap<string, OtherEnd>;
  readonly neighbours: readonly Neighbour[] | undefined;
  readonly interfaces: readonly Interface[] | undefined;
  /** Whose MAC addresses are known: the target's own, and its gateway's. Others cannot be told from them without. */
  readonly hostsUnknown: string | undefined;
  readonly tables: {
    readonly before: NeighbourTables | undefined;
    readonly after: NeighbourTables | undefined;
  };
  readonly tableShare: number;
  /** Asked for on a host alone; `undefined`: it was not. */
  readonly tunnels: Measured<readonly TunnelWay[]> | undefined;
  /** Ends of VXLANs whose MAC address is another than the one that this node has announced. */
  readonly renamedTunnels: readonly { readonly vxlan: Vxlan; readonly announced: string }[];
  /** For each of the target's own addresses, who else answers for it. */
  readonly own: Measured<readonly OwnAddressAnswers[]>;
  /** How many of its addresses were not asked for. */
  readonly unasked: number;
  readonly results: Readonly<
    Record<
      | 'neighbours'
      | 'neighboursBefore'
      | 'interfaces'
      | 'tableBefore'
      | 'tableAfter'
      | 'own'
      | 'vxlans'
      | 'forwarding'
      | 'routes',
      ProbeResult | undefined
    >
  >;
}

/** The kernel has asked, and nobody has answered. */
export function isUnanswered(hop: Hop): boolean {
  return hop.entry?.state === 'FAILED' || hop.entry?.state === 'INCOMPLETE';
}

/**
 * It was heard in the run all the same: what its entry says is one moment's, as when the kernel asks again. An answer
 * from a Service's address alone says nothing of the hop (see {@link HopUser.virtual}), and an answer to ARP nothing of
 * the traffic.
 */
export function wasHeard(hop: Hop): boolean {
  if (hop.users.some((user) => user.answered === true && !user.virtual)) return true;
  const isSilent = hop.users.some((user) => user.answered === false);
  return (hop.answers?.macs.length ?? 0) > 0 && !isSilent;
}

/** Traffic through the hop works, whatever else is said of it. */
export function carries(hop: Hop): boolean {
  return hop.users.some((user) => user.answered === true);
}

/**
 * A router whose entry says that nobody answers, though it may have been heard all the same. The kernel may still trust an
 * old answer; then only the question counts.
 */
export function isSilentGateway(hop: Hop): boolean {
  if (!hop.isGateway) return false;
  if (isUnanswered(hop)) return true;
  if (hop.answers === undefined || hop.answers.skipped !== undefined || hop.answers.macs.length > 0)
    return false;
  const { state } = hop.entry ?? {};
  return state !== 'PERMANENT' && state !== 'NOARP' && !carries(hop);
}

/** The target's own IPv4 address on the link of a hop; `undefined`: it has none there that is known. */
export function ownAddress(
  { interfaces }: Pick<ArpFacts, 'interfaces'>,
  { device }: Hop,
): string | undefined {
  const link = interfaces?.find(({ name }) => name === device);
  return link?.addresses.find(({ family, scope }) => family === 'inet' && scope === 'global')?.address;
}

/** Fewer may be one host's own. */
const MANY = 3;
const USABLE = new Set(['REACHABLE', 'STALE', 'DELAY', 'PROBE']);

/** Which IPv4 addresses each host answers for, by its MAC address; the target's own hosts (ipvlan) are left out. */
function claims(facts: ArpFacts): ReadonlyMap<string, ReadonlySet<string>> {
  const mine = ownMacs(facts);
  const found = new Map<string, Set<string>>();
  const claim = (mac: string, address: string): void => {
    if (!mine.has(mac) && !address.includes(':')) found.set(mac, (found.get(mac) ?? new Set()).add(address));
  };
  for (const { mac, state, address } of facts.neighbours ?? []) {
    if (mac !== undefined && USABLE.has(state)) claim(mac, address);
  }
  for (const { address, answers } of facts.hops) for (const mac of answers?.macs ?? []) claim(mac, address);
  return found;
}

/** Hosts that answer for at least three addresses and are not gateway: which addresses, by MAC address. */
export function proxies(facts: ArpFacts): ReadonlyMap<string, ReadonlySet<string>> {
  if (facts.hostsUnknown !== undefined) return new Map();
  const known = gatewayMacs(facts);
  return new Map([...claims(facts)].filter(([mac, addresses]) => addresses.size >= MANY && !known.has(mac)));
}

/** With ipvlan, all pods of a node have the MAC address of the node's interface, and so the target's own. */
export function ownMacs(facts: ArpFacts): ReadonlySet<string> {
  return new Set(facts.interfaces?.flatMap((i) => i.mac ?? []));
}

/**
 * MAC addresses of the routers: what answers with one of them answers in another's place (proxy ARP). Where several
 * answer for a gateway, whichever the kernel has taken, it is the one that answers for the fewest other addresses.
 */
export function gatewayMacs(facts: ArpFacts): ReadonlySet<string> {
  const claimed = claims(facts);
  const count = (mac: string): number => claimed.get(mac)?.size ?? 0;
  const gateways = facts.hops.filter((hop) => hop.isGateway);
  return new Set(
    gateways.flatMap(({ entry, answers }) => {
      const macs = [...new Set([...(entry?.mac === undefined ? [] : [entry.mac]), ...(answers?.macs ?? [])])];
      const fewest = least(macs.map(count));
      return macs.filter((mac) => count(mac) === fewest);
    }),
  );
}

/** An entry as ip prints it without -j. */
export function entryText({ address, device, mac, state }: Neighbour): string {
  return `${address} dev ${device}${mac === undefined ? '' : ` lladdr ${mac}`} ${state}`;
}
