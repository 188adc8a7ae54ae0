/** What the firewall check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */

import type { ContainerPort } from '../../model/container-port.ts';
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { HostPort } from '../../model/host-port.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { PodRange } from '../../model/pod-range.ts';
import type { Published } from '../../model/published.ts';
import type { Reason } from '../../model/reason.ts';
import type { StrayPod } from '../../model/stray-pod.ts';
import type { FilterRule } from '../../parsers/filter-rules.ts';
import type { Interface } from '../../parsers/ip-addr.ts';
import type { Neighbour, NeighbourTable, NeighbourTables } from '../../parsers/ip-neigh.ts';
import type { Route } from '../../parsers/ip-route.ts';
import type { NodePortRules } from '../../parsers/node-port-rules.ts';
import type { Privileges } from '../../parsers/proc-status.ts';
import type { NextHop, Reach } from '../../parsers/reach.ts';
import type { TcpSocket } from '../../parsers/ss.ts';
import type { Unreachable } from '../../parsers/unreachable.ts';
import type { CounterSnapshots } from '../shared/counters.ts';
import type { Measured } from '../shared/measured.ts';
import type { PolicyVerdict } from '../shared/network-policy.ts';
import type { PolicyBackend, PolicyInput } from '../shared/policy-input.ts';
import type { RuleBook } from '../shared/rule-books.ts';
import type { Led, RuleBooks, RuleHit } from '../shared/rule-hits.ts';
import type { StrayAnswers } from '../shared/stray-answers.ts';
import type { Cause } from './cause.ts';
import type { GreetingFacts, SpeaksFirst } from './greetings.ts';
import type { LoopbackFacts } from './loopback.ts';
import type { MarkedWay } from './marked-way.ts';
import type { OtherWaysFacts, Uplinks } from './other-ways.ts';
import type { ProxyVariables } from './proxy-variables.ts';
import type { UnboundPair } from './unbound-pair.ts';

/** What the check gets before it runs; plain JSON. */
export interface FirewallInput {
  readonly destinations: readonly Destination[];
  readonly policies: PolicyInput;
  /** Of the containers of the target that have any. */
  readonly proxies?: readonly ProxyVariables[];
  /** By the id of a destination: the Service that it is a way into from outside of the cluster. */
  readonly published?: Readonly<Record<string, Published>>;
  /** By the id of a destination: the pod that has this port of its node for itself. */
  readonly hostPorts?: Readonly<Record<string, HostPort>>;
  /** By the id of a destination that is an address and no pod's: the range of a node's pods in which it lies. */
  readonly podRanges?: Readonly<Record<string, PodRange>>;
  /** By the id of a destination that is a pod: its address lies in none of its node's ranges. */
  readonly strays?: Readonly<Record<string, StrayPod>>;
  /** By the id of a destination that is this machine: containers on it that have the port for themselves. */
  readonly containers?: Readonly<Record<string, readonly ContainerPort[]>>;
  /** The container of the pod that is the proxy of a service mesh, which rules of its network should lead to. */
  readonly sidecar?: string;
  /** By the id of a destination: its server speaks before its client does. */
  readonly greets?: Readonly<Record<string, SpeaksFirst>>;
  /** Where the target may have several interfaces. */
  readonly uplinks?: Uplinks;
  /** The target is a pod that sends through its node, and nobody looks there. */
  readonly isNodeUnseen?: true;
  /** The target is a container or pod with a network of its own: its localhost is not its host. */
  readonly isIsolated?: boolean;
  /** The target is a namespace of this machine, which is its router. */
  readonly isBeside?: boolean;
  /** The target is this machine, or a namespace of it. */
  readonly isOnThisMachine?: true;
}

/** One destination: what was seen, and what the policies say. */
export interface PathFacts {
  readonly destination: Destination;
  readonly reach: Measured<Reach>;
  readonly address: string;
  readonly port: number;
  readonly hop: NextHop | undefined;
  /** Of the next hop, after the probes. */
  readonly neighbour: Neighbour | undefined;
  /** Errors about this destination's address. */
  readonly icmp: readonly Unreachable[];
  /** Why not all errors could be heard. */
  readonly unheard: Reason | undefined;
  /** The probe's own socket, while it waits for an answer. */
  readonly socket: TcpSocket | undefined;
  /** Routes that forbid it. */
  readonly forbidding: readonly string[];
  readonly cause: Cause;
  /** Rules and chain policies whose counter grew and that may have met these packets; certain ones first. */
  readonly hits: readonly RuleHit[];
  /** Rules that could have done it and count nothing; of a refusal, those that reject for certain. */
  readonly suspects: readonly FilterRule[];
  /** The rule of the target that led the connection to a port of its own: who answered is not the destination. */
  readonly detour: Led | undefined;
  /** Where marks and routing rules of the target led it besides its plain route. */
  readonly marked: MarkedWay | undefined;
  readonly policy: PolicyAnswer;
  readonly published: Published | undefined;
  /** An endpoint answered the target straight. */
  readonly straight: StrayAnswers | undefined;
  /** The pod that has this port of its node for itself, and what became of a connection to the pod's own address. */
  readonly hostPort: (HostPort & HostPortTry) | undefined;
  /** In which it lies without being a pod's. */
  readonly podRange: PodRange | undefined;
  /** It is a pod in none of its node's ranges. */
  readonly stray?: StrayPod | undefined;
  /** Of this machine: containers that have the port, on which nothing here listens. */
  readonly containers: readonly ContainerPort[];
  /** How long its server takes for its first bytes; absent: it does not speak first. */
  readonly greeting: GreetingFacts | undefined;
  /** Whether it answers by another interface; absent: there is none, or it was not asked. */
  readonly otherWays: OtherWaysFacts | undefined;
  /** Over UDP, by a socket that takes answers from anybody: itself, and an endpoint behind it; absent: not asked. */
  readonly unbound: UnboundPair;
  /** The namespace of this machine that has its address; absent: none that is known. */
  readonly holder?: Holder;
  readonly results: { readonly reach: ProbeResult | undefined };
}

