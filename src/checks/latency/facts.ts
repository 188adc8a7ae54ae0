/** What the latency check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */
import type { ProbeResult } from '../../model/evidence.ts';
import type { Quote } from '../../model/report.ts';
import type { HttpTiming } from '../../parsers/curl.ts';
import type { PingSeries } from '../../parsers/ping.ts';
import type { Counters } from '../../parsers/proc-net.ts';
import type { Privileges } from '../../parsers/proc-status.ts';
import type { TcpSocket } from '../../parsers/ss.ts';
import type { Qdisc } from '../../parsers/tc.ts';
import type { ConnectSeries } from '../../parsers/tcp-connect.ts';
import type { Distribution } from '../statistics.ts';

/** Where to measure to. */
export interface Destination {
  /** Letters and digits: part of the ids of its commands. */
  readonly id: string;
  /** What the user calls it: `gateway`, `svc/web`, `example.com:443`. */
  readonly label: string;
  /** An address, a name, or a placeholder of the runner. */
  readonly host: string;
  /** The TCP port to connect to, or a placeholder. */
  readonly port: string;
  /** The port was not named by anybody: an answer of any kind is all that it is good for. */
  readonly anyPort: boolean;
  /** `asked`: by the user. The others are looked at always, and may have reasons not to answer. */
  readonly role: 'gateway' | 'dns' | 'apiserver' | 'asked';
  /** A part of the cluster's own network, where milliseconds are many. */
  readonly inCluster: boolean;
  /** The Service that this is the virtual address or an endpoint of, as the user calls it. */
  readonly service?: { readonly label: string; readonly part: 'virtual' | 'endpoint' };
  /** Also time this request. */
  readonly url?: string;
}

/** A way of measuring that gave something, or the reason why it did not. */
export type Measured<T> = { readonly value: T; readonly skipped?: undefined } | { readonly value?: undefined; readonly skipped: string };

/** One destination's measurements. */
export interface PathFacts {
  readonly destination: Destination;
  /** As it was resolved on the target. */
  readonly address: string | undefined;
  readonly icmp: Measured<PingSeries>;
  readonly tcp: Measured<ConnectSeries>;
  readonly http: Measured<HttpTiming> | undefined;
  /** RTTs of what was answered: echo requests, and TCP handshakes (refusals too). */
  readonly rtts: { readonly icmp: Distribution | undefined; readonly tcp: Distribution | undefined };
  readonly results: { readonly icmp: ProbeResult | undefined; readonly tcp: ProbeResult | undefined; readonly http: ProbeResult | undefined };
}

/** The RTT that the rules judge: by ICMP where it was answered, which leaves the far side's load out, else by TCP. */
export function judgedRtt(path: PathFacts): { readonly by: 'icmp' | 'tcp'; readonly distribution: Distribution } | undefined {
  const { icmp, tcp } = path.rtts;
  if (icmp) return { by: 'icmp', distribution: icmp };
  return tcp ? { by: 'tcp', distribution: tcp } : undefined;
}

/** Everything that was measured in one run. */
export interface LatencyFacts {
  readonly privileges: Privileges | undefined;
  readonly paths: readonly PathFacts[];
  readonly counters: { readonly before: Counters; readonly after: Counters; readonly quotes: readonly ProbeResult[] };
  /** Sockets of the whole namespace, the application's own included; sampled while the probes ran. */
  readonly sockets: { readonly value: readonly TcpSocket[]; readonly result: ProbeResult | undefined };
  readonly qdiscs: { readonly value: readonly Qdisc[]; readonly result: ProbeResult | undefined };
  readonly thresholds: LatencyThresholds;
}

/** Limits of the rules; each can be set by a flag. Times in milliseconds, shares as fractions. */
export interface LatencyThresholds {
  readonly rttFactor: number;
  /** Below it a high factor is noise: scheduling on a busy node alone costs milliseconds. */
  readonly rttFloorMs: number;
  /** Given by the user; else the lowest RTT seen. */
  readonly baselineMs?: number;
}

/** What the check is told before it runs; plain JSON. */
export interface LatencyInput {
  readonly destinations: readonly Destination[];
  /** Probes to each destination. */
  readonly count: number;
  readonly intervalMs: number;
  readonly thresholds: LatencyThresholds;
}

/** A quote of a result's lines that match; a result that says nothing is quoted by how it ended. */
export function quote(result: ProbeResult | undefined, pattern: RegExp, maxLines = 3): Quote[] {
  if (!result) return [];
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').filter((line) => pattern.test(line));
  const excerpt = lines.slice(-maxLines).join('\n') || `${result.status}, exit code ${result.code}`;
  return [{ command: result.command, excerpt: excerpt.slice(0, 600) }];
}

/** Milliseconds as people write them: `0.043 ms`, `12.3 ms`, `1.20 s`. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return ms >= 10 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(3)} ms`;
}
