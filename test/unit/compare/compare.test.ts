/** Two runs, and what of their differences is told: what chance makes is not, and what is lost to sight is no sameness. */
import { describe, expect, it } from 'vitest';
import { measuresOf } from '../../../src/checks/measures.ts';
import { compare } from '../../../src/compare/compare.ts';
import type { Diff, DiffLimits } from '../../../src/model/diff.ts';
import type { MatrixCell, MatrixReport } from '../../../src/model/matrix.ts';
import type { CheckResult, Json, Report } from '../../../src/model/report.ts';
import { reportList } from '../../../src/report/report-list.ts';
import { targetTitle } from '../../../src/report/target.ts';
import { check, finding, report } from '../report/build.ts';
import { matrixOf } from '../report/html/pages.ts';

const LIMITS: DiffLimits = { leastShiftMs: 2, leastShiftShare: 0.25, leastLoss: 0.02, failOn: 'warning' };

/** mulberry32 */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Compared = Parameters<typeof compare>[0]['report'];

function diffOf(before: Compared, after: Compared, limits: Partial<DiffLimits> = {}): Diff {
  const side = (file: string, one: Compared) => ({
    side: { file, of: 'x', startedAt: one.startedAt },
    report: one,
  });
  const options = { limits: { ...LIMITS, ...limits }, measuresOf, titleOf: targetTitle, version: '1.2.3' };
  const diff = compare(side('a', before), side('b', after), options);
  if (diff === undefined) throw new Error('of two kinds');
  return diff;
}

const said = ({ changes }: Diff): string[] =>
  changes.map((one) => `${one.kind} ${one.isRegression ? '!' : ''}${one.id ?? one.summary}`);

interface Way {
  readonly times: readonly number[];
  readonly sent?: number;
}

/** A latency check with one destination. */
function latency({ times, sent = times.length }: Way, rest: Partial<CheckResult> = {}): CheckResult {
  const icmp: Json = {
    sent,
    lossPercent: Math.round((1 - times.length / sent) * 1e5) / 1e3,
    timesMs: [...times],
  };
  return check('latency', {
    measurements: { destinations: [{ name: 'db', icmp, tcp: { skipped: 'x' } }] },
    ...rest,
  });
}

/** So many round trips around a median, with the long tail that they have. */
function trips(seed: number, count: number, median: number): number[] {
  const random = numbers(seed);
  return Array.from({ length: count }, () => median * (0.9 + 0.1 / (0.5 + random() / 2) ** 3));
}

describe('times', () => {
  it('are the same of the same network, however often it is measured', () => {
    for (let seed = 1; seed < 200; seed++) {
      const diff = diffOf(
        report(latency({ times: trips(seed, 50, 5) })),
        report(latency({ times: trips(seed + 1000, 50, 5) })),
      );
      expect(diff, String(seed)).toMatchObject({ verdict: 'same', changes: [] });
    }
  });

  it('are worse where all of them shift, and better the other way round', () => {
    const [fast, slow] = [
      report(latency({ times: trips(1, 50, 5) })),
      report(latency({ times: trips(2, 50, 15) })),
    ];
    const diff = diffOf(fast, slow);
    expect(diff.verdict).toBe('worse');
    expect(said(diff)[0]).toMatch(
      /^worse !db, icmp: round trip 5\.\d+ ms in the median of 50, now 1\d(\.\d)? ms of 50: \d+(\.\d+)? ms slower\.$/,
    );
    expect(diff.changes[0]?.test?.p).toBeLessThan(1e-10);
    expect(diff.times).toHaveLength(1);
    expect(diffOf(slow, fast)).toMatchObject({
      verdict: 'better',
      changes: [{ kind: 'better', isRegression: false }],
    });
  });

  it.each([
    ['below the least shift', 0.2, 1.2, {}],
    ['below a quarter of what it was', 100, 115, {}],
  ])('are the same %s, however sure the test is', (_name, before, after, limits) => {
    const diff = diffOf(
      report(latency({ times: trips(1, 200, before) })),
      report(latency({ times: trips(2, 200, after) })),
      limits,
    );
    expect(diff).toMatchObject({ verdict: 'same', changes: [], noise: [] });
  });

  it('follow --least-shift', () => {
    const [a, b] = [
      report(latency({ times: trips(1, 50, 0.2) })),
      report(latency({ times: trips(2, 50, 1.2) })),
    ];
    expect(diffOf(a, b, { leastShiftMs: 0.5 }).verdict).toBe('worse');
  });

  it('of few answers are told where all are far from all before, as ten DNS queries that take 200 ms more', () => {
    const ten = (from: number): number[] => Array.from({ length: 10 }, (_, i) => from + i);
    const of = (before: number[], after: number[]): string[] =>
      said(diffOf(report(latency({ times: before })), report(latency({ times: after }))));
    expect(of(ten(8), ten(221))).toEqual([
      expect.stringMatching(/^worse !.* now 225 ms of 10: 213 ms slower/),
    ]);
    expect(of(ten(221), ten(8))).toEqual([expect.stringMatching(/^better /)]);
    // A busy moment: slower by the median, or all of them slower by less.
    expect(of(ten(8), [9, ...ten(221).slice(1)])).toEqual([]);
    expect(of(ten(8), ten(50))).toEqual([]);
    expect(of(ten(8).slice(3), ten(221).slice(3))).toEqual([]);
  });

  it('of too few answers are not compared, and nothing is called the same', () => {
    const diff = diffOf(
      report(latency({ times: trips(1, 50, 5) })),
      report(latency({ times: trips(2, 19, 5), sent: 19 })),
    );
    expect(diff.verdict).toBe('unknown');
    expect(diff.notCompared.map(({ text }) => text).join()).toContain('19 answers are too few');
  });

  it('of a burst say nothing: it is one moment', () => {
    const queries = (seed: number, median: number): Report =>
      report(
        check('dns', {
          measurements: {
            servers: [
              {
                address: '198.19.0.10',
                role: 'server',
                udp: { queries: 10, answered: 10, timesMs: trips(seed, 10, median) },
              },
            ],
          },
        }),
      );
    expect(diffOf(queries(1, 0.2), queries(2, 19))).toMatchObject({
      verdict: 'same',
      changes: [],
      noise: [],
      notCompared: [],
    });
  });
});

