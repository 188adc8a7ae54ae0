import { describe, expect, it } from 'vitest';
import { FINDINGS } from '../../../src/checks/findings.ts';
import { inPlace } from '../../../src/checks/in-place.ts';
import type { CheckResult, TargetInfo } from '../../../src/model/report.ts';

const meta = FINDINGS.find(({ id }) => id === 'NT-ARP-001');
if (!meta) throw new Error('no such finding');
const finding = { severity: 'critical', title: meta.title, summary: 's', evidence: [] } as const;
const result: CheckResult = {
  id: 'arp',
  status: 'fail',
  summary: 'Nothing was asked.',
  durationMs: 1,
  measurements: {},
  findings: [
    { ...finding, id: meta.id, remediation: meta.remedy },
    { ...finding, id: meta.id, remediation: 'By hand:\nkubectl nettools run TARGET -- ip neigh flush all' },
  ],
};
const at = (target: Partial<TargetInfo>): CheckResult =>
  inPlace(result, { kind: 'pod', name: 'web', address: '', ...target });

describe('inPlace', () => {
  it('names a pod in what can be pasted, and leaves all else as it is', () => {
    expect(at({ namespace: 'shop' })).toEqual({
      ...result,
      findings: [
        result.findings[0],
        {
          ...result.findings[1],
          remediation: 'By hand:\nkubectl nettools run web -n shop -- ip neigh flush all',
        },
      ],
    });
  });

  it.each<[string, Partial<TargetInfo>, string]>([
    ['kubectl delete pod POD', { namespace: 'shop' }, 'kubectl delete pod web -n shop'],
    [
      'kubectl nettools diagnose node/NODE',
      { namespace: 'shop', node: 'n1' },
      'kubectl nettools diagnose node/n1',
    ],
    [
      'kubectl nettools diagnose node/NODE',
      { kind: 'node', name: 'n2' },
      'kubectl nettools diagnose node/n2',
    ],
    ['kubectl nettools diagnose node/NODE', { node: '' }, 'kubectl nettools diagnose node/NODE'],
  ])('%s for %j', (remediation, target, words) => {
    const [first] = result.findings;
    if (!first) throw new Error('no finding');
    const one = inPlace(
      { ...result, findings: [{ ...first, remediation }] },
      { kind: 'pod', name: 'web', address: '', ...target },
    );
    expect(one.findings[0]?.remediation).toBe(words);
  });

  it.each<[string, Partial<TargetInfo>, string]>([
    [
      'x\nkubectl delete pod POD',
      { namespace: 'shop' },
      "x\nkubectl delete pod web -n shop --context 'a b' --as ops",
    ],
    [
      'x\nkubectl nettools run TARGET -- ss',
      { namespace: 'shop' },
      "x\nkubectl nettools run web -n shop --context 'a b' --as ops -- ss",
    ],
    [
      'x\nkubectl nettools run TARGET -- ss',
      { kind: 'node', name: 'n1' },
      "x\nkubectl nettools run node/n1 -n team --context 'a b' --as ops -- ss",
    ],
    [
      "x\nkubectl patch service -n shop db -p '{}'",
      { namespace: 'shop' },
      "x\nkubectl --context 'a b' --as ops patch service -n shop db -p '{}'",
    ],
  ])('%j for %j names the cluster that was chosen', (remediation, target, words) => {
    const [first] = result.findings;
    if (!first) throw new Error('no finding');
    const one = inPlace(
      { ...result, findings: [{ ...first, remediation }] },
      { kind: 'pod', name: 'web', address: '', ...target },
      { context: 'a b', as: 'ops', namespace: 'team' },
    );
    expect(one.findings[0]?.remediation).toBe(words);
  });

  it.each(
    FINDINGS.filter(({ remedy }) => /kubectl (?!nettools)|TARGET/.test(remedy)).map(({ id, remedy }) => [
      id,
      remedy,
    ]),
  )('names the cluster that was chosen in each command of %s', (id, remediation) => {
    const told = inPlace(
      { ...result, findings: [{ ...finding, id, remediation }] },
      { kind: 'pod', name: 'web', namespace: 'shop', address: '' },
      { context: 'staging' },
    ).findings[0]?.remediation;
    expect(told).not.toMatch(
      /kubectl (?!nettools |--context staging )(?!delete pod web -n shop --context staging)/,
    );
    expect(told).not.toMatch(/kubectl nettools [a-z]+ web -n shop(?! --context staging)/);
  });

  it("has a node's own remedy for what is about its own links", () => {
    expect(at({ kind: 'node', name: 'n1' }).findings[0]?.remediation).toBe(meta.remedyOutside);
    expect(at({ kind: 'node', name: 'n1', netns: 'shop/web' }).findings[0]?.remediation).toBe(meta.remedy);
  });

  it('has what can be done without a cluster', () => {
    const { findings } = at({ kind: 'local', name: 'host' });
    expect(findings.map(({ remediation }) => remediation)).toEqual([
      meta.remedyOutside,
      'By hand:\nkubectl nettools run local -- ip neigh flush all',
    ]);
  });

  it.each<[Partial<TargetInfo>, string]>([
    [{ kind: 'pod', name: 'web' }, 'web'],
    [{ kind: 'pod', name: 'web', namespace: 'shop' }, 'web -n shop'],
    [{ kind: 'node', name: 'n1' }, 'node/n1'],
    [{ kind: 'node', name: 'n1', netns: 'shop/web' }, 'node/n1 --netns shop/web'],
    [{ kind: 'docker', name: 'db' }, 'docker://db'],
    [{ kind: 'netns', name: 'blue' }, 'netns:blue'],
    [{ kind: 'netns', name: '/run/a $(b)' }, "'netns:/run/a $(b)'"],
    [{ kind: 'pid', name: '12' }, 'pid:12'],
  ])('%j is typed as it was', (target, words) => {
    expect(at(target).findings[1]?.remediation).toBe(
      `By hand:\nkubectl nettools run ${words} -- ip neigh flush all`,
    );
  });
});

describe('the remedies where no cluster is', () => {
  it.each(
    FINDINGS.flatMap(({ id, remedyOutside }) => (remedyOutside === undefined ? [] : [[id, remedyOutside]])),
  )('%s needs none', (_id, remedy) => {
    expect(remedy).not.toMatch(/\b(kubectl|kube-system|[Pp]ods?|NetworkPolic\w+|POD|TARGET)\b/);
  });
});
