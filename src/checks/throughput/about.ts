/** `throughput` on the command line. */
import type { SwitchFlag, TextFlag } from '../../model/flag.ts';
import type { FlagValues } from '../../model/flag-values.ts';
import { parseRate } from '../../model/rate.ts';
import { usageError } from '../../model/usage-error.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import { defineAbout } from '../shared/about.ts';

const duration = {
  name: 'duration',
  kind: 'text',
  value: 'DURATION',
  default: '5s',
  describe: 'How long to load the path to each DEST, up to 60s',
} as const satisfies TextFlag;
const expect: TextFlag = {
  name: 'expect',
  kind: 'text',
  value: 'RATE',
  describe:
    'Bits per second that the path should carry, such as 500M or 10G; default: what the interface says',
};
const reverse: SwitchFlag = {
  name: 'reverse',
  kind: 'switch',
  describe: 'Measure from DEST to the target',
};

const LONGEST_MS = 60_000;

function rate(values: FlagValues): number | undefined {
  const text = values.text(expect);
  if (text === undefined) return undefined;
  const bits = parseRate(text);
  if (bits === undefined) throw usageError(`--expect must be a rate such as 500M or 10G, not "${text}"`);
  return bits;
}

function durationMs(values: FlagValues): number {
  const ms = values.duration(duration, 1000);
  if (ms > LONGEST_MS) throw usageError('--duration must be at most 60s: the test loads the network');
  return ms;
}

/** How the check loads the network, and what it expects. */
export interface ThroughputOptions {
  readonly durationMs: number;
  /** NT-PERF-001: the rate that the link should have, in bits per second; absent: the interface's own. */
  readonly expectBits?: number;
  /** Also measure from DEST to the target. */
  readonly reverse: boolean;
}

export default defineAbout({
  id: 'throughput',
  thresholds: {
    throughputShare: {
      name: 'throughput-share',
      describe: 'Report low throughput below this share of the expected rate',
      default: '50',
      type: 'share',
      least: 1,
    },
  },
  command: {
    place: 120,
    summary: 'Measure what one TCP connection carries; loads the network for some seconds',
    details: `Sends as fast as it can to each DEST in turn, which slows down whatever shares the path. With pod/NAME it opens a
session there too and runs an iperf3 server in it during the test; any other DEST, and pod/NAME:PORT, must already be an
iperf3 server.`,
    synopsis: 'TARGET --to DEST…',
    examples: [
      { comment: 'Between two pods', line: 'throughput web-0 --to pod/db-0' },
      {
        comment: 'From an iperf3 server to the target, over what should be a 10 Gbit/s path',
        line: 'throughput web-0 --to iperf.example.com:5201 --reverse --expect 10G',
      },
    ],
    destinations: 'must',
    oneAtATime: true,
    flags: [duration, expect, reverse],
    options: (values): ThroughputOptions =>
      withoutUndefined({
        durationMs: durationMs(values),
        expectBits: rate(values),
        reverse: values.isOn(reverse),
      }),
    // One after the other: together they would share the way.
    measuringMs: (options, destinations) => options.durationMs * destinations,
  },
});
