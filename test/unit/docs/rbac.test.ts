import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NODE_RIGHTS } from '../../../src/targets/node-preflight.ts';
import { SESSION_RIGHTS } from '../../../src/targets/preflight.ts';
import { documentedRights, type Rule } from '../../e2e/support/rights.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/rbac.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('|'));

const rightsOf = (rules: readonly Rule[]): string[] =>
  rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
  );

describe('docs/rbac.md', () => {
  it.each(['pod-user.yaml', 'node-user.yaml', 'cluster-reader.yaml'])(
    'has a row for each right of %s, and names each of its Roles',
    (name) => {
      for (const [role, rules] of Object.entries(documentedRights(name).roles)) {
        expect(page).toContain(`\`${role}\``);
        for (const right of rightsOf(rules)) {
          const [verb, resource] = right.split(' ');
          const found = rows.some((row) => row.includes(`\`${verb}\``) && row.includes(`\`${resource}\``));
          // Optional rights to watch events are told in a sentence.
          expect(found || page.includes(`\`${verb}\` \`${resource}\``), `${role}: ${right}`).toBe(true);
        }
      }
    },
  );

  it.each([
    ['pod-user.yaml', 'nettools-pod-user', SESSION_RIGHTS],
    ['node-user.yaml', 'nettools-node-user', NODE_RIGHTS],
  ])('%s has in its first Role just what a session asks for', (name, role, needed) => {
    const rules = documentedRights(name).roles[role] ?? [];
    expect(rightsOf(rules).toSorted()).toEqual(
      needed.map(({ verb, resource }) => `${verb} ${resource}`).toSorted(),
    );
  });
});
