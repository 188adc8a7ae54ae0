import { describe, expect, it } from 'vitest';
import type { CheckResult, Report } from '../../../src/model/report.ts';
import type { ReportList } from '../../../src/model/report-list.ts';
import { targetLine } from '../../../src/report/list-table.ts';
import { renderList } from '../../../src/report/render.ts';
import { reportList } from '../../../src/report/report-list.ts';
import { check, finding, report } from './build.ts';
import { hostile } from './hostile.ts';

const options = { colour: false, width: 100, failOn: 'critical', tablesOf: () => [] } as const;

const on = (node: string, name: string, ...checks: readonly CheckResult[]): Report => {
  const one = report(...checks);
  return { ...one, target: { ...one.target, node, name } };
};
const listed = (parts: Partial<Pick<ReportList, 'items' | 'failed'>>): ReportList =>
  reportList({
    tool: { version: '1.2.3' },
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 12_340,
    items: [],
    failed: [],
    ...parts,
  });

const broken = [
  check('routing'),
  check('dns', {
    status: 'fail',
    findings: [finding('NT-DNS-001', 'critical', { subject: 'kubernetes.default' })],
  }),
  check('service', {
    status: 'fail',
    findings: [finding('NT-SVC-003', 'critical', { causedBy: 'NT-DNS-001' })],
  }),
];
const fine = [check('routing'), check('dns'), check('service')];
const mixed = listed({
  items: [
    ...['web-0', 'web-1', 'web-2'].map((name) => on('node7', name, ...broken)),
    on('node7', 'web-3', ...fine),
    ...['web-4', 'web-5', 'web-6', 'web-7', 'web-8'].map((name) => on('node8', name, ...fine)),
    on('node8', 'web-9', check('routing'), check('dns', { status: 'error' })),
  ],
  failed: [
    { target: 'pod/web-10', namespace: 'default', node: 'node8', reason: 'its image cannot be pulled' },
    { target: 'pod/web-11', namespace: 'default', node: 'node8', reason: 'its image cannot be pulled' },
  ],
});

describe('a list of reports', () => {
  it('leads with what the affected targets have in common', async () => {
    await expect(renderList(mixed, 'table', options)).toMatchFileSnapshot('golden/list.txt');
  });

  it('is Markdown', async () => {
    await expect(renderList(mixed, 'markdown', options)).toMatchFileSnapshot('golden/list.md');
  });

  it('is JUnit, with a suite for each target', async () => {
    await expect(renderList(mixed, 'junit', options)).toMatchFileSnapshot('golden/list.xml');
  });

  it('is JSON as it is', () => {
    expect(JSON.parse(renderList(mixed, 'json', options))).toEqual(JSON.parse(JSON.stringify(mixed)));
  });

  it('gives of a single check what it says of each target', () => {
    const text = renderList(
      listed({ items: [on('n1', 'a', check('dns')), on('n2', 'b', check('dns'))] }),
      'table',
      options,
    );
    expect(text).toMatch(/pod\/b +n2 +pass +dns is fine\./);
  });

  it('names at most 25 targets of a diagnosis', () => {
    const many = Array.from({ length: 60 }, (_, i) => on('n1', `a${i}`, ...(i < 40 ? broken : fine)));
    const text = renderList(listed({ items: many }), 'table', options);
    expect(text.split('\n').filter((line) => line.startsWith('pod/'))).toHaveLength(25);
    expect(text).toContain('15 more have findings; -o json has all; the other 20 pass.');
  });

  it('escapes what comes from a hostile place', () => {
    const list = listed({
      items: [hostile],
      failed: [{ target: 'pod/\u001b[2J', reason: '\u001b[31m\u202e' }],
    });
    for (const format of ['table', 'markdown', 'junit'] as const)
      expect(renderList(list, format, options)).not.toMatch(/[\u001b\u202e]/);
  });
});

describe('the verdict of a list', () => {
  const failed = [{ target: 'pod/x', reason: 'gone' }];
  const warning = check('dns', { status: 'warn', findings: [finding('NT-DNS-006', 'warning')] });
  it.each<[string, Partial<Pick<ReportList, 'items' | 'failed'>>, string]>([
    ['one fails', { items: [on('n', 'a', ...broken), on('n', 'b', warning)] }, 'fail'],
    ['one warns', { items: [on('n', 'a', ...fine), on('n', 'b', warning)] }, 'warn'],
    ['one warns and another could not be opened', { items: [on('n', 'b', warning)], failed }, 'warn'],
    ['all pass', { items: [on('n', 'a', ...fine)] }, 'pass'],
    ['one could not be opened', { items: [on('n', 'a', ...fine)], failed }, 'unknown'],
    ['nothing was measured', {}, 'unknown'],
  ])('where %s', (_what, parts, verdict) => {
    expect(listed(parts).verdict).toBe(verdict);
  });
});

it('says of a target that ends its gravest cause', () => {
  expect(targetLine(on('n1', 'a', ...broken))).toBe('× pod/a on n1: NT-DNS-001 Title of NT-DNS-001');
  expect(targetLine(on('n1', 'a', check('dns', { status: 'error' })))).toBe('? pod/a on n1: unknown');
});
