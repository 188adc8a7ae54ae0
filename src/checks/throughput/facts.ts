/** What the throughput check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { IperfRun, LinkSpeed } from '../../parsers/iperf.ts';
import type { Measured } from '../shared/measured.ts';

/** What the check is told before it runs; plain JSON. */
export interface ThroughputInput {
  /** Each is an iperf3 server; they are loaded one after the other. */
  readonly destinations: readonly Destination[];
  readonly durationMs: number;
  /** From the destination to the target. */
  readonly reverse: boolean;
  /** NT-PERF-001: less than this share of the expected rate is too little; absent in bundles of older versions. */
  readonly share?: number;
  /** The rate that the way should have, in bits per second, and who says so. */
  readonly expected?: { readonly bitsPerSecond: number; readonly by: string };
}

/** One destination's measurements. */
export interface ThroughputPath {
  readonly destination: Destination;
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
