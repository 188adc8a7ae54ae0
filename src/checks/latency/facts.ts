/** What the latency check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import type { CutAnswer, HttpTiming } from '../../parsers/curl.ts';
import type { PingSeries } from '../../parsers/ping.ts';
import type { Privileges } from '../../parsers/proc-status.ts';
import type { TcpSocket } from '../../parsers/ss.ts';
import type { Qdisc } from '../../parsers/tc.ts';
import type { ConnectSeries, ConnectTry } from '../../parsers/tcp-connect.ts';
import type { CounterSnapshots } from '../shared/counters.ts';
import type { LedOn } from '../shared/led-on.ts';
import type { Measured } from '../shared/measured.ts';
import type { SmallSegments } from '../shared/small-segments.ts';
import type { Distribution } from '../shared/statistics.ts';
import type { StrayAnswers } from '../shared/stray-answers.ts';
import type { LimitedContainer, LimitedFacts } from './cpu-limits.ts';
import type { MeshWay } from './mesh.ts';
import type { Http2Facts } from './plain-http2.ts';
import type { RestFacts } from './resting.ts';

/** A load balancer's address that kube-proxy leads straight to servers, which expect the load balancer's header. */
export interface ProxiedWay {
  /** `svc/ingress`. */
  readonly service: string;
  readonly namespace: string;
  readonly name: string;
  /** The annotation that says so, with its value. */
  readonly annotation: string;
}

/** Another port of the host that answered, and what became of connecting to it. */
export interface LedTo {
  readonly url: string;
  readonly address: string;
  readonly port: string;
  readonly outcome: ConnectTry['outcome'];
  readonly result: ProbeResult | undefined;
}

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
  /** The load balancer whose address it is, where it speaks the PROXY protocol to the servers behind it. */
  readonly proxied?: ProxiedWay;
  /** Who leads on connections to it may let endpoints answer the target straight. */
  readonly ledOn?: LedOn;
  /** They did, as was heard. */
  readonly straight?: StrayAnswers;
  /** The pod of a service mesh behind it, where the target is of none. */
  readonly mesh?: MeshWay;
  /** What came back is no answer of HTTP/1. */
  readonly isNoHttp?: true;
  /** How an answer ended that had begun and did not come to its end; absent: it did, or there was none. */
  readonly cutAnswer?: CutAnswer;
  /** Why it is not known whether an answer that had begun came to its end. */
  readonly unended?: Reason;
  /** What became of an answer that stalled in smaller segments; absent: none did, or it was not asked for again. */
  readonly small?: SmallSegments;
  /** How it answers to HTTP/2 without TLS; absent: it was not asked. */
  readonly http2?: Http2Facts;
  /** What became of a connection that was left at rest; absent: none was. */
  readonly rest?: RestFacts;
  /** The other port that the answer leads to, where that was tried. */
  readonly ledTo?: LedTo;
  /** RTTs of what was answered: echo requests, and TCP handshakes (refusals too). */
  readonly rtts: { readonly icmp: Distribution | undefined; readonly tcp: Distribution | undefined };
  readonly results: {
    readonly icmp: ProbeResult | undefined;
    readonly tcp: ProbeResult | undefined;
    readonly http: ProbeResult | undefined;
  };
}

/** curl's exit code (CURLE_OPERATION_TIMEDOUT) when --max-time is over. */
export const CURL_TIMED_OUT = 28;

/** What a transfer that goes on brings in its time at the least; less is one that hangs. */
export const LEAST_BYTES = 65_536;

/** A request whose answer did not come to its end in its time, nor to more than one that hangs. */
export function hasStalled({ http, results }: PathFacts): boolean {
  const timing = http?.value;
  return (
    timing !== undefined &&
    results.http?.code === CURL_TIMED_OUT &&
    (timing.shape?.bodyBytes ?? 0) < LEAST_BYTES
  );
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
  /** Connections ask for ECN: net.ipv4.tcp_ecn of the target, where it makes them; `undefined`: it does not, or is not known. */
  readonly asksForEcn: { readonly value: string; readonly result: ProbeResult } | undefined;
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
  /** Containers with a CPU limit at both ends of the ways. */
  readonly limited: readonly LimitedFacts[];
  readonly thresholds: LatencyThresholds;
  /** The counters are those of a whole machine, and of whatever its programs talk to. */
  readonly isHost: boolean;
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
  /** The target is a machine's own network. */
  readonly isHost?: boolean;
  /** By the id of the destination; absent: none is so, or it was not asked. */
  readonly proxied?: Readonly<Record<string, ProxiedWay>>;
  /** By the id of the destination; absent: none is so, or it was not asked. */
  readonly mesh?: Readonly<Record<string, MeshWay>>;
  /** By the id of the destination; absent: none is so, or it was not asked. */
  readonly led?: Readonly<Record<string, LedOn>>;
  /** By what it is known that gRPC is spoken to it without TLS, by the id of the destination; absent: it is not, or is not asked. */
  readonly http2?: Readonly<Record<string, string>>;
  /** For how long a connection is left at rest; absent: none is. */
  readonly restMs?: number;
  /** Who leads requests on to it (`Ingress shop/web`), by the id of the destination; absent: nobody does, or it was not asked. */
  readonly fronts?: Readonly<Record<string, string>>;
  /** Containers with a CPU limit at both ends; absent: none has one, or it was not asked. */
  readonly limited?: readonly LimitedContainer[];
}
