import type { TextFlag } from '../flag.ts';
import { withoutUndefined } from '../flags/connection.ts';
import { latencyThresholds } from '../flags/thresholds.ts';
import { checkCommand, to } from './check-command.ts';

const count = {
  name: 'count',
  kind: 'text',
  value: 'N',
  default: '50',
  describe: 'Probes to each destination, up to 5000',
} as const satisfies TextFlag;
/** Of a command's output 1 MiB is kept (runner.sh); a probe that fails takes up to 200 bytes of it. */
const MOST_PROBES = 5000;
const interval = {
  name: 'interval',
  kind: 'text',
  value: 'DURATION',
  default: '100ms',
  describe: 'Time between two probes to one destination',
} as const satisfies TextFlag;
const baseline: TextFlag = {
  name: 'baseline',
  kind: 'text',
  value: 'DURATION',
  describe: 'RTT to compare with; default: the lowest one seen',
};

export const latency = checkCommand({
  name: 'latency',
  summary: 'Measure round-trip times, loss and retransmits from a target',
  details: `Measures to the default gateway, the cluster's DNS server, the API server and every DEST, by ICMP where the
container may and by TCP connect always, and judges what the kernel counted meanwhile.`,
  synopsis: 'TARGET [--to DEST…]',
  examples: [
    { comment: 'From the pod web-0 to what every pod depends on', line: 'latency web-0' },
    {
      comment: 'From a pod of a Deployment to a Service and to a host',
      line: 'latency deploy/web --to svc/db:5432,example.com:443',
    },
    {
      comment: 'For a script: JSON, and exit code 1 from a warning on',
      line: 'latency -l app=web -o json --fail-on warning',
    },
  ],
  flags: [to, count, interval, baseline, ...latencyThresholds],
  ownArgs: (values) => ({
    latency: withoutUndefined({
      count: values.number(count, { least: 1, most: MOST_PROBES, whole: true }),
      intervalMs: values.duration(interval),
      // Everything is infinitely above nothing. A microsecond is less than any RTT.
      baselineMs: values.optionalDuration(baseline, 0.001),
    }),
  }),
  load: async () => (await import('../../commands/check.ts')).latency,
});
