/** Pages of everything that there is to show. */
import { measuresOf, waysOf } from '../../../../src/checks/measures.ts';
import { CHECKS } from '../../../../src/checks/registry.ts';
import { tablesOf } from '../../../../src/checks/tables.ts';
import type { Check } from '../../../../src/model/check.ts';
import type { MatrixCell, MatrixPlace, MatrixReport } from '../../../../src/model/matrix.ts';
import type { CheckResult, Report } from '../../../../src/model/report.ts';
import type { ReportList } from '../../../../src/model/report-list.ts';
import { reportList } from '../../../../src/report/report-list.ts';
import { runRecording } from '../../../recordings/recordings.ts';
import { check, finding, report } from '../build.ts';
import { mixed } from '../hostile.ts';

export const views = { tablesOf, measuresOf, waysOf };

/** A run of latency that was recorded. */
export function recordedLatency(name: string): CheckResult {
  const { input, evidence } = runRecording(name);
  const { findings: _own, ...judged } = (CHECKS.latency as Check<unknown>).judge(evidence, input);
  return check('latency', { ...judged, findings: [] });
}

const point = (place: string, packet: 'probe' | 'answer', way: 'in' | 'out', packets: number | null) => ({
  place,
  role: 'source',
  packet,
  way,
  packets,
});

/** A probe that is lost between two nodes, one of which could not be watched; and one whose answer is. */
export const WAYS = {
  paths: [
    {
      name: 'svc/db:5432',
      connected: false,
      points: [
        point('pod/web-0', 'probe', 'out', 3),
        point('node/n1', 'probe', 'in', 3),
        point('node/n1', 'probe', 'out', 0),
        point('node/n2', 'probe', 'in', 0),
        point('pod/db-0', 'probe', 'in', 0),
        point('pod/db-0', 'answer', 'out', 0),
        point('pod/web-0', 'answer', 'in', 0),
      ],
    },
    {
      name: 'pod/cache-0:6379',
      connected: false,
      points: [
        point('pod/web-0', 'probe', 'out', 3),
        point('node/n1', 'probe', 'in', null),
        point('node/n1', 'answer', 'out', null),
        point('pod/cache-0', 'probe', 'in', 3),
        point('pod/cache-0', 'answer', 'out', 3),
        point('pod/web-0', 'answer', 'in', 0),
      ],
    },
  ],
};

/** A diagnosis with a figure, plots, tables, and findings of each severity, one of which explains another. */
export const diagnosis: Report = report(
  ...mixed.checks.filter(({ id }) => id !== 'latency'),
  {
    ...recordedLatency('loss'),
    status: 'warn',
    findings: [
      finding('NT-LAT-001', 'warning', {
        remediation: 'Look at the queue:\nkubectl nettools run pod/web-0 -- tc -s qdisc',
      }),
    ],
  },
  check('path', {
    status: 'fail',
    measurements: WAYS,
    summary: 'The probe leaves node/n1 and is not seen on node/n2.',
  }),
);

export const list: ReportList = reportList({
  tool: { version: '1.2.3' },
  startedAt: '2026-01-02T03:04:05.678Z',
  durationMs: 9000,
  items: [
    diagnosis,
    {
      ...report(recordedLatency('healthy')),
      target: { kind: 'pod', namespace: 'shop', name: 'web-1', node: 'n2', address: '198.51.100.9' },
    },
  ],
  failed: [{ target: 'pod/web-2', namespace: 'shop', reason: 'it does not run' }],
});

export function place(name: string, node: string): MatrixPlace {
  return { kind: 'pod', target: `pod/${name}`, namespace: 'shop', node };
}

/** Of all pairs of so many places; each third node does not reach the first place, and times differ. */
export function matrixOf(count: number): MatrixReport {
  const places = Array.from({ length: count }, (_, i) => place(`web-${i}`, `n${i % 4}`));
  const cells: MatrixCell[] = places.flatMap((from, source) =>
    places.flatMap((_to, destination): MatrixCell[] => {
      if (source === destination) return [];
      const lost = destination === 0 && from.node === 'n3';
      const ms = 0.2 * 1.7 ** ((source * 7 + destination * 3) % 14);
      return [
        {
          source,
          destination,
          family: 4,
          address: `198.51.100.${destination}`,
          icmp: lost
            ? { outcome: 'lost', sent: 10, received: 0 }
            : { outcome: source === 1 && destination === 2 ? 'lossy' : 'reached', ms, sent: 10, received: 8 },
          tcp: lost ? { outcome: 'lost', port: '80' } : { outcome: 'reached', port: '80', ms },
          ...(source === 2 && destination === 1
            ? { full: { outcome: 'unmeasured' as const, reason: 'no ping' } }
            : {}),
        },
      ];
    }),
  );
  return {
    apiVersion: 'nettools/v1',
    kind: 'MatrixReport',
    tool: { version: '1.2.3' },
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 2100,
    verdict: 'fail',
    findings: [finding('NT-MTX-001', 'critical', { subject: 'pod/web-0' })],
    sources: places.map((one) => ({ ...one, dns: { outcome: 'reached' as const, ms: 1 } })),
    destinations: places,
    cells,
    pairs: { possible: cells.length, asked: cells.length },
  };
}
