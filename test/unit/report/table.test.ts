import { describe, expect, it } from 'vitest';
import { tablesOf } from '../../../src/checks/tables.ts';
import type { CheckResult } from '../../../src/model/report.ts';
import type { Table } from '../../../src/model/table.ts';
import { renderTable } from '../../../src/report/table.ts';
import { check, finding, LATENCY_MEASUREMENTS, report } from './build.ts';

const plain = { colour: false, width: 80, tablesOf };

describe('renderTable', () => {
  it('shows a single check with all that it measured', async () => {
    const latency = check('latency', {
      status: 'warn',
      summary: 'svc/web is slow.',
      measurements: LATENCY_MEASUREMENTS,
      findings: [
        finding('NT-LAT-001', 'warning', {
          title: 'High round-trip time',
          summary:
            'svc/web (198.19.0.7) answers in 24.7 ms (median), p95 240 ms by TCP connect: 12 times the baseline of 20.0 ms.',
          evidence: [{ command: ['tcp-connect', '198.19.0.7', '80'], excerpt: 'ok 12340\nok 480500' }],
          remediation:
            'See where the time is added: run the same check from a pod on the node of the destination.',
        }),
        finding('NT-SYS-001', 'info', { evidence: [] }),
      ],
    });
    await expect(renderTable(report(latency), plain)).toMatchFileSnapshot('golden/one-check.txt');
  });

  it('shows several checks as one story', async () => {
    const text = renderTable(
      report(
        check('interfaces', { status: 'warn', findings: [finding('NT-IF-002', 'warning')] }),
        check('latency', {
          status: 'fail',
          measurements: LATENCY_MEASUREMENTS,
          findings: [
            finding('NT-LAT-002', 'critical', { subject: 'a', causedBy: 'NT-IF-002' }),
            finding('NT-LAT-002', 'critical', { subject: 'b', causedBy: 'NT-IF-002', summary: 'Loss to b.' }),
            finding('NT-LAT-001', 'warning', { subject: 'b', causedBy: 'NT-LAT-002' }),
            finding('NT-LAT-006', 'warning', { subject: 'c' }),
            finding('NT-SYS-001', 'info', { evidence: [] }),
          ],
        }),
        check('dns', { status: 'error', summary: 'The name server could not be asked.' }),
        check('tls', { status: 'skip', summary: 'Nobody asked for a URL.' }),
      ),
      plain,
    );
    await expect(text).toMatchFileSnapshot('golden/several-checks.txt');
  });

  it('leads with what DEST comes to, whichever check comes first', () => {
    const share = finding('NT-LAT-002', 'critical', { subject: 'dns', summary: 'Half of dns is lost.' });
    const far = finding('NT-FW-001', 'critical', { subject: 'pod/far', summary: 'pod/far is silent.' });
    const checks = [check('latency', { findings: [share] }), check('firewall', { findings: [far] })];
    expect(renderTable(report(...checks), plain)).toMatch(/^cause: pod\/far is silent\.$/m);
  });

  it('says of infos that it counts and does not show how they are seen', () => {
    const note = finding('NT-SYS-001', 'info', { evidence: [] });
    const left = check('tls', { status: 'skip', findings: [note] });
    const shown = check('dns', { findings: [note] });
    const verdictOf = (...checks: CheckResult[]) =>
      renderTable(report(...checks), plain)
        .split('\n')
        .find((line) => line.startsWith('verdict:'));
    expect(verdictOf(shown, left)).toContain('(2 info, 1 of them only in -o json)');
    expect(verdictOf(shown, check('mtu'))).toContain('(1 info)');
    expect(verdictOf(left)).toContain('(1 info)');
  });

  it('shows every finding once, however deep its cause lies', () => {
    const findings = [
      finding('NT-IF-002', 'warning', { summary: 'A.' }),
      finding('NT-LAT-002', 'critical', { summary: 'B.', subject: 'x', causedBy: 'NT-IF-002' }),
      finding('NT-LAT-002', 'critical', { summary: 'C.', subject: 'y', causedBy: 'NT-IF-002' }),
      finding('NT-LAT-001', 'warning', { summary: 'D.', subject: 'y', causedBy: 'NT-LAT-002' }),
    ];
    const lines = renderTable(report(check('latency', { findings }), check('dns')), plain).split('\n');
    const places = ['A.', 'B.', 'C.', 'D.'].map((summary) =>
      lines.filter((line) => line.endsWith(`  ${summary}`)),
    );
    expect(places.map((found) => found.length)).toEqual([1, 1, 1, 1]);
    expect(lines.findIndex((l) => l.endsWith('  D.'))).toBe(lines.findIndex((l) => l.endsWith('  C.')) + 1);
  });

  it.each([
    ['all passed', [check('dns'), check('latency')], 'No problems found by these checks.'],
    [
      'one was skipped',
      [check('dns'), check('tls', { status: 'skip' })],
      'No problems found by these checks.',
    ],
    [
      'one could not be measured',
      [check('dns'), check('latency', { status: 'error' })],
      'No problems found in what could be measured; latency could not be.',
    ],
  ])('does not call it all clear unless it is: %s', (_title, checks, words) => {
    expect(renderTable(report(...checks), plain).split('\n')[2]).toBe(words);
  });

  it.each([
    ['pass', [check('latency')], 'verdict: pass, 6.5 s'],
    [
      'warn',
      [check('latency', { status: 'warn', findings: [finding('NT-LAT-001', 'warning')] })],
      'verdict: warn (1 warning), 6.5 s',
    ],
    [
      'fail',
      [
        check('latency', {
          status: 'fail',
          findings: [
            finding('NT-LAT-002', 'critical'),
            finding('NT-LAT-001', 'warning'),
            finding('NT-SYS-001', 'info'),
          ],
        }),
      ],
      'verdict: fail (1 critical, 1 warning, 1 info), 6.5 s',
    ],
    ['unknown', [check('latency', { status: 'error' })], 'verdict: unknown, 6.5 s'],
  ])('ends with the verdict: %s', (_verdict, checks, line) => {
    expect(
      renderTable(report(...checks), plain)
        .trimEnd()
        .split('\n')
        .at(-1),
    ).toBe(line);
  });

  it('is painted only with colour, and says the same', () => {
    const it = report(
      check('latency', {
        status: 'fail',
        measurements: LATENCY_MEASUREMENTS,
        findings: [finding('NT-LAT-002', 'critical')],
      }),
    );
    const painted = renderTable(it, { ...plain, colour: true });
    expect(painted).toContain('\u001b[31m');
    expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(renderTable(it, plain));
  });

  it('lets nothing that comes from afar drive the terminal', () => {
    const evil = '\u001b]0;owned\u0007\u001b[2J\r\u202e';
    const hostile = report(
      check('latency', {
        summary: evil,
        measurements: {
          destinations: [
            { name: evil, address: evil, icmp: { skipped: evil }, tcp: { port: evil, tries: 1 } },
          ],
        },
        findings: [
          finding('NT-LAT-002', 'critical', {
            title: evil,
            summary: evil,
            remediation: evil,
            evidence: [{ command: [evil], excerpt: evil }],
          }),
        ],
      }),
    );
    const target = { ...hostile.target, name: evil, namespace: evil, node: evil, address: evil };
    for (const it of [
      { ...hostile, target },
      { ...hostile, target, checks: [...hostile.checks, check('dns', { summary: evil })] },
    ]) {
      expect(renderTable(it, plain)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
  });

  it('wraps texts to the terminal, but never below 40 columns', () => {
    const long = finding('NT-LAT-002', 'critical', {
      summary: 'word '.repeat(60).trim(),
      remediation: 'mend '.repeat(60).trim(),
      evidence: [],
    });
    const widths = (width: number) =>
      renderTable(report(check('latency', { findings: [long] })), { ...plain, width })
        .split('\n')
        .filter((line) => /^ +(→ )?(word|mend)/.test(line))
        .map((line) => line.length);
    expect(Math.max(...widths(80))).toBeLessThanOrEqual(80);
    expect(Math.max(...widths(80))).toBeGreaterThan(70);
    expect(Math.max(...widths(10))).toBeLessThanOrEqual(42);
  });

  it('wraps the cause, the lines of the checks and the notes as well', () => {
    const words = 'word '.repeat(60).trim();
    const findings = [
      finding('NT-IF-002', 'warning', { summary: words }),
      finding('NT-LAT-002', 'critical', { summary: words, causedBy: 'NT-IF-002' }),
      finding('NT-SYS-001', 'info', { summary: words }),
    ];
    const text = renderTable(report(check('latency', { findings }), check('dns', { summary: words })), plain);
    const lines = text.split('\n').filter((line) => line.includes('word'));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(text.replace(/\s+/g, ' ').split(words).length - 1).toBe(5);
    expect(text).toMatch(/^cause: word word/m);
    expect(text).toMatch(/^√ latency {2}.*NT-LAT-002,\s+follows from NT-IF-002/ms);
  });

  it('never breaks a command that is to be pasted', () => {
    const command = `kubectl nettools run web -n shop -- ${'ip route '.repeat(20)}`.trim();
    const remediation = `${'Mend it. '.repeat(20)}By hand:\n${command}`;
    const bad = finding('NT-IF-002', 'warning', { remediation });
    const lines = renderTable(report(check('latency', { findings: [bad] })), plain).split('\n');
    expect(lines).toContain(`    ${command}`);
  });

  it('shows all tables of a single check, and of several checks those alone that are always shown', () => {
    const columns = [{ head: 'N', align: 'left' as const }];
    const table = (id: string, more: Partial<Table> = {}): Table => ({ columns, rows: [[id]], ...more });
    const options = {
      ...plain,
      tablesOf: ({ id }: { readonly id: string }) => [
        table(`${id}-way`, { alwaysShown: true }),
        table(`${id}-more`),
      ],
    };
    expect(renderTable(report(check('a')), options)).toContain('\n\nN\na-way\n\nN\na-more\n\nverdict: ');
    const several = renderTable(report(check('a'), check('b')), options);
    expect(several).toContain('√ b  b is fine.\n\nN\na-way\n\nN\nb-way\n\nverdict: ');
    expect(several).not.toContain('-more');
  });
});