describe('losses', () => {
  const lossy = (lost: number, sent = 50, rest: Partial<CheckResult> = {}): Report =>
    report(latency({ times: trips(3, sent - lost, 5), sent }, rest));
  const loss = (severity: 'warning' | 'critical') => ({
    findings: [finding('NT-LAT-002', severity, { subject: 'db' })],
  });

  it.each([
    [0, 2, 'same'],
    [0, 7, 'same'],
    [0, 12, 'worse'],
    [12, 0, 'better'],
    [10, 12, 'same'],
  ])('%d of 50 and then %d is %s', (before, after, verdict) => {
    expect(diffOf(lossy(before), lossy(after)).verdict).toBe(verdict);
  });

  it('are told as noise where they are large and the test is not sure', () => {
    const { changes, noise } = diffOf(lossy(0), lossy(7));
    expect(changes).toEqual([]);
    expect(noise.map(({ text }) => text)).toEqual([
      "db, icmp: loss 0 of 50 (0 %), now 7 of 50 (14 %). (Fisher's exact: p = 0.025)",
    ]);
  });

  it('raise a finding that is noise where they are, and a regression where they are not', () => {
    const noise = diffOf(lossy(0), lossy(4, 50, loss('critical')));
    expect(noise).toMatchObject({ verdict: 'same', changes: [] });
    expect(noise.noise.map(({ text }) => text).join()).toContain(
      'NT-LAT-002 is new, and as much comes by chance',
    );
    expect(said(diffOf(lossy(0), lossy(6, 50, loss('critical'))))).toEqual(['new !NT-LAT-002']);
    // Another finding of the same subject has no such excuse.
    const other = { findings: [finding('NT-LAT-001', 'warning', { subject: 'db' })] };
    expect(said(diffOf(lossy(0), lossy(1, 50, other)))).toEqual(['new !NT-LAT-001']);
  });

  it('below two percent more are no reason, however sure the test is', () => {
    expect(diffOf(lossy(0, 5000), lossy(80, 5000)).verdict).toBe('same');
    expect(diffOf(lossy(0, 5000), lossy(150, 5000)).verdict).toBe('worse');
  });

  it('of all that is sent leave no times, and that is told by the loss', () => {
    const diff = diffOf(lossy(0), lossy(50));
    expect(diff).toMatchObject({ verdict: 'worse', notCompared: [] });
  });
});

