import type { SwitchFlag, TextFlag } from '../flag.ts';
import { withoutUndefined } from '../flags/connection.ts';
import { throughputThresholds } from '../flags/thresholds.ts';
import { usageError } from '../usage-error.ts';
import type { Values } from '../values.ts';
import { checkCommand, to } from './check-command.ts';

const duration = {
  name: 'duration',
  kind: 'text',
  value: 'DURATION',
  default: '5s',
  describe: 'How long to load the way to each DEST, up to 60s',
} as const satisfies TextFlag;
const expect: TextFlag = {
  name: 'expect',
  kind: 'text',
  value: 'RATE',
  describe:
    'Bits per second that the way should carry, such as 500M or 10G; default: what the interface tells',
};
const reverse: SwitchFlag = {
  name: 'reverse',
  kind: 'switch',
  describe: 'Measure from DEST to the target',
};

const LONGEST_MS = 60_000;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** `500M`, `10Gbit/s`, `1.5g`: decimal units, as links are sold. */
function rate(values: Values): number | undefined {
  const text = values.text(expect);
  if (text === undefined) return undefined;
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:bit|bps|b)?(?:\/s)?$/i.exec(text) ?? [];
  const bits = Number(amount) * (UNITS[unit.toLowerCase()] ?? 1);
  if (!(bits > 0)) throw usageError(`--expect must be a rate such as 500M or 10G, not "${text}"`);
  return bits;
}

function durationMs(values: Values): number {
  const ms = values.duration(duration, 1000);
  if (ms > LONGEST_MS) throw usageError('--duration must be at most 60s: the test loads the network');
  return ms;
}

export const throughput = checkCommand({
  name: 'throughput',
  summary: 'Measure what one TCP connection carries; loads the network for some seconds',
  details: `Sends as fast as it can to each DEST in turn, so whatever shares the way is slowed down meanwhile. With pod/NAME it
opens a session there too and runs an iperf3 server in it for the time of the test; any other DEST, and pod/NAME:PORT,
has to be an iperf3 server already.`,
  synopsis: 'TARGET --to DEST…',
  examples: [
    { comment: 'Between two pods', line: 'throughput web-0 --to pod/db-0' },
    {
      comment: 'From an iperf3 server to the target, over what should be a 10 Gbit/s way',
      line: 'throughput web-0 --to iperf.example.com:5201 --reverse --expect 10G',
    },
  ],
  flags: [to, duration, expect, reverse, ...throughputThresholds],
  needsDestination: true,
  ownArgs: (values) => ({
    throughput: withoutUndefined({
      durationMs: durationMs(values),
      expectBits: rate(values),
      reverse: values.isOn(reverse),
    }),
  }),
  load: async () => (await import('../../commands/check.ts')).throughput,
});
