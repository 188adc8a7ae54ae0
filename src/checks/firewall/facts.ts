/** What the firewall check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { Detour, FilterRule } from '../../parsers/filter-rules.ts';
import type { Neighbour, NeighbourTable } from '../../parsers/ip-neigh.ts';
import type { Privileges } from '../../parsers/proc-status.ts';
import type { NextHop, Reach } from '../../parsers/reach.ts';
import type { TcpSocket } from '../../parsers/ss.ts';
import type { Unreachable } from '../../parsers/unreachable.ts';
import type { CounterSnapshots } from '../counters.ts';
import type { Measured } from '../measured.ts';
import type { Cause } from './cause.ts';
import type { Grown } from './grown-rules.ts';
import type { LoopbackFacts } from './loopback.ts';
import type { NetworkPolicy, PolicyPod, PolicyVerdict } from './network-policy.ts';
import type { ProxyVariables } from './proxy-variables.ts';

/** What the check is told before it runs; plain JSON. */
export interface FirewallInput {
  readonly destinations: readonly Destination[];
  readonly policies: PolicyInput;
  /** Of the containers of the target that have any. */
  readonly proxies?: readonly ProxyVariables[];
  /** The target is a container or pod with a network of its own: its localhost is not its host. */
  readonly isIsolated?: boolean;
}

/** The NetworkPolicies that may matter, as the API has them. */
export interface PolicyInput {
  readonly policies: readonly NetworkPolicy[];
  /** The target itself. */
  readonly self: PolicyPod;
  /** By the id of a destination: the pods that may answer there (behind a Service several), with their ports. */
  readonly pods: Readonly<Record<string, readonly PolicyBackend[]>>;
  /** Ids of destinations that lead to pods, or may do so, of which nothing is known where `pods` names none. */
  readonly services: readonly string[];
  /** Parts that could not be read, and why. */
  readonly unread: readonly { readonly what: string; readonly reason: string }[];
}

/** A pod that answers for a destination. */
export interface PolicyBackend {
  readonly address: string;
  readonly port: number;
  readonly pod: PolicyPod;
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
  readonly unheard: string | undefined;
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
  readonly detour: Grown<Detour> | undefined;
  readonly policy: PolicyAnswer;
  readonly results: { readonly reach: ProbeResult | undefined };
}

/** The verdict of the policies, over all pods that may answer. */
export interface PolicyAnswer {
  readonly verdict: PolicyVerdict['verdict'];
  readonly backends: readonly {
    readonly backend: PolicyBackend | undefined;
    readonly verdict: PolicyVerdict;
  }[];
}

/** A counter that grew. */
export interface RuleHit {
  readonly rule: FilterRule;
  readonly packets: number;
  /** `output`: it stopped what was sent. `input`: it stopped the answer. */
  readonly direction: 'output' | 'input' | 'unknown';
  readonly result: ProbeResult | undefined;
}

/** Everything of one run. */
export interface FirewallFacts {
  readonly privileges: Privileges | undefined;
  readonly paths: readonly PathFacts[];
  readonly counters: CounterSnapshots;
  /** Of IPv6; empty in bundles of older versions. */
  readonly counters6: CounterSnapshots;
  /** Whether ICMP errors could be listened for. */
  readonly capture: Measured<readonly Unreachable[]>;
  readonly captureResult: ProbeResult | undefined;
  readonly socketsResult: ProbeResult | undefined;
  readonly neighboursResult: ProbeResult | undefined;
  readonly table: {
    readonly before: NeighbourTable | undefined;
    readonly after: NeighbourTable | undefined;
    readonly result: ProbeResult | undefined;
  };
  readonly rules: Measured<RuleBooks>;
  /** Connection tracking: how many packets it called invalid in the run. */
  readonly invalid: number | undefined;
  readonly conntrackResult: ProbeResult | undefined;
  readonly policies: PolicyInput;
  readonly proxies: readonly ProxyVariables[];
  readonly loopbacks: readonly LoopbackFacts[];
  readonly isIsolated: boolean;
}

/** What filters of the target's own network were read. */
export interface RuleBooks {
  /** Rules of any verdict by kind: whether both kinds of iptables are in use. */
  readonly totals: { readonly nft: number; readonly iptablesNft: number; readonly legacy: number };
  readonly quotes: { readonly nft: ProbeResult | undefined; readonly legacy: ProbeResult | undefined };
}
