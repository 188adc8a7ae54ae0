import { describe, expect, it } from 'vitest';
import { isSuspect, matrixReport, withChanges } from '../../../../src/checks/matrix/whole.ts';
import type { MatrixFrame, MatrixPlace, MatrixProbe } from '../../../../src/model/matrix.ts';
import type { Json, Report } from '../../../../src/model/report.ts';
import { check, report } from '../../report/build.ts';

const pod = (name: string, node: string): MatrixPlace => ({
  kind: 'pod',
  target: `pod/${name}`,
  namespace: 'shop',
  node,
});
const node = (name: string): MatrixPlace => ({ kind: 'node', target: `node/${name}`, node: name });
const reached: MatrixProbe = { outcome: 'reached', ms: 1 };
const lost: MatrixProbe = { outcome: 'lost' };
const cell = (destination: number, parts: object = {}) => ({
  destination,
  family: 4,
  address: `198.51.100.${destination}`,
  icmp: { ...reached, sent: 10, received: 10 },
  tcp: { ...reached, port: '80' },
  udp: { outcome: 'refused', port: '9' },
  ...parts,
});
const row = (cells: readonly object[]): Report =>
  report(
    check('matrix', { measurements: { row: { cells, dns: reached, service: reached } as unknown as Json } }),
  );
const frame = (places: readonly MatrixPlace[]): MatrixFrame => ({
  sources: places,
  destinations: places,
  pairs: { possible: 6, asked: 6 },
});
const made = (
  matrix: MatrixFrame,
  rows: readonly (readonly object[])[],
  failed: Parameters<typeof matrixReport>[0]['failed'] = [],
) =>
  matrixReport({
    tool: { version: '1.2.3' },
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 5,
    matrix,
    items: rows.map((cells, place) => ({ place, report: row(cells) })),
    failed,
    choice: { context: 'prod' },
  });

const three = [pod('a', 'n1'), pod('b', 'n2'), pod('c', 'n3')];
const healthy = [
  [cell(1), cell(2)],
  [cell(0), cell(2)],
  [cell(0), cell(1)],
];

describe('a matrix as a whole', () => {
  it('passes where all of it was seen and is well', () => {
    const { verdict, findings } = made(frame(three), healthy);
    expect({ verdict, findings }).toEqual({ verdict: 'pass', findings: [] });
  });

  it('is no pass where a source could not be opened, and says why', () => {
    const failed = [{ target: 'pod/c', namespace: 'shop', reason: 'it is gone' }];
    const { verdict, sources } = made(frame(three), healthy.slice(0, 2), failed);
    expect(verdict).toBe('unknown');
    expect(sources[2]).toEqual({ ...three[2], failed: 'it is gone' });
  });

  it('is no pass where a probe could not be measured, and none where there is nothing', () => {
    const [first = [], ...rest] = healthy;
    const blind = [cell(1, { full: { outcome: 'unmeasured', reason: 'no' } }), ...first.slice(1)];
    expect(made(frame(three), [blind, ...rest]).verdict).toBe('unknown');
    expect(made(frame(three), []).verdict).toBe('unknown');
  });

  it('leaves UDP out of nodes that refuse it to nobody, and calls it lost in pods', () => {
    const silent = [
      [cell(1, { udp: lost }), cell(2)],
      [cell(0), cell(2)],
      [cell(0), cell(1, { udp: lost })],
    ];
    expect(made(frame([pod('a', 'n1'), node('n2'), pod('c', 'n3')]), silent)).toMatchObject({
      verdict: 'pass',
      findings: [],
    });
    expect(made(frame(three), silent).findings.map(({ id, subject }) => [id, subject])).toEqual([
      ['NT-MTX-007', 'pod/b'],
    ]);
    // Somebody was refused: so the port answers, and who hears nothing has lost it.
    const half = silent.map((cells, at) => (at === 2 ? [cell(0), cell(1)] : cells));
    expect(made(frame([pod('a', 'n1'), node('n2'), pod('c', 'n3')]), half).findings).toHaveLength(1);
  });

  it('does not judge what went away or moved meanwhile', () => {
    const dead = { icmp: { outcome: 'lost', sent: 10, received: 0 }, tcp: lost, udp: lost };
    const rows = [
      [cell(1), cell(2, dead)],
      [cell(0), cell(2, dead)],
      [cell(0), cell(1)],
    ];
    const before = frame(three);
    const seen = made(before, rows);
    expect(seen.findings.map(({ id }) => id)).toEqual(['NT-MTX-001']);
    expect(isSuspect(seen)).toBe(true);
    const at = (place: MatrixPlace, host: string) => ({ ...place, addresses: [{ family: 4, host }] });
    const [a, b, c] = three as [MatrixPlace, MatrixPlace, MatrixPlace];
    const was = [at(a, '1'), at(b, '2'), at(c, '3')];
    for (const now of [
      [at(a, '1'), at(b, '2')],
      [at(a, '1'), at(b, '2'), at(c, '4')],
    ]) {
      const { verdict, findings, destinations } = made(withChanges(before, was, now), rows);
      expect({ verdict, findings }).toEqual({ verdict: 'unknown', findings: [] });
      expect(destinations[2]?.gone).toMatch(/while the matrix was measured$/);
    }
    expect(made(withChanges(before, was, was), rows)).toEqual(seen);
  });

  it('names the commands of the first pair, with the cluster that was chosen', () => {
    const dead = {
      icmp: { outcome: 'lost', sent: 10, received: 0 },
      tcp: { ...lost, port: '80' },
      udp: lost,
    };
    const rows = [
      [cell(1), cell(2, dead)],
      [cell(0), cell(2, dead)],
      [cell(0), cell(1)],
    ];
    const [finding] = made(frame(three), rows).findings;
    expect(finding?.remediation).toContain(
      'kubectl nettools diagnose --context prod pod/a -n shop --to pod/c:80 --both-ends',
    );
    expect(finding?.evidence[0]?.excerpt).toBe(
      'pod/a → pod/c: echo requests: 0 of 10 answered; TCP 80: lost; UDP: lost',
    );
  });
});