describe('connections whose first packet was sent again', () => {
  const slow = (count: number): Report => {
    const times = [
      ...Array.from({ length: 50 - count }, () => 1),
      ...Array.from({ length: count }, () => 1010),
    ];
    const findings = count === 0 ? [] : [finding('NT-LAT-005', 'warning', { subject: 'db' })];
    const tcp: Json = { tries: 50, unanswered: 0, failed: 0, timesMs: times };
    return report(
      check('latency', {
        findings,
        measurements: { destinations: [{ name: 'db', icmp: { skipped: 'x' }, tcp }] },
      }),
    );
  };

  it('are a regression where they are more than chance makes', () => {
    expect(diffOf(slow(0), slow(2))).toMatchObject({ verdict: 'same', changes: [] });
    expect(diffOf(slow(2), slow(0))).toMatchObject({ verdict: 'same', changes: [] });
    expect(said(diffOf(slow(0), slow(7)))).toContain('new !NT-LAT-005');
  });
});

describe('endpoints of a Service', () => {
  const of = (names: readonly string[], median: number, findings: CheckResult['findings'] = []): Report =>
    report(
      check('latency', {
        findings,
        measurements: {
          destinations: names.map((name, i) => ({
            name: `svc/db → ${name}`,
            icmp: { sent: 50, lossPercent: 0, timesMs: trips(i + 1, 50, median) },
          })),
        },
      }),
    );

  it('are the same by other names, and fewer of them are for the Service to tell', () => {
    expect(diffOf(of(['db-a', 'db-b'], 5), of(['db-c', 'db-d'], 5))).toMatchObject({
      verdict: 'same',
      changes: [],
      notCompared: [],
      compared: { measures: 4 },
    });
    expect(diffOf(of(['db-a', 'db-b'], 5), of(['db-c'], 5))).toMatchObject({
      verdict: 'same',
      notCompared: [],
    });
    expect(said(diffOf(of(['db-a'], 5), of(['db-c'], 25)))).toEqual([
      expect.stringContaining('worse !svc/db → db-c, icmp: round trip'),
    ]);
  });

  it('have the same findings by other names', () => {
    const found = (name: string) => [finding('NT-LAT-001', 'warning', { subject: `svc/db → ${name}` })];
    expect(diffOf(of(['db-a'], 5, found('db-a')), of(['db-c'], 5, found('db-c')))).toMatchObject({
      verdict: 'same',
      changes: [],
    });
  });

  it('of which all are lost leave no times, whatever they are called now', () => {
    const lost = report(
      check('latency', {
        measurements: {
          destinations: [{ name: 'svc/db → db-c', icmp: { sent: 50, lossPercent: 100, timesMs: [] } }],
        },
      }),
    );
    expect(diffOf(of(['db-a', 'db-b'], 5), lost)).toMatchObject({ verdict: 'worse', notCompared: [] });
  });

  it('of which none is left were not measured again', () => {
    expect(diffOf(of(['db-a'], 5), of([], 5)).verdict).toBe('unknown');
  });
});

describe('findings', () => {
  const found = (
    severity: 'critical' | 'warning' | 'info' | undefined,
    rest: Partial<CheckResult> = {},
  ): Report =>
    report(
      check('firewall', {
        findings: severity === undefined ? [] : [finding('NT-FW-006', severity, { subject: 'db' })],
        ...rest,
      }),
    );

  it.each([
    [undefined, 'critical', 'worse', ['new !NT-FW-006']],
    [undefined, 'warning', 'worse', ['new !NT-FW-006']],
    [undefined, 'info', 'same', ['new NT-FW-006']],
    ['critical', undefined, 'better', ['gone NT-FW-006']],
    ['warning', 'critical', 'worse', ['worse !NT-FW-006']],
    ['critical', 'warning', 'better', ['better NT-FW-006']],
    ['critical', 'critical', 'same', []],
    ['info', undefined, 'same', ['gone NT-FW-006']],
    [undefined, undefined, 'same', []],
  ] as const)('%s, then %s: %s', (before, after, verdict, changes) => {
    const diff = diffOf(found(before), found(after));
    expect(diff.verdict).toBe(verdict);
    expect(said(diff)).toEqual(changes);
  });

  it('are regressions from the severity that was asked for', () => {
    expect(diffOf(found(undefined), found('warning'), { failOn: 'critical' }).verdict).toBe('same');
    expect(diffOf(found(undefined), found('info'), { failOn: 'info' }).verdict).toBe('worse');
  });

  it('that were not looked for again are not gone', () => {
    const diff = diffOf(found('critical'), found(undefined, { status: 'error', summary: 'No rights.' }));
    expect(diff).toMatchObject({ verdict: 'unknown', changes: [] });
    expect(diff.notCompared.map(({ text }) => text).join()).toContain(
      'whether NT-FW-006 is still there: No rights.',
    );
  });

  it.each([
    ['was not run again', report(check('dns'), check('mtu')), report(check('dns'))],
    ['was not run before', report(check('dns')), report(check('dns'), check('mtu'))],
    ['mtu: no rights', report(check('mtu')), report(check('mtu', { status: 'skip', summary: 'no rights' }))],
    [
      'mtu was measured in neither',
      report(check('mtu', { status: 'error' })),
      report(check('mtu', { status: 'error' })),
    ],
  ])('of a check that %s are not known', (text, before, after) => {
    const diff = diffOf(before, after);
    expect(diff.verdict).toBe('unknown');
    expect(diff.notCompared.map(({ text }) => text).join()).toContain(text);
  });

  it('of nothing are not known', () => {
    expect(diffOf(report(), report()).verdict).toBe('unknown');
    const skipped = report(check('conntrack', { status: 'skip' }));
    expect(diffOf(skipped, skipped).verdict).toBe('unknown');
  });
});

