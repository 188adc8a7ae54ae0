/** A report with something of everything that a renderer has to show. */
import type { CheckResult, Finding, Json, Report, Severity } from '../../../src/model/report.ts';
import { verdictOf } from '../../../src/model/report.ts';

export const finding = (id: string, severity: Severity, rest: Partial<Finding> = {}): Finding => ({
  id,
  severity,
  title: `Title of ${id}`,
  summary: `Summary of ${id}.`,
  evidence: [{ command: ['ping', '-c', '1', 'h'], excerpt: '1 packets transmitted, 0 received' }],
  remediation: `Mend ${id}.`,
  ...rest,
});

export const check = (id: string, rest: Partial<CheckResult> = {}): CheckResult => ({
  id,
  status: 'pass',
  summary: `${id} is fine.`,
  durationMs: 1000,
  measurements: {},
  findings: [],
  ...rest,
});

export function report(...checks: readonly CheckResult[]): Report {
  return {
    apiVersion: 'nettools/v1',
    kind: 'Report',
    tool: { version: '1.2.3' },
    target: { kind: 'pod', namespace: 'default', name: 'web-0', node: 'node1', address: '198.18.1.2' },
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 6543,
    verdict: verdictOf(checks),
    checks,
  };
}

const times = (min: number, max: number): Json => ({
  count: 50,
  min,
  median: min * 2,
  p95: max / 2,
  p99: max,
  max,
  jitter: 0.01,
});

/** Measurements of the latency check: answered, refused, filtered, not measured. */
export const LATENCY_MEASUREMENTS = {
  histogramMs: { from: 0.02, to: 480.5 },
  destinations: [
    {
      name: 'gateway',
      role: 'gateway',
      address: '198.18.1.1',
      icmp: {
        via: 'raw socket',
        sent: 50,
        lossPercent: 0,
        rttMs: times(0.02, 0.4),
        histogram: [40, 9, 1, 0],
      },
      tcp: {
        port: '9',
        tries: 50,
        connected: 0,
        refused: 50,
        unanswered: 0,
        failed: 0,
        connectMs: times(0.05, 0.9),
        histogram: [0, 50, 0, 0],
      },
    },
    {
      name: 'svc/web',
      role: 'asked',
      address: '198.19.0.7',
      icmp: { via: 'ping socket', sent: 50, lossPercent: 100, rttMs: null, histogram: [] },
      tcp: {
        port: '80',
        tries: 200,
        connected: 199,
        refused: 0,
        unanswered: 1,
        failed: 0,
        connectMs: times(12.34, 480.5),
        histogram: [0, 0, 100, 99],
      },
    },
    {
      name: 'example.com:443',
      role: 'asked',
      address: null,
      icmp: { skipped: 'the image has no ping' },
      tcp: { skipped: 'the name does not resolve on the target' },
    },
  ],
} satisfies CheckResult['measurements'];
