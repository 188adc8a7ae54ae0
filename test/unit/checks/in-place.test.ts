import { describe, expect, it } from 'vitest';
import { FINDINGS } from '../../../src/checks/findings.ts';
import { inPlace } from '../../../src/checks/in-place.ts';
import {
  type Advice,
  advice,
  adviceText,
  kubectl,
  NODE,
  nettools,
  POD,
  TARGET,
} from '../../../src/model/advice.ts';
import type { TargetInfo } from '../../../src/model/report.ts';

const meta = FINDINGS.find(({ id }) => id === 'NT-ARP-001');
if (!meta) throw new Error('no such finding');
const finding = { id: meta.id, severity: 'critical', title: meta.title, summary: 's', evidence: [] } as const;
const found = [
  { ...finding, remediation: meta.remedy },
  { ...finding, remediation: advice`By hand:\n${nettools`run ${TARGET} -- ip neigh flush all`}` },
];
const at = (target: Partial<TargetInfo>) =>
  inPlace(found, { kind: 'pod', name: 'web', address: '', ...target });

/** One remedy, as it is told of a target. */
function told(
  remediation: Advice,
  target: Partial<TargetInfo>,
  choice: Parameters<typeof inPlace>[2] = {},
  id = meta?.id ?? '',
): string | undefined {
  const where: TargetInfo = { kind: 'pod', name: 'web', address: '', ...target };
  return inPlace([{ ...finding, id, remediation }], where, choice)[0]?.remediation;
}

describe('inPlace', () => {
  it('names a pod in what can be pasted, and leaves all else as it is', () => {
    expect(at({ namespace: 'shop' })).toEqual([
      { ...finding, remediation: adviceText(meta.remedy) },
      { ...finding, remediation: 'By hand:\nkubectl nettools run web -n shop -- ip neigh flush all' },
    ]);
  });

  const deletion = advice`${kubectl`delete pod ${POD}`}`;
  const diagnosis = advice`${nettools`diagnose ${NODE}`}`;

  it.each<[Advice, Partial<TargetInfo>, string]>([
    [deletion, { namespace: 'shop' }, 'kubectl delete pod web -n shop'],
    [deletion, { kind: 'node', name: 'n1' }, 'kubectl delete pod POD'],
    [diagnosis, { namespace: 'shop', node: 'n1' }, 'kubectl nettools diagnose node/n1'],
    [diagnosis, { kind: 'node', name: 'n2' }, 'kubectl nettools diagnose node/n2'],
    [diagnosis, { node: '' }, 'kubectl nettools diagnose node/NODE'],
  ])('%j for %j', (remediation, target, words) => {
    expect(told(remediation, target)).toBe(words);
  });

  const sockets = advice`${nettools`run ${TARGET} -- ss`}`;

  it.each<[Advice, Partial<TargetInfo>, string]>([
    [deletion, { namespace: 'shop' }, "kubectl delete pod web -n shop --context 'a b' --as ops"],
    [sockets, { namespace: 'shop' }, "kubectl nettools run web -n shop --context 'a b' --as ops -- ss"],
    [
      sockets,
      { kind: 'node', name: 'n1' },
      "kubectl nettools run node/n1 -n team --context 'a b' --as ops -- ss",
    ],
    [
      advice`${kubectl`patch service -n shop db -p '{}'`}`,
      { namespace: 'shop' },
      "kubectl --context 'a b' --as ops patch service -n shop db -p '{}'",
    ],
  ])('%j for %j names the cluster that was chosen', (remediation, target, words) => {
    expect(told(remediation, target, { context: 'a b', as: 'ops', namespace: 'team' })).toBe(words);
  });

  it.each(
    FINDINGS.filter(({ remedy }) => typeof remedy !== 'string').map(
      ({ id, remedy }) => [id, remedy] as const,
    ),
  )('names the cluster that was chosen in each command of %s', (id, remedy) => {
    const words = told(remedy, { namespace: 'shop' }, { context: 'staging' }, id);
    expect(words).not.toMatch(
      /kubectl (?!nettools |--context staging )(?!delete pod web -n shop --context staging)/,
    );
    expect(words).not.toMatch(/kubectl nettools [a-z]+ web -n shop(?! --context staging)/);
  });

  it("has a node's own remedy for what is about its own links", () => {
    expect(at({ kind: 'node', name: 'n1' })[0]?.remediation).toBe(meta.remedyOutside);
    expect(at({ kind: 'node', name: 'n1', netns: 'shop/web' })[0]?.remediation).toBe(adviceText(meta.remedy));
  });

  it('has what can be done without a cluster', () => {
    const findings = at({ kind: 'local', name: 'host' });
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
    expect(at(target)[1]?.remediation).toBe(`By hand:\nkubectl nettools run ${words} -- ip neigh flush all`);
  });
});

describe('the remedies where no cluster is', () => {
  it.each(
    FINDINGS.flatMap(({ id, remedyOutside }) => (remedyOutside === undefined ? [] : [[id, remedyOutside]])),
  )('%s needs none', (_id, remedy) => {
    expect(remedy).not.toMatch(/\b(kubectl|kube-system|[Pp]ods?|NetworkPolic\w+|POD|TARGET)\b/);
  });
});