describe('levels', () => {
  const service = (ready: number): Report =>
    report(check('service', { measurements: { services: [{ name: 'svc/db', ready }] } }));
  const throughput = (bitsPerSecond: number): Report =>
    report(check('throughput', { measurements: { destinations: [{ name: 'db', bitsPerSecond }] } }));

  it('that are counted differ by one', () => {
    expect(said(diffOf(service(2), service(1)))).toEqual(['worse !svc/db: ready endpoints 2, now 1.']);
    expect(diffOf(service(2), service(3)).verdict).toBe('better');
    expect(diffOf(service(2), service(2)).verdict).toBe('same');
  });

  it('that scatter have to halve', () => {
    expect(diffOf(throughput(8e9), throughput(5e9))).toMatchObject({ verdict: 'same', changes: [] });
    expect(diffOf(throughput(8e9), throughput(3.9e9)).verdict).toBe('worse');
  });
});

describe('lists', () => {
  const of = (name: string, one: Report, owner?: string): Report => ({
    ...one,
    target: { ...one.target, name, ...(owner === undefined ? {} : { owner }) },
  });
  const list = (...items: readonly Report[]) =>
    reportList({ tool: { version: '1' }, startedAt: report().startedAt, durationMs: 1, items, failed: [] });
  const good = report(check('firewall'));
  const bad = report(check('firewall', { findings: [finding('NT-FW-006', 'critical')] }));

  it('pair targets by name, then by their owner: a rollout gives each pod another name', () => {
    const diff = diffOf(
      list(of('web-1', good, 'deployment/web'), of('db-0', good)),
      list(of('db-0', good), of('web-2', bad, 'deployment/web')),
    );
    expect(diff.verdict).toBe('worse');
    expect(diff.changes.map(({ where, id }) => `${where} ${id}`)).toEqual([
      'pod/web-2 in default (was web-1) NT-FW-006',
    ]);
  });

  it('tell what is gone and what is new', () => {
    const diff = diffOf(list(of('a', good), of('b', good)), list(of('b', good), of('c', good)));
    expect(said(diff)).toEqual(['new pod/c in default is new.', 'gone pod/a in default is gone.']);
    expect(diff.verdict).toBe('same');
  });

  it('do not acquit what could not be opened again, nor a new target with findings', () => {
    const failed = { ...list(of('a', good)), failed: [{ target: 'pod/b', reason: 'it does not run' }] };
    expect(diffOf(list(of('a', good), of('b', good)), failed)).toMatchObject({
      verdict: 'unknown',
      notCompared: [{ where: 'pod/b in default', text: 'it does not run' }],
    });
    expect(diffOf(list(of('a', good)), list(of('a', good), of('b', bad))).verdict).toBe('unknown');
  });

  it('correct for so many comparisons: a hundred equal targets do not differ', () => {
    const many = (seed: number) =>
      list(
        ...Array.from({ length: 100 }, (_, i) =>
          of(`web-${i}`, report(latency({ times: trips(seed + i, 30, 5) }))),
        ),
      );
    expect(diffOf(many(1), many(5000))).toMatchObject({ verdict: 'same', changes: [] });
  });
});

