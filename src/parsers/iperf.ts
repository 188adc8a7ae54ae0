/** Parses `iperf3 -J` and src/probes/link-speed.sh. Pure. */
import { parseJson } from './json.ts';

/** One test over one TCP connection. */
export interface IperfRun {
  /** What the receiver got, in bits per second. */
  readonly bitsPerSecond: number;
  readonly seconds: number;
  /** Segments that the sender sent again; `undefined` where its kernel does not tell. */
  readonly retransmits: number | undefined;
  /** The sender's mean round-trip time under load, in milliseconds. */
  readonly rttMs: number | undefined;
  /** Of one CPU of the target, in percent. */
  readonly cpuPercent: number | undefined;
}

/** A string: what iperf3 complains of. */
export function parseIperf(stdout: string): IperfRun | string {
  const root = parseJson(stdout);
  const error = at(root, 'error');
  if (typeof error === 'string') return error.replace(/^error - /, '');
  const end = at(root, 'end');
  const received = at(end, 'sum_received');
  const sender = at(at(at(end, 'streams'), '0'), 'sender');
  const bitsPerSecond = number(at(received, 'bits_per_second'));
  if (bitsPerSecond === undefined) return 'iperf3 gave no result';
  const rtt = number(at(sender, 'mean_rtt'));
  return {
    bitsPerSecond,
    seconds: number(at(received, 'seconds')) ?? 0,
    retransmits: number(at(at(end, 'sum_sent'), 'retransmits')),
    rttMs: rtt === undefined || rtt === 0 ? undefined : rtt / 1000,
    cpuPercent: number(at(at(end, 'cpu_utilization_percent'), 'host_total')),
  };
}

type Json = unknown;

function at(value: Json, key: string): Json {
  return typeof value === 'object' && value !== null ? (value as Record<string, Json>)[key] : undefined;
}

function number(value: Json): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The interface towards a destination. */
export interface LinkSpeed {
  readonly device: string;
  /** In bits per second; `undefined` where the interface is virtual or does not say. */
  readonly bitsPerSecond: number | undefined;
}

/** Output of src/probes/link-speed.sh. */
export function parseLinkSpeed(stdout: string): LinkSpeed | undefined {
  const device = /^device (\S+)$/m.exec(stdout)?.[1];
  if (device === undefined) return undefined;
  const megabits = Number(/^speed (\d+)$/m.exec(stdout)?.[1] ?? 0);
  const isReal = /^hardware yes$/m.test(stdout) && megabits > 0;
  return { device, bitsPerSecond: isReal ? megabits * 1_000_000 : undefined };
}
