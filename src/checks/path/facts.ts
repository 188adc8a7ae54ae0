/** What the path check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import type { SetRule } from '../../parsers/address-sets.ts';
import type { DropFlow, DropWatch } from '../../parsers/drops.ts';
import type { FilterRule } from '../../parsers/filter-rules.ts';
import type { Neighbour } from '../../parsers/ip-neigh.ts';
import type { Route } from '../../parsers/ip-route.ts';
import type { Listener } from '../../parsers/listeners.ts';
import type { Reach } from '../../parsers/reach.ts';
import type { SocketDrops } from '../../parsers/socket-drops.ts';
import type { SeenSegment } from '../../parsers/tcpdump-tcp.ts';
import type { CounterSnapshots } from '../shared/counters.ts';
import type { DropKind } from '../shared/drops/kind.ts';
import type { Rules } from '../shared/drops/rule-of.ts';
import type { Measured } from '../shared/measured.ts';
import type { RuleHit } from '../shared/rule-hits.ts';
import type { IpSets } from '../shared/set-element.ts';

/** A network namespace on the way, in which somebody listens while the probes run. */
export interface Place {
  /** Begins the ids of its evidence. */
  readonly id: string;
  /** As a person calls it: `pod/web-0`, `node/n1`. */
  readonly label: string;
  /** Of a pod. */
  readonly pod?: { readonly namespace: string; readonly name: string };
  /** Of a node. */
  readonly node?: string;
  /** Of a pod, the node that it runs on. */
  readonly onNode?: string;
  /** It is where the probes are sent from. */
  readonly isTarget: boolean;
  /** Why nobody could listen there; absent: somebody did. */
  readonly unwatched?: string;
}

/** What a place is to one way; `node`: both ends run on it. */
export type Role = 'source' | 'source-node' | 'node' | 'destination-node' | 'destination';

/** One destination, and the places on the way to it, the target first and the destination last; over UDP the destination alone. */
export interface PathRoute {
  readonly destination: Destination;
  readonly places: readonly { readonly id: string; readonly role: Role }[];
  /** It is no part of the cluster, and nobody can listen there: the last place is the one that its packets leave the cluster by. */
  readonly isOutside?: true;
}

/** A node whose kernel is listened to: what it drops of the probes' flows, in whatever namespace of its. */
export interface Watcher {
  /** Begins the ids of its evidence. */
  readonly id: string;
  readonly node: string;
  /** Why it was not possible; absent: it was. */
  readonly unwatched?: string;
}

/** What the check gets before it runs; plain JSON. */
export interface PathInput {
  readonly places: readonly Place[];
  readonly routes: readonly PathRoute[];
  /** By the id of a destination: what NetworkPolicies say of it; absent where they do not allow it, or nobody can tell. */
  readonly allowed?: Readonly<Record<string, Allowed>>;
  readonly watchers?: readonly Watcher[];
  /** Ranges of pods and addresses of nodes, where a host outside is among the destinations. */
  readonly inside?: readonly string[];
  /** The target itself; by its addresses flows are known to be its. */
  readonly own?: {
    readonly label: string;
    readonly node: string;
    readonly isHost: boolean;
    readonly addresses: readonly string[];
  };
}

/** NetworkPolicies allow what is probed, for which they ask who the target is. */
export interface Allowed {
  /** Those that do, as `namespace/name`. */
  readonly by: readonly string[];
  /** Addresses of pods of the target's namespace, its own among them. */
  readonly addresses: readonly string[];
}

/** A point that a packet passes: into a place, or out of it. */
export interface Point {
  readonly place: PlaceFacts;
  readonly role: Role;
  readonly way: 'in' | 'out';
  readonly packet: 'probe' | 'answer';
  /** Lines of the packets that passed here; `undefined`: nobody listened. */
  readonly lines: readonly string[] | undefined;
  /** The source addresses of the probes that passed here. */
  readonly sources: readonly string[];
}

/** A network namespace: two kernels may give two of them the same number. */
export interface Space {
  readonly inode: string | undefined;
  /** Which boot of which machine it is of; where that could not be read, the node's name stands for it. */
  readonly machine: string;
}

/** What one node's kernel was seen to drop. */
export interface WatcherFacts {
  readonly node: string;
  /** {@link Space.machine} */
  readonly machine: string;
  /** Ends a sentence; absent: it was watched. */
  readonly unwatched?: string;
  readonly watch: Measured<DropWatch>;
  readonly result: ProbeResult | undefined;
  /** Of the node's own network; absent: not read here. */
  readonly rules?: Rules;
}

/** A network namespace that is known. */
export interface KnownSpace extends Space {
  /** As a person calls it. */
  readonly label: string;
  readonly node: string;
  /** It is the network of the node itself. */
  readonly isHost: boolean;
  readonly place?: PlaceFacts;
  readonly rules?: Rules;
}

/** Packets of one flow that were dropped at one place of the kernel, in one network namespace. */
export interface SeenDrop {
  readonly flow: DropFlow;
  readonly kind: DropKind;
  readonly packet: 'probe' | 'answer';
  /** Who saw it; the namespace may be another node's, where two of them share a kernel. */
  readonly node: string;
  /** Absent: none that was looked into. */
  readonly space: KnownSpace | undefined;
  readonly result: ProbeResult | undefined;
}