describe('many comparisons', () => {
  it('of ways that all lose a fifth tell none, though some differ by what alone would be no chance', () => {
    const random = numbers(9);
    const losing = () =>
      report(
        check('latency', {
          measurements: {
            destinations: Array.from({ length: 400 }, (_, i) => {
              const lost = Array.from({ length: 50 }, () => random()).filter((one) => one < 0.2).length;
              return { name: `db-${i}`, icmp: { sent: 50, lossPercent: lost * 2, timesMs: [] } };
            }),
          },
        }),
      );
    const { changes, noise, verdict } = diffOf(losing(), losing());
    expect({ changes, verdict }).toEqual({ changes: [], verdict: 'same' });
    expect(noise.length).toBeGreaterThan(100);
  });
});

describe('matrices', () => {
  const base = { ...matrixOf(10), findings: [], verdict: 'pass' as const };
  const cells = (of: (cell: MatrixCell) => Partial<MatrixCell>): MatrixReport => ({
    ...base,
    cells: base.cells.map((cell) => ({ ...cell, ...of(cell) })),
  });
  const healthy = cells(() => ({
    icmp: { outcome: 'reached', ms: 0.3, sent: 10, received: 10 },
    tcp: { outcome: 'reached', port: '80', ms: 0.3 },
  }));
  const changed = (of: (cell: MatrixCell) => Partial<MatrixCell>): MatrixReport => ({
    ...healthy,
    cells: healthy.cells.map((cell) => ({ ...cell, ...of(cell) })),
  });

  it('of the same are the same', () => {
    expect(diffOf(healthy, healthy)).toMatchObject({ verdict: 'same', changes: [], compared: { pairs: 90 } });
  });

  it('tell pairs that are lost and found, and a port that was closed', () => {
    const lost = changed(({ source, destination }) =>
      source === 1 && destination === 2 ? { tcp: { outcome: 'lost', port: '80' } } : {},
    );
    expect(said(diffOf(healthy, lost))).toEqual([
      'worse !TCP: 1 pair answered before and no longer: pod/web-1 → pod/web-2.',
    ]);
    expect(diffOf(lost, healthy)).toMatchObject({ verdict: 'better' });
    const closed = changed(({ destination }) =>
      destination === 2 ? { tcp: { outcome: 'refused', port: '80' } } : {},
    );
    expect(said(diffOf(healthy, closed))[0]).toContain('9 pairs answered before and no longer');
    expect(diffOf(closed, healthy).verdict).toBe('better');
  });

  it('do not count one echo of ten', () => {
    const lossy = (received: number): MatrixReport =>
      changed(({ source, destination }) =>
        source === 1 && destination === 2 ? { icmp: { outcome: 'lossy', ms: 0.3, sent: 10, received } } : {},
      );
    expect(diffOf(healthy, lossy(9)).verdict).toBe('same');
    expect(diffOf(healthy, lossy(1)).verdict).toBe('worse');
  });

  it('tell a place whose ways all became slower', () => {
    const slow = changed(({ destination }) =>
      destination === 3 ? { icmp: { outcome: 'reached', ms: 25, sent: 10, received: 10 } } : {},
    );
    expect(said(diffOf(healthy, slow))).toEqual([
      expect.stringMatching(
        /^worse !fastest answers to pod\/web-3 0\.3 ms in the median of 9, now 25 ms of 9/,
      ),
    ]);
  });

  it('do not acquit what was not measured again', () => {
    const blind = changed(() => ({ icmp: { outcome: 'unmeasured', reason: 'no ping' } }));
    expect(diffOf(healthy, blind).verdict).toBe('unknown');
    const unopened = {
      ...healthy,
      sources: healthy.sources.map((one, at) => (at === 0 ? { ...one, failed: 'it does not run' } : one)),
    };
    expect(diffOf(healthy, unopened).verdict).toBe('unknown');
  });

  it('pair places by name: their order is no matter', () => {
    const turned = {
      ...healthy,
      sources: [...healthy.sources].reverse(),
      destinations: [...healthy.destinations].reverse(),
      cells: healthy.cells.map((cell) => ({
        ...cell,
        source: 9 - cell.source,
        destination: 9 - cell.destination,
      })),
    };
    expect(diffOf(healthy, turned)).toMatchObject({ verdict: 'same', changes: [], compared: { pairs: 90 } });
  });
});

it('compares only runs of one kind', () => {
  const side = (one: Compared) => ({ side: { file: 'a', of: 'x', startedAt: one.startedAt }, report: one });
  const options = { limits: LIMITS, measuresOf, titleOf: targetTitle, version: '1' };
  expect(compare(side(report()), side(matrixOf(2)), options)).toBeUndefined();
  const node: Report = { ...report(), target: { kind: 'node', name: 'n1', address: '' } };
  expect(compare(side(report()), side(node), options)).toBeUndefined();
});
