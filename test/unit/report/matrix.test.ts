/** How a matrix is printed. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { MatrixCell, MatrixPlace, MatrixReport } from '../../../src/model/matrix.ts';
import { renderMatrix } from '../../../src/report/render.ts';
import schema from '../../../src/report/report.schema.json' with { type: 'json' };
import { finding } from './build.ts';
import { WORDS as HOSTILE } from './hostile.ts';

const validate = new Ajv2020({ allErrors: true, strict: true }).compile(schema);
const place = (name: string, node: string, zone?: string): MatrixPlace => ({
  kind: 'pod',
  target: `pod/${name}`,
  namespace: 'shop',
  node,
  ...(zone === undefined ? {} : { zone }),
});
const cell = (source: number, destination: number, parts: Partial<MatrixCell> = {}): MatrixCell => ({
  source,
  destination,
  family: 4,
  address: '198.51.100.7',
  icmp: { outcome: 'reached', ms: 0.25, sent: 10, received: 10 },
  tcp: { outcome: 'reached', ms: 0.3, port: '80' },
  ...parts,
});
const lost = { outcome: 'lost', sent: 10, received: 0 } as const;

function matrix(parts: Partial<MatrixReport> = {}): MatrixReport {
  const places = [place('a', 'n1', 'z1'), place('b', 'n1', 'z1'), place('c', 'n2', 'z2')];
  return {
    apiVersion: 'nettools/v1',
    kind: 'MatrixReport',
    tool: { version: '1.2.3' },
    startedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 2100,
    verdict: 'fail',
    findings: [finding('NT-MTX-001', 'critical', { subject: 'pod/c' })],
    sources: [
      { ...(places[0] as MatrixPlace), dns: { outcome: 'reached', ms: 1 }, service: { outcome: 'lost' } },
      { ...(places[1] as MatrixPlace), dns: { outcome: 'reached', ms: 1 } },
      { ...(places[2] as MatrixPlace), failed: 'it does not run' },
    ],
    destinations: places,
    cells: [
      cell(0, 1),
      cell(0, 2, { icmp: lost, tcp: { outcome: 'lost', port: '80' } }),
      cell(1, 0, { icmp: { outcome: 'lossy', ms: 3, sent: 10, received: 8 } }),
      cell(1, 2, {
        tcp: { outcome: 'refused', port: '80' },
        full: { outcome: 'unmeasured', reason: 'no ping' },
      }),
    ],
    pairs: { possible: 6, asked: 6 },
    ...parts,
  };
}

const text = (report: MatrixReport, width = 100, colour = false): string =>
  renderMatrix(report, 'table', { colour, width, failOn: 'critical', tablesOf: () => [] });

describe('a matrix', () => {
  it('leads with the pattern, and has a sign for each pair, readable without colours', () => {
    expect(text(matrix())).toMatchInlineSnapshot(`
      "6 pairs of 3 sources and 3 destinations

      pattern: Title of NT-MTX-001. Summary of NT-MTX-001.

                1 2 3 DNS API
      z1 n1 1 a   · ×   ·   ×
            2 b ~   ?   ·
      z2 n2 3 c

      × nothing is answered, ~ echoes lost, ? not measured, · reached; DNS: its name server answers; API: the Service kubernetes takes its connection
      fastest answers: 0.25 ms in the median, 3.00 ms at most (pod/b → pod/a)

      critical NT-MTX-001  Title of NT-MTX-001
        Summary of NT-MTX-001.
        $ ping -c 1 h
          1 packets transmitted, 0 received
        → Mend NT-MTX-001.

      not measured: from pod/c: it does not run
      not measured: full-size packets: no ping (1 pair)

      verdict: fail (1 critical), 2.1 s
      "
    `);
  });

  it('says the same in colours', () => {
    const painted = text(matrix(), 100, true);
    expect(painted).toContain('\u001b[31m×\u001b[0m');
    expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(text(matrix()));
  });

  it('folds the columns that do not fit, and more places than fit are told by their nodes', () => {
    const many = Array.from({ length: 40 }, (_, i) => place(`p${i}`, `n${i % 4}`));
    const wide = matrix({ sources: many, destinations: many, cells: [cell(0, 1), cell(2, 39)] });
    const lines = text(wide, 60).split('\n');
    expect(lines.every((line) => line.length <= 110)).toBe(true);
    expect(
      lines.filter((line) => /^ +1 {2}2 {2}3/.test(line) || /^ +\d\d \d\d/.test(line)).length,
    ).toBeGreaterThan(1);
    const huge = Array.from({ length: 100 }, (_, i) => place(`p${i}`, `n${i % 4}`));
    const folded = text(
      matrix({
        sources: huge,
        destinations: huge,
        cells: [cell(0, 1), cell(2, 99, { tcp: { outcome: 'lost' } })],
      }),
    );
    expect(folded).toContain('n0 (25)');
    expect(folded).toContain('each sign the worst of them');
  });

  it('says that it is a sample', () => {
    expect(text(matrix({ pairs: { possible: 600, asked: 100 } }))).toContain(
      '100 of 600 pairs of 3 sources and 3 destinations, a sample',
    );
  });

  it.each(['json', 'yaml', 'junit', 'markdown', 'table'] as const)(
    'shows no control character as %s',
    (format) => {
      const bad: MatrixPlace = {
        kind: 'pod',
        target: `pod/${HOSTILE}`,
        namespace: HOSTILE,
        node: HOSTILE,
        zone: HOSTILE,
      };
      const report = matrix({
        sources: [{ ...bad, failed: HOSTILE }, place('a', 'n1')],
        destinations: [{ ...bad, gone: HOSTILE }, place('a', 'n1')],
        cells: [cell(1, 0, { tcp: { outcome: 'unmeasured', reason: HOSTILE } })],
      });
      const shown = renderMatrix(report, format, {
        colour: false,
        width: 100,
        failOn: 'critical',
        tablesOf: () => [],
      });
      expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    },
  );

  it('is what its schema says', () => {
    expect(validate(matrix()), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...matrix(), cells: [{}] })).toBe(false);
    expect(validate({ ...matrix(), extra: 1 })).toBe(false);
  });

  it('is a failure, an error for what was not opened, and a case for each source in JUnit', () => {
    const xml = renderMatrix(matrix(), 'junit', {
      colour: false,
      width: 100,
      failOn: 'critical',
      tablesOf: () => [],
    });
    expect(xml).toContain('tests="4" failures="1" errors="1"');
    expect(xml).toContain('<error message="it does not run"/>');
  });
});
