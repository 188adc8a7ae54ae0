/** What the latency check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import type { CutAnswer, HttpTiming } from '../../parsers/curl.ts';
import type { PingSeries } from '../../parsers/ping.ts';
import type { Privileges } from '../../parsers/proc-status.ts';
import type { TcpSocket } from '../../parsers/ss.ts';
import type { Qdisc } from '../../parsers/tc.ts';
import type { ConnectSeries } from '../../parsers/tcp-connect.ts';
import type { CounterSnapshots } from '../shared/counters.ts';
import type { Measured } from '../shared/measured.ts';
import type { Distribution } from '../shared/statistics.ts';

/** One destination's measurements. */
export interface PathFacts {
  readonly destination: Destination;
  /** As it was resolved on the target. */
  readonly address: string | undefined;
  /** The TCP port, filled in on the target where it is a placeholder. */
  readonly port: string;
  /** The next hop that leads there; absent: it is on the link, or it was not asked. */
  readonly gateway?: string;
  readonly icmp: Measured<PingSeries>;
  readonly tcp: Measured<ConnectSeries>;
  readonly http: Measured<HttpTiming> | undefined;
  /** How the far side ended a connection on which it had not sent a byte; absent: it did not. */
  readonly brokenOff?: 'closed' | 'reset';
  /** How an answer ended that had begun and did not come to its end; absent: it did, or there was none. */
  readonly cutAnswer?: CutAnswer;
  /** Why it is not known whether an answer that had begun came to its end. */
  readonly unended?: Reason;
  /** RTTs of what was answered: echo requests, and TCP handshakes (refusals too). */
  readonly rtts: { readonly icmp: Distribution | undefined; readonly tcp: Distribution | undefined };
  readonly results: {
    readonly icmp: ProbeResult | undefined;
    readonly tcp: ProbeResult | undefined;
    readonly http: ProbeResult | undefined;
  };
}

/** The times of what was answered, in order, in ms. */
export function answeredMs({
  icmp,
  tcp,
}: Pick<PathFacts, 'icmp' | 'tcp'>): Record<'icmp' | 'tcp', readonly number[]> {
  const tries = tcp.value?.tries ?? [];
  return {
    icmp: icmp.value?.rtts ?? [],
    tcp: tries.filter((t) => t.outcome === 'connected' || t.outcome === 'refused').map((t) => t.ms),
  };
}

/** The RTT that the rules judge: by ICMP where it was answered, which leaves the far side's load out, else by TCP. */
export function judgedRtt(
  path: PathFacts,
): { readonly by: 'icmp' | 'tcp'; readonly distribution: Distribution } | undefined {
  const { icmp, tcp } = path.rtts;
  if (icmp) return { by: 'icmp', distribution: icmp };
  return tcp ? { by: 'tcp', distribution: tcp } : undefined;
}

/** Everything that was measured in one run. */
export interface LatencyFacts {
  readonly privileges: Privileges | undefined;
  readonly paths: readonly PathFacts[];
  readonly counters: CounterSnapshots;
  /** Sockets of the whole namespace, the application's own included; sampled while the probes ran. */
  readonly sockets: Measured<readonly TcpSocket[]> & { readonly result: ProbeResult | undefined };
  readonly qdiscs: {
    readonly value: readonly Qdisc[] | undefined;
    readonly result: ProbeResult | undefined;
  };
  /**
   * How much of the run, or of the ten seconds before its end, some task of the node waited for a CPU: 0 to 1;
   * `undefined` where the kernel does not tell.
   */
  readonly cpuPressure: {
    readonly value: number | undefined;
    readonly quotes: readonly ProbeResult[];
  };
  readonly thresholds: LatencyThresholds;
}

/** Limits of the rules; each can be set by a flag. Times in milliseconds, shares as fractions. */
export interface LatencyThresholds {
  readonly rttFactor: number;
  /** Below it a high factor is noise: scheduling on a busy node alone costs milliseconds. */
  readonly rttFloorMs: number;
  readonly lossWarning: number;
  readonly lossCritical: number;
  readonly retransmitWarning: number;
  readonly retransmitCritical: number;
  readonly bufferbloatFactor: number;
  readonly slowServerMs: number;
  /** Given by the user; else the lowest RTT seen. */
  readonly baselineMs?: number;
}

/** What the check gets before it runs; plain JSON. */
export interface LatencyInput {
  readonly destinations: readonly Destination[];
  /** Probes to each destination. */
  readonly count: number;
  readonly intervalMs: number;
  /** Connections that are enough where echo requests are answered too, in the same time; absent: as many as `count`. */
  readonly enoughConnects?: number;
  readonly thresholds: LatencyThresholds;
}