/** One connection to the pod behind a hostPort. */
interface HostPortTry {
  readonly reach: Measured<Reach>;
  readonly result: ProbeResult | undefined;
}

/** The verdict of the policies, over all pods that may answer. */
export interface PolicyAnswer {
  readonly verdict: PolicyVerdict['verdict'];
  readonly backends: readonly {
    readonly backend: PolicyBackend | undefined;
    readonly verdict: PolicyVerdict;
  }[];
  /** They would allow what the target asks for, the Service's own address or port, and see what it leads to. */
  readonly allows?: 'address' | 'port';
  /** Kinds of policies that could say otherwise. */
  readonly others?: readonly string[];
}

/** Another network namespace of this machine that has the address of a destination. */
export interface Holder {
  /** A file that stands for it. */
  readonly path: string;
  /** The interface that answers ARP there. */
  readonly device: string;
  readonly books: readonly RuleBook[];
}

/** The machine as a router of its namespaces. */
export interface Machine {
  readonly books: readonly RuleBook[];
  readonly interfaces: readonly Interface[];
  readonly routes: readonly Route[];
}

/** Everything of one run. */
export interface FirewallFacts {
  readonly privileges: Privileges | undefined;
  readonly paths: readonly PathFacts[];
  readonly counters: CounterSnapshots;
  /** Of IPv6. */
  readonly counters6: CounterSnapshots;
  /** Whether ICMP errors could be listened for. */
  readonly capture: Measured<readonly Unreachable[]>;
  readonly captureResult: ProbeResult | undefined;
  readonly socketsResult: ProbeResult | undefined;
  readonly neighboursResult: ProbeResult | undefined;
  readonly tables: {
    readonly before: NeighbourTables | undefined;
    readonly after: NeighbourTables | undefined;
    readonly result: ProbeResult | undefined;
  };
  readonly rules: Measured<RuleBooks>;
  /** Connection tracking: how many packets it called invalid in the run. */
  readonly invalid: number | undefined;
  readonly conntrackResult: ProbeResult | undefined;
  readonly policies: PolicyInput;
  readonly proxies: readonly ProxyVariables[];
  readonly sidecar: string | undefined;
  /** Rules may not be read, and this tells of a proxy that answers for others, in words. */
  readonly signOfProxy: string | undefined;
  /** Routers that said during the run that the time to live of a packet was over, whosever it was. */
  readonly expiredAt: readonly string[];
  /** Who said during the run that a header of a packet is wrong, whosever it was. */
  readonly objectors: readonly string[];
  readonly words: PlaceWords;
  /** What kube-proxy has written on the target, in nftables mode; absent: nothing that could be read. */
  readonly nodePorts?: { readonly rules: NodePortRules; readonly result: ProbeResult };
  readonly loopbacks: readonly LoopbackFacts[];
  readonly isIsolated: boolean;
  readonly isNodeUnseen: boolean;
  /** Who listens on the target, where a DEST is its loopback address. */
  readonly listenersResult: ProbeResult | undefined;
  /** Connections of the target ask for ECN (net.ipv4.tcp_ecn); absent: they do not, or it is not known. */
  readonly asksForEcn?: true;
  /** The machine that a namespace sends through; absent: nobody looked there, or it could not be read. */
  readonly machine?: Machine;
}

/** The neighbour table that an address would be in, before and after the run. */
export function tableOf(
  { tables }: Pick<FirewallFacts, 'tables'>,
  address: string,
): Record<'before' | 'after', NeighbourTable | undefined> {
  const protocol = address.includes(':') ? 'ndisc' : 'arp';
  return { before: tables.before?.[protocol], after: tables.after?.[protocol] };
}

/** How many entries could not be made in the run; `undefined`: not known. */
export function overflows({ before, after }: ReturnType<typeof tableOf>): number | undefined {
  return before && after && after.overflows - before.overflows;
}
