/** `latency` on the command line. */
import type { TextFlag } from '../../model/flag.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import { defineAbout } from '../shared/about.ts';

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
const rest: TextFlag = {
  name: 'rest',
  kind: 'text',
  value: 'DURATION',
  describe: 'Leave one connection to each URL at rest for up to DURATION, and see whether the server ends it',
};

/** How the check probes. */
export interface LatencyOptions {
  /** Probes to each destination. */
  readonly count: number;
  readonly intervalMs: number;
  /** NT-LAT-001: the baseline; absent: the lowest RTT seen. */
  readonly baselineMs?: number;
  /** For how long a connection rests, whose end by the server is waited for; absent: none is left at rest. */
  readonly restMs?: number;
}

export default defineAbout({
  id: 'latency',
  diagnosis: { after: ['routing'] },
  thresholds: {
    rttFactor: {
      name: 'rtt-factor',
      describe: 'Report a high RTT when its p95 exceeds N times the baseline',
      default: '3',
      type: { least: 1, most: 1000, whole: false },
    },
    rttFloorMs: {
      name: 'rtt-floor',
      describe: 'Never report an RTT whose p95 is at or below this',
      default: '10ms',
      type: 'duration',
    },
    lossWarning: {
      name: 'loss-warning',
      describe: 'Warn when at least this share of probes is lost',
      default: '1',
      type: 'share',
    },
    lossCritical: {
      name: 'loss-critical',
      describe: 'Report critical loss when at least this share of probes is lost',
      default: '5',
      type: 'share',
    },
    retransmitWarning: {
      name: 'retransmit-warning',
      describe: 'Warn when more than this share of data segments is sent again',
      default: '1',
      type: 'share',
    },
    retransmitCritical: {
      name: 'retransmit-critical',
      describe: 'Report critical retransmits above this share of data segments',
      default: '5',
      type: 'share',
    },
    bufferbloatFactor: {
      name: 'bufferbloat-factor',
      describe: "Report a queue when a connection's RTT is at least N times its minimum",
      default: '5',
      type: { least: 1, most: 1000, whole: false },
    },
    slowServerMs: {
      name: 'slow-server',
      describe: 'Report a slow server when the first byte of its answer takes at least this long',
      default: '1s',
      type: 'duration',
    },
  },
  command: {
    place: 80,
    summary: 'Measure round-trip times, loss and retransmits from a target',
    details: `Probes the default gateway, the cluster's DNS server, the API server and every DEST, by TCP connect and, where the
container is allowed to, by ICMP. Also judges what the kernel counted meanwhile.`,
    synopsis: 'TARGET [--to DEST…]',
    examples: [
      { comment: 'From the pod web-0 to what every pod depends on', line: 'latency web-0' },
      {
        comment: 'From a pod of a Deployment to a Service and to a host',
        line: 'latency deploy/web --to svc/db:5432,example.com:443',
      },
      {
        comment: 'Whether a server ends connections that rest for a minute',
        line: 'latency web-0 --to http://api:8080/ --rest 60s',
      },
      {
        comment: 'For a script: JSON, and exit code 1 for warnings too',
        line: 'latency -l app=web -o json --fail-on warning',
      },
    ],
    destinations: 'may',
    flags: [count, interval, baseline, rest],
    options: (values): LatencyOptions =>
      withoutUndefined({
        count: values.number(count, { least: 1, most: MOST_PROBES, whole: true }),
        intervalMs: values.duration(interval),
        // Everything is infinitely above nothing. A microsecond is less than any RTT.
        baselineMs: values.optionalDuration(baseline, 0.001),
        restMs: values.optionalDuration(rest, 1000),
      }),
    measuringMs: ({ count: probes, intervalMs, restMs = 0 }) => Math.max(probes * intervalMs, restMs),
  },
});
