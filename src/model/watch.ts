/** What was seen of destinations over a time: the contract of `watch -o json` (docs/watch.md). */
import type { ClusterChoice } from './cluster-choice.ts';
import type { Finding, TargetInfo, Verdict } from './report.ts';

/** How a destination is asked: a TCP connection, a query to a DNS server or an NTP one, an echo request. */
export type WatchProbe = 'tcp' | 'dns' | 'ntp' | 'icmp';

/** What is asked again and again; plain JSON. */
export interface WatchGoal {
  /** What the user calls it: `svc/db:5432`, `svc/db:5432 → db-0`, `example.com:443`. Raw. */
  readonly destination: string;
  /** An address, or a name that is looked up anew for each probe. */
  readonly host: string;
  /** Absent: echo requests. */
  readonly port?: number;
  readonly probe: WatchProbe;
  /** The Service that it is the virtual address or an endpoint of, as the user calls it. */
  readonly service?: string;
}

/** Quantiles of round trips in milliseconds, by nearest rank in a histogram whose buckets are 5 % wide. */
export interface WatchRtt {
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** One step of the series. A step in which nothing was sent, as the far side was away, has `sent` 0 and no times. */
export interface WatchStep {
  readonly sent: number;
  readonly missed: number;
  /** Round trips in milliseconds; absent where nothing was answered. */
  readonly min?: number;
  readonly median?: number;
  readonly max?: number;
}

/** One destination over the whole time. */
export interface WatchedDestination extends WatchGoal {
  /** Probes that came to their end: answered or missed. */
  readonly sent: number;
  /** Those of them that were not answered in time, or by an error. */
  readonly missed: number;
  /** Probes that were due and are not among those that were sent: the far side had no processor. Absent: none. */
  readonly unsent?: number;
  /** Absent: nothing was answered. */
  readonly rtt?: WatchRtt;
  /** Cumulative: how many round trips took at most `le` ms. Sorted; only buckets that are not empty, the last is all. */
  readonly histogram: readonly { readonly le: number; readonly count: number }[];
  /** Sum of all round trips in milliseconds. */
  readonly rttSum: number;
  /** Steps of {@link Watch.stepMs} each, from {@link Watch.startedAt} on; at most 600. */
  readonly series: readonly WatchStep[];
  /** Why it could not be measured at all; a sentence without its end. */
  readonly unmeasured?: string;
  /** When its name was only answered by another server than the first; absent: never. At most 100. */
  readonly slowNames?: readonly SlowNames[];
}

/** Why a probe was missed. `silent`: nothing came within the limit. `other`: an errno that has no word of its own. */
export type MissReason =
  | 'silent'
  | 'refused'
  | 'unreachable'
  | 'prohibited'
  | 'reset'
  | 'no-route'
  | 'not-permitted'
  | 'no-port'
  | 'no-name'
  | 'dns-silent'
  | 'dns-failed'
  | 'other';

/** What the far side saw at the moment of a miss, before anybody could mend it. Text is raw. */
export interface MissEvidence {
  readonly reason: MissReason;
  /** As the C library words it; empty where there was none. */
  readonly error: string;
  /** The address that was tried; empty where the name had none. */
  readonly address: string;
  /** SYNs or datagrams of this probe that were sent; 0: none left the socket. */
  readonly tries: number;
  /** An ICMP error that answered: who sent it, its type and code. */
  readonly icmp?: { readonly sender: string; readonly type: number; readonly code: number };
  /** The way that the kernel would take. `error`: that it has none, in its own words. */
  readonly route?: {
    readonly device?: string;
    readonly gateway?: string;
    readonly source?: string;
    readonly error?: string;
    /** What kind of route refuses: blackhole, unreachable, prohibit. */
    readonly type?: string;
  };
  /** The next hop's entry: REACHABLE, STALE, FAILED, …; `none`: there is none. */
  readonly neighbour?: { readonly address: string; readonly state: string; readonly mac?: string };
  /** Whether the device of the route is up and has a carrier. */
  readonly link?: { readonly up: boolean; readonly carrier: boolean };
  /** What the question to a name server came to. */
  readonly dns?: {
    readonly server: string;
    readonly name: string;
    /** NOERROR, SERVFAIL, …; `silent` where nothing came; else an error in words. */
    readonly answer: string;
    /** What the first server of resolv.conf came to, where this is another one. */
    readonly before?: { readonly server: string; readonly answer: string };
  };
  /** Counters of the kernel that rose since the last tally, and by how much: `TcpExtTCPTimeouts`. */
  readonly counters: Readonly<Record<string, number>>;
  /** Of the connection table; absent: it is not to be seen. */
  readonly conntrack?: { readonly count: number; readonly max: number };
  /**
   * Packets of the probe that passed the device, as a packet socket sees them: `out` behind the target's own filter.
   * Absent: the far side may not listen (no NET_RAW).
   */
  readonly seen?: {
    readonly out: number;
    readonly in: number;
    readonly arp: number;
    /**
     * The last answered probe was seen leaving. Without it `out` 0 is no proof: a node translates the address of a Service
     * on the way out, and what leaves has another one.
     */
    readonly before?: true;
  };
}

/** The first name server of resolv.conf failed, and another one answered. Text is raw. */
export interface NameFallback {
  readonly server: string;
  /** As {@link MissEvidence.dns} has it. */
  readonly answer: string;
  /** The server that answered. */
  readonly by: string;
}

/** A row of look-ups that another server had to answer: names resolve, and slowly where the first one is silent. */
export interface SlowNames extends NameFallback {
  /** RFC 3339, UTC. */
  readonly from: string;
  /** RFC 3339, UTC: when the first server answered again; absent: it lasted to the end. */
  readonly to?: string;
  /** How many look-ups that were; absent: it lasts, or was not told. */
  readonly count?: number;
  /** What that means. */
  readonly findings: readonly Finding[];
}

/** A time of which nothing is known, from the last that was told before it to the first after it. */
export interface WatchGap {
  /** RFC 3339, UTC. */
  readonly from: string;
  /** RFC 3339, UTC. */
  readonly to: string;
  /**
   * `restarted`: the far side was gone, and was started anew. `overwritten`: nobody read what it had to tell for so long that it
   * had to forget some. `lost`: it was lost for good.
   */
  readonly reason: 'restarted' | 'overwritten' | 'lost';
}

/** What a diagnosis said that was made at once, as the client could. */
export interface WatchDiagnosis {
  /** RFC 3339, UTC: when it began. */
  readonly at: string;
  readonly verdict: Verdict;
  /** Those of the destination and of the target as a whole, the first first. */
  readonly findings: readonly Finding[];
  /** Whether the outage had ended before it had: what it did not find may have been there. */
  readonly late: boolean;
  /** The bundle, relative to the folder; absent: not saved. */
  readonly bundle?: string;
  /** Why there is none; a sentence without its end. Then there are no findings. */
  readonly failed?: string;
}

/** A row of missed probes to one destination, from the first to the last. */
export interface Outage {
  /** From 1, in the order in which they began. */
  readonly number: number;
  readonly destination: string;
  /** RFC 3339, UTC: when the first probe that was missed was sent. */
  readonly from: string;
  /** RFC 3339, UTC: when the last answered one before it was; absent: none was answered before. */
  readonly lastAnswer?: string;
  /** RFC 3339, UTC: when the first answered one after it was sent; absent: it lasted to the end. */
  readonly to?: string;
  /** From `from` to `to`, or to the end. */
  readonly durationMs: number;
  readonly missed: number;
  /** To how many of them an answer was seen, but after the limit; absent: to none, or it lasts. */
  readonly late?: number;
  /** Of the first miss. */
  readonly evidence: MissEvidence;
  /** What that evidence means, the first first. */
  readonly findings: readonly Finding[];
  readonly diagnosis?: WatchDiagnosis;
  /** RFC 3339, UTC: when the API said, while it lasted, that the Service has no ready endpoint; absent: it did not. */
  readonly noEndpointsAt?: string;
  /** The file with the packets before and in it, relative to the folder of `--save`; absent: there is none. */
  readonly pcap?: string;
  /** How many packets that file has. */
  readonly packets?: number;
}

/** What came while it was watched, beside the probes. */
export interface WatchEvent {
  /** RFC 3339, UTC. */
  readonly at: string;
  /**
   * `slow`: another name server had to answer. `cluster`: an object changed near an outage. `connection`: the client lost the far side, or found it again. `lost`: the
   * far side had to forget something while the client was away. `end`: the far side ended.
   */
  readonly type: 'miss' | 'recovery' | 'slow' | 'cluster' | 'connection' | 'lost' | 'diagnosis' | 'end';
  readonly destination?: string;
  /** One line. Raw. */
  readonly text: string;
  /** The number of the outage that it belongs to. */
  readonly outage?: number;
}

/** One watch from its beginning to its end. */
export interface Watch {
  readonly apiVersion: 'nettools/v1';
  readonly kind: 'Watch';
  readonly tool: { readonly version: string };
  readonly target: TargetInfo;
  /** How the user chose the cluster, for the commands in remedies; absent outside of clusters. Nothing secret. */
  readonly connection?: ClusterChoice;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly intervalMs: number;
  /** `over`: its time was up. `asked`: the user ended it. `lost`: the far side was lost, and nothing is known from then on. */
  readonly ended: 'over' | 'asked' | 'lost';
  /** Length of a step of the series. */
  readonly stepMs: number;
  /** `fail`: there was an outage. `unknown`: something was not measured, and nothing that was is wrong. */
  readonly verdict: Verdict;
  readonly destinations: readonly WatchedDestination[];
  readonly outages: readonly Outage[];
  /** Times that were not measured, the earliest first: no pass covers them. At most 100; the last one reaches to the end of more. */
  readonly gaps: readonly WatchGap[];
  /** The earliest first; at most 1000, of which `lost` says how many more there were. */
  readonly events: readonly WatchEvent[];
  /** Where bundles and packets are; absent: nothing was saved. */
  readonly folder?: string;
}

/** What the far side reports, as its lines are read. Times are milliseconds since 1970 by the far side's clock, set to the client's. */
export type FarEvent =
  | { readonly kind: 'begun'; readonly at: number; readonly hears: boolean }
  /** Probes that ended since the last one. `rtts`: of the answered ones, in milliseconds. */
  | {
      readonly kind: 'tally';
      readonly goal: number;
      readonly at: number;
      readonly sent: number;
      readonly missed: number;
      readonly rtts: readonly number[];
      readonly unsent: number;
    }
  /** The first miss of a row. `at`: when the probe was sent. */
  | {
      readonly kind: 'miss';
      readonly goal: number;
      readonly at: number;
      readonly lastAnswer?: number;
      readonly evidence: MissEvidence;
    }
  /** The first answer after a row of misses. `at`: when the probe was sent. `late`: answers that came after the limit. */
  | {
      readonly kind: 'recovery';
      readonly goal: number;
      readonly at: number;
      readonly missed: number;
      readonly late: number;
    }
  /** The first look-up of a row that another name server answered. */
  | ({ readonly kind: 'fallback'; readonly goal: number; readonly at: number } & NameFallback)
  /** The first server answers again, after so many. */
  | { readonly kind: 'fallback-end'; readonly goal: number; readonly at: number; readonly count: number }
  /** The packets before and in outages of these goals, as a pcap file. */
  | {
      readonly kind: 'packets';
      readonly goals: readonly number[];
      readonly at: number;
      readonly packets: number;
      readonly pcap: Uint8Array;
    }
  /** So many bytes of what it had to tell were overwritten, as nobody read them. */
  | { readonly kind: 'lost'; readonly at: number; readonly bytes: number }
  | { readonly kind: 'end'; readonly at: number; readonly reason: 'over' | 'away' | 'asked' };