/** What was seen at one place. */
export interface PlaceFacts {
  readonly place: Place;
  readonly space: Space;
  readonly seen: ProbeResult | undefined;
  /** The packets that `seen` has. */
  readonly segments: Measured<readonly SeenSegment[]>;
  /** Rules that stop packets and whose counter grew while the probes ran, whoever's packets it was. */
  readonly grown: readonly Omit<RuleHit, 'direction'>[];
  /** Its rules were asked for. */
  readonly hasRules: boolean;
  /** Why they could not be read, or not all of them. */
  readonly rules: Reason | undefined;
  /** Rules, and policies of chains, that stop packets and count none. */
  readonly uncounted: readonly FilterRule[];
  /** What rules of iptables may ask for. */
  readonly ipsets: IpSets;
  readonly counters: CounterSnapshots;
  readonly listeners: readonly Listener[] | undefined;
  readonly listenersResult: ProbeResult | undefined;
  readonly neighbours: readonly Neighbour[] | undefined;
  readonly neighboursResult: ProbeResult | undefined;
  readonly routes: readonly Route[] | undefined;
  readonly routesResult: ProbeResult | undefined;
  /** Rules that let pass what is in a set. */
  readonly setRules: readonly SetRule[];
  readonly counters6: CounterSnapshots;
  /** What its sockets dropped while the probes ran, those that dropped nothing included. */
  readonly drops: Measured<readonly SocketDrops[]>;
  readonly dropsResult: ProbeResult | undefined;
}

/** The last point where the probe or its answer was seen, and the first after it where it was missed. */
export interface Loss {
  /** `undefined`: it was not even seen to leave. */
  readonly last: Point | undefined;
  readonly missed: Point;
  /** Where an answer to it was seen first all the same: somebody on the way has made it in the destination's name. */
  readonly answered?: Point;
}

/** That the destination itself refuses, and why. */
export type Refusal =
  /** Nothing listens on the port; `open` are the TCP listeners that there are. */
  | { readonly kind: 'closed'; readonly open: readonly Listener[] }
  /** What listens on the port is to be reached from the destination itself alone. */
  | { readonly kind: 'loopback'; readonly open: readonly Listener[] }
  /** A rule there rejects it. */
  | { readonly kind: 'rule'; readonly hit: Omit<RuleHit, 'direction'> };

/** That the probe's source address was changed on its way. */
export interface Translated {
  readonly from: string;
  readonly to: string;
  /** The last point with the one, and the first with the other. */
  readonly before: Point;
  readonly at: Point;
}

/** How an unanswered probe to a host outside leaves the cluster, beside the node's own to the same port. */
export interface Exit {
  readonly place: PlaceFacts;
  /** The interface by which it left first: what that one is a part of, or has as its parts, sees it too. */
  readonly device: string;
  /** The address that the name stands for, say, is none of a pod or node. */
  readonly isForeign: boolean;
  /** With which address. */
  readonly source: string;
  /** That is still the target's own. */
  readonly isOwnAddress: boolean;
  /** How many of its packets left by that interface, of whichever of its connections. */
  readonly packets: number;
  readonly line: string;
  /** The node's own probe afterwards. */
  readonly control: Measured<Reach>;
  /** The packet of the node's own that was answered; `undefined`: none was seen. */
  readonly answered?: { readonly device: string; readonly source: string; readonly line: string };
}

/** One destination's way. */
export interface PathFacts {
  readonly destination: Destination;
  /** {@link PathRoute.isOutside} */
  readonly isOutside: boolean;
  readonly address: string;
  readonly port: number;
  readonly reach: Measured<Reach>;
  readonly reachResult: ProbeResult | undefined;
  /** In the order in which packets pass them; empty where the target itself was not watched. */
  readonly points: readonly Point[];
  /** The source address of the probe as it arrives at the place of the loss; `undefined`: it is not known. */
  readonly source: string | undefined;
  readonly allowed: Allowed | undefined;
  /** `undefined`: its source stays the same, as far as it was seen. */
  readonly translated: Translated | undefined;
  /** Where it went missing; `undefined`: it came through, or there is nothing to tell. */
  readonly loss: Loss | undefined;
  /** How it leaves the cluster for a host outside and is lost beyond; absent: it is not, or nobody can tell. */
  readonly exit?: Exit;
  /** A rule at the place of the loss whose counter moved and that fits the probe. */
  readonly hit: Omit<RuleHit, 'direction'> | undefined;
  /** A rule, or a policy, at the place of the loss that stops the probe and counts nothing; looked for where there is no hit. */
  readonly suspect: FilterRule | undefined;
  /** `undefined`: it does not refuse, or there was nobody to see why. */
  readonly refusal: Refusal | undefined;
  /** What the kernel says of the loss: the drop of the packet that is missed, where it is missed. */
  readonly drop: SeenDrop | undefined;
  /** The other drops of its flow. */
  readonly drops: readonly SeenDrop[];
}

/** The end of one way. */
export interface EndFacts {
  readonly destination: Destination;
  readonly port: number;
  readonly place: PlaceFacts;
  /** Connections to it are lost, for which there is another finding. */
  readonly isLost: boolean;
  /** Of datagrams, what kernels dropped of them. */
  readonly drops: readonly SeenDrop[];
}

export interface PathsFacts {
  readonly places: readonly PlaceFacts[];
  /** Of TCP. */
  readonly paths: readonly PathFacts[];
  readonly ends: readonly EndFacts[];
  readonly watchers: readonly WatcherFacts[];
}
