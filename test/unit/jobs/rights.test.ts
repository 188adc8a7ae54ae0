import { describe, expect, it } from 'vitest';
import { DOCUMENTED, type JobRights, type Rule, rightsOf } from '../../../src/jobs/rights.ts';
import type { ManyTargets } from '../../../src/model/args.ts';
import type { JobWork } from '../../../src/model/job-args.ts';
import { documentedRights } from '../../e2e/support/rights.ts';

const rightsIn = (rules: readonly Rule[]): string[] =>
  rules
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}.${group}`)),
      ),
    )
    .toSorted();

describe('the rights of a Job', () => {
  it.each([
    ['pod-user.yaml', ['nettools-pod-user', 'nettools-pod-user-names', 'nettools-pod-user-more']],
    ['node-user.yaml', ['nettools-node-user', 'nettools-node-user-more']],
    ['cluster-reader.yaml', ['nettools-node-reader']],
  ] as const)('are those that docs/rbac/%s has', (file, roles) => {
    const documented = documentedRights(file).roles;
    for (const role of roles) {
      expect(rightsIn(DOCUMENTED[role]), role).toEqual(rightsIn(documented[role] ?? []));
    }
  });

  const many: ManyTargets = {
    named: [{ kind: 'selector', selector: 'app=web' }],
    every: true,
    allNamespaces: false,
    nodes: false,
    atOnce: 8,
    most: 100,
    isSure: false,
  };
  const has = ({ namespaced, cluster }: JobRights) => ({
    here: { exec: text(namespaced, 'pods/exec'), makesPods: text(namespaced, 'pods').includes('create') },
    everywhere: { exec: text(cluster, 'pods/exec'), nodes: text(cluster, 'nodes') },
  });
  const text = (rules: readonly Rule[], resource: string): string =>
    rules.find(({ resources }) => resources.includes(resource))?.verbs.join(' ') ?? '';

  it.each<[string, JobWork, ReturnType<typeof has>]>([
    [
      'pods of a namespace: there alone, and no pod can be made',
      { kind: 'many', many, usesNodes: false },
      { here: { exec: 'get create', makesPods: false }, everywhere: { exec: '', nodes: '' } },
    ],
    [
      'pods from their nodes: pods can be made',
      { kind: 'many', many, usesNodes: true },
      { here: { exec: 'get create', makesPods: true }, everywhere: { exec: '', nodes: '' } },
    ],
    [
      'pods of all namespaces',
      { kind: 'many', many: { ...many, allNamespaces: true }, usesNodes: false },
      { here: { exec: '', makesPods: false }, everywhere: { exec: 'get create', nodes: 'get list' } },
    ],
    [
      'nodes: no pod elsewhere can be entered',
      { kind: 'many', many: { ...many, named: [], nodes: true }, usesNodes: false },
      { here: { exec: 'get create', makesPods: true }, everywhere: { exec: '', nodes: 'get list' } },
    ],
    [
      'one pod',
      { kind: 'one', target: { kind: 'name', name: 'web-0' }, usesNodes: false },
      { here: { exec: 'get create', makesPods: false }, everywhere: { exec: '', nodes: '' } },
    ],
  ])('for %s', (_what, work, expected) => {
    expect(has(rightsOf(work))).toEqual(expected);
  });
});
