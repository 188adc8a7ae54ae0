import { describe, expect, it } from 'vitest';
import type { CheckResult, Finding, Report } from '../../../src/model/report.ts';
import type { FailedTarget } from '../../../src/model/report-list.ts';
import { groupFailures, groupFindings } from '../../../src/report/groups.ts';
import { check, finding, report } from './build.ts';

const on = (node: string, name: string, ...checks: readonly CheckResult[]): Report => {
  const one = report(...checks);
  return { ...one, target: { ...one.target, node, name } };
};
const dns = (...findings: readonly Finding[]): CheckResult =>
  check('dns', { status: findings.length === 0 ? 'pass' : 'fail', findings });
const silent = (rest: Partial<Finding> = {}): Finding => finding('NT-DNS-001', 'critical', rest);

/** As many pods on each of two nodes, of which those on the first have the findings. */
const halves = (size: number, ...findings: readonly Finding[]): Report[] => [
  ...Array.from({ length: size }, (_, i) => on('n1', `a${i}`, dns(...findings))),
  ...Array.from({ length: size }, (_, i) => on('n2', `b${i}`, dns())),
];

describe('findings of many targets', () => {
  it('are one group, with what its targets have in common', () => {
    expect(groupFindings(halves(3, silent({ subject: 'kubernetes.default' })))).toEqual([
      {
        id: 'NT-DNS-001',
        severity: 'critical',
        title: 'Title of NT-DNS-001',
        subject: 'kubernetes.default',
        targets: ['pod/a0 in default', 'pod/a1 in default', 'pod/a2 in default'],
        of: 6,
        inCommon: { trait: 'node', values: ['n1'], others: 0 },
        where: '3 of 6 pods, all on n1 (all 3 there)',
        summary: 'Summary of NT-DNS-001.',
      },
    ]);
  });

  it.each<[string, readonly Report[], string]>([
    ['all', [on('n1', 'a', dns(silent())), on('n2', 'b', dns(silent()))], 'all 2 pods'],
    ['one of one', [on('n1', 'a', dns(silent()))], 'the one pod'],
    ['a few', [...halves(1, silent()), on('n3', 'c', dns())], '1 of 3 pods: a0 on n1'],
    [
      'some of a node',
      [...halves(4, silent()), on('n1', 'well', dns())],
      '4 of 9 pods, all on n1 (of 5 there)',
    ],
  ])('are counted: %s', (_what, reports, where) => {
    expect(groupFindings(reports).map((group) => group.where)).toEqual([where]);
  });

  it('leaves out of the count those in which nobody could look', () => {
    const reports = [
      ...halves(3, silent()),
      on('n2', 'skipped', check('dns', { status: 'skip' })),
      on('n2', 'lost', check('dns', { status: 'error' })),
      on('n2', 'other', check('tls')),
    ];
    expect(groupFindings(reports)[0]?.of).toBe(6);
  });

  it('is one group where each target has a subject of its own, and several where they share theirs', () => {
    const own = ['x', 'y', 'z'].map((name) => on('n1', name, dns(silent({ subject: name }))));
    expect(groupFindings(own)).toMatchObject([{ targets: { length: 3 }, where: 'all 3 pods' }]);
    expect(groupFindings(own)[0]).not.toHaveProperty('subject');
    const shared = ['x', 'y'].map((name) =>
      on('n1', name, dns(silent({ subject: 'a' }), silent({ subject: 'b' }))),
    );
    expect(groupFindings(shared).map(({ subject }) => subject)).toEqual(['a', 'b']);
  });

  it('puts the gravest and widest first, and behind it what it explains', () => {
    const follows = finding('NT-SVC-001', 'critical', { causedBy: 'NT-DNS-001' });
    const reports = [
      on('n1', 'a', dns(finding('NT-MTU-002', 'warning'), follows, silent())),
      on('n1', 'b', dns(finding('NT-MTU-002', 'warning'))),
      on('n2', 'c', dns(finding('NT-ARP-001', 'critical'))),
      on('n2', 'd', dns(finding('NT-ARP-001', 'critical'))),
    ];
    expect(groupFindings(reports).map(({ id, causedBy }) => [id, causedBy])).toEqual([
      ['NT-ARP-001', undefined],
      ['NT-DNS-001', undefined],
      ['NT-SVC-001', 'NT-DNS-001'],
      ['NT-MTU-002', undefined],
    ]);
  });

  it('keeps every group of a circle of causes', () => {
    const circle = dns(
      finding('NT-A-001', 'critical', { causedBy: 'NT-B-001' }),
      finding('NT-B-001', 'critical', { causedBy: 'NT-A-001' }),
    );
    expect(groupFindings([on('n1', 'a', circle)]).map(({ id }) => id)).toEqual(['NT-A-001', 'NT-B-001']);
  });

  it('is led by a finding of its own where only some of its targets have the cause', () => {
    const reports = [
      on('n1', 'a', dns(silent({ causedBy: 'NT-RT-001' }), finding('NT-RT-001', 'critical'))),
      on('n1', 'b', dns(silent())),
    ];
    const group = groupFindings(reports).find(({ id }) => id === 'NT-DNS-001');
    expect(group).not.toHaveProperty('causedBy');
  });

  it('takes the worst severity, and no notes', () => {
    const reports = [
      on('n1', 'a', dns(finding('NT-LAT-002', 'warning'), finding('NT-SYS-001', 'info'))),
      on('n1', 'b', dns(finding('NT-LAT-002', 'critical'))),
    ];
    expect(groupFindings(reports).map(({ id, severity }) => `${id} ${severity}`)).toEqual([
      'NT-LAT-002 critical',
    ]);
  });
});

describe('targets that could not be measured', () => {
  const failed = (name: string, node: string): FailedTarget => ({
    target: `pod/${name}`,
    namespace: 'shop',
    node,
    reason: `the pod ${name} on ${node} cannot pull its image`,
  });

  it('are one line for one reason, with what they have in common', () => {
    const wells = ['b0', 'b1', 'b2', 'b3'].map((name) => on('n2', name, dns()));
    expect(groupFailures(wells, [failed('a0', 'n1'), failed('a1', 'n1'), failed('a2', 'n1')])).toEqual([
      {
        reason: 'the pod a0 on n1 cannot pull its image',
        where: '3 of 7 pods, all on n1 (all 3 there)',
      },
    ]);
  });

  it('are told apart by their reasons, the most frequent first', () => {
    const gone: FailedTarget = { target: 'deploy/x', reason: 'no deployment "x"' };
    const groups = groupFailures([], [gone, failed('a0', 'n1'), failed('a1', 'n2')]);
    expect(groups.map(({ where }) => where)).toEqual(['2 of 3 targets: a0, a1', '1 of 3 targets: deploy/x']);
  });
});
