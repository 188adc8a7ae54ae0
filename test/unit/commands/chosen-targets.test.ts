import { describe, expect, it } from 'vitest';
import { refuseTooMany } from '../../../src/commands/chosen-targets.ts';
import type { ManyTargets, TargetSpec } from '../../../src/model/args.ts';
import type { ListedTarget } from '../../../src/open/many-targets.ts';
import { targetName } from '../../../src/open/target-name.ts';

const limits = (most: number, isSure = false): ManyTargets => ({
  named: [],
  every: true,
  allNamespaces: false,
  nodes: false,
  atOnce: 8,
  most,
  isSure,
});
const pods = Array.from(
  { length: 3 },
  (_, i): ListedTarget => ({ spec: { kind: 'name', name: `p${i}` }, namespace: 'a', node: `n${i % 2}` }),
);

describe('more targets than the limit', () => {
  it('are refused with what would be done to them', () => {
    expect(() => refuseTooMany(pods, limits(2))).toThrow(
      'this selects 3 targets (pods in 1 namespace on 2 nodes), but --max-targets allows 2; nothing was done.',
    );
    const nodes = pods.map((): ListedTarget => ({ spec: { kind: 'node', name: 'n' } }));
    expect(() => refuseTooMany(nodes, limits(2))).toThrow(
      expect.objectContaining({
        exitCode: 2,
        hint: expect.stringContaining(
          'With --yes it makes a pod on each node, and removes it again, 8 at a time.',
        ),
      }),
    );
  });

  it('are no more than the limit where they are as many, and all right where the user is sure', () => {
    expect(() => refuseTooMany(pods, limits(3))).not.toThrow();
    expect(() => refuseTooMany(pods, limits(2, true))).not.toThrow();
  });
});

it.each<[TargetSpec, string]>([
  [{ kind: 'name', name: 'web-0' }, 'pod/web-0'],
  [{ kind: 'name', name: 'deploy/web' }, 'deploy/web'],
  [{ kind: 'selector', selector: 'a=b' }, '-l a=b'],
  [{ kind: 'node', name: 'n1' }, 'node/n1'],
  [{ kind: 'docker', name: 'db' }, 'docker://db'],
  [{ kind: 'netns', where: 'blue' }, 'netns:blue'],
  [{ kind: 'pid', pid: 7 }, 'pid:7'],
  [{ kind: 'local' }, 'local'],
])('%j is typed %s', (spec, name) => {
  expect(targetName({ spec })).toBe(name);
});
