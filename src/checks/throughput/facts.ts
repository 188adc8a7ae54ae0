/** What the throughput check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { IperfRun, LinkSpeed } from '../../parsers/iperf.ts';
import type { Measured } from '../shared/measured.ts';

/** What the check gets before it runs; plain JSON. */
export interface ThroughputInput {
  /** Each is an iperf3 server; they are loaded one after the other. */
  readonly destinations: readonly LoadedDestination[];
  readonly durationMs: number;
  /** From the destination to the target. */
  readonly reverse: boolean;
  /** NT-PERF-001: less than this share of the expected rate is too little. */
  readonly share: number;
  /** The rate that the way should have, in bits per second, and who says so. */
  readonly expected?: { readonly bitsPerSecond: number; readonly by: string };
}

/** An iperf3 server, or where one was to be started. */
export interface LoadedDestination extends Destination {
  /** Why there is none, in words that end a sentence. */
  readonly noServer?: string;
}

/** iperf3 exchanges results before and after the test itself. */
const GRACE_SECONDS = 5;
/** To open all places before the first test begins: as long as a cold image may take to be pulled. */
const OPENING_SECONDS = 300;

/** How long the test of one destination may take. */
export function slotSeconds({ durationMs }: ThroughputInput): number {
  return Math.ceil(durationMs / 1000) + GRACE_SECONDS;
}

/** How long a server may have to wait for its test, and serve it. */
export function longestSeconds(input: ThroughputInput): number {
  return OPENING_SECONDS + 2 * input.destinations.length * slotSeconds(input);
}

/** One destination's measurements. */
export interface ThroughputPath {
  readonly destination: LoadedDestination;
  readonly run: Measured<IperfRun>;
  readonly link: LinkSpeed | undefined;
  readonly results: { readonly run: ProbeResult | undefined; readonly link: ProbeResult | undefined };
}

export interface ThroughputFacts {
  readonly paths: readonly ThroughputPath[];
  readonly input: ThroughputInput;
}

/** What a path is measured against; `undefined`: nobody knows. */
export function expectedOf(path: ThroughputPath, input: ThroughputInput): ThroughputInput['expected'] {
  if (input.expected) return input.expected;
  const { link } = path;
  if (link?.bitsPerSecond === undefined) return undefined;
  return { bitsPerSecond: link.bitsPerSecond, by: `the speed of ${link.device}` };
}

/** A rate as people write it: `941 Mbit/s`, `23.4 Gbit/s`. */
export function formatRate(bitsPerSecond: number): string {
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'];
  let value = bitsPerSecond;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}
