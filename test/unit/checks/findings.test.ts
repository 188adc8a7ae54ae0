import { expect, it } from 'vitest';
import { CHECKS } from '../../../src/checks/registry.ts';

it('an ID belongs to one finding', () => {
  const titles = new Map<string, Set<string>>();
  for (const { id, title } of Object.values(CHECKS).flatMap((check) => check.findings))
    titles.set(id, (titles.get(id) ?? new Set()).add(title));
  const shared = [...titles].filter(([, all]) => all.size > 1);
  expect(shared.map(([id, all]) => `${id}: ${[...all].join(' / ')}`)).toEqual([]);
});
