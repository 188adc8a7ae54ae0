import { describe, expect, it } from 'vitest';
import { alike, othersText } from '../../../src/report/alike.ts';
import { renderTable } from '../../../src/report/table.ts';
import { check, finding, report } from './build.ts';

const dead = (subject: string) =>
  finding('NT-FW-001', 'critical', {
    subject,
    summary: `TCP ${subject} was silent for 3.${subject.length} s.`,
  });
const lost = (subject: string) =>
  finding('NT-LAT-002', 'critical', { subject, summary: `${subject} loses all.`, causedBy: 'NT-FW-001' });
const DESTS = Array.from({ length: 20 }, (_, i) => `10.99.0.${i}:80`);

describe('alike', () => {
  it('tells many of one kind by the first, and names some of the others', () => {
    const [group, ...more] = alike(DESTS.map(dead));
    expect(more).toEqual([]);
    expect(group?.first.subject).toBe('10.99.0.0:80');
    expect(othersText(group?.others ?? [])).toBe(
      `and 19 more like it: ${DESTS.slice(1, 9).join(', ')} and 11 others; -o json has each`,
    );
  });

  it.each([
    ['two of a kind', [dead('10.0.0.1:80'), dead('10.0.0.2:80')]],
    [
      'other words',
      ['a', 'b', 'c'].map((word) => finding('NT-FW-001', 'critical', { summary: `Dropped by ${word}.` })),
    ],
    [
      'other remedies',
      [5, 6, 7].map((handle) =>
        finding('NT-FW-005', 'critical', { remediation: `nft delete rule ip t c handle ${handle}` }),
      ),
    ],
    [
      'another severity',
      (['critical', 'warning', 'info'] as const).map((severity) => finding('NT-FW-001', severity)),
    ],
  ])('keeps apart: %s', (_title, findings) => {
    expect(alike(findings).map(({ first }) => first)).toEqual(findings);
  });

  it('keeps a finding apart from which something else follows', () => {
    const findings = DESTS.slice(0, 4).map(dead);
    const groups = alike(findings, (one) => (one === findings[2] ? [lost('10.99.0.2:80')] : []));
    expect(groups.map(({ first, others }) => [first.subject, others.length])).toEqual([
      ['10.99.0.0:80', 2],
      ['10.99.0.2:80', 0],
    ]);
  });
});

describe('a report with twenty dead destinations', () => {
  const checks = [
    check('firewall', { status: 'fail', findings: DESTS.map(dead) }),
    check('latency', { status: 'fail', findings: DESTS.map(lost) }),
  ];
  const text = (...some: typeof checks): string =>
    renderTable(report(...some), { colour: false, width: 100, tablesOf: () => [] });

  it('is as long as one with one, and a line', () => {
    const lines = text(...checks).split('\n');
    expect(lines.filter((line) => line.startsWith('critical NT-FW-001'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('follows from it:'))).toHaveLength(1);
    expect(text(...checks)).toMatch(/and 19 more like it: 10\.99\.0\.1:80, [\s\S]* and\s+11\s+others/);
    expect(text(...checks)).toContain('(40 critical)');
  });

  it('has the line in the report of a single check too', () => {
    expect(text(...checks.slice(0, 1))).toContain('and 19 more like it');
  });
});
