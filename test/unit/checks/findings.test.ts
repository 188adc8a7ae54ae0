import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../scripts/lib/process.ts';
import { FINDINGS } from '../../../src/checks/findings.ts';
import type { FindingMeta } from '../../../src/model/finding.ts';

/** The metadata in every file of a `rules` folder, and of each kind of drop, whether its check lists it or not. */
async function metasOfRules(): Promise<FindingMeta[]> {
  const files = readdirSync(path.join(root, 'src/checks'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\/(?:rules|kinds)\/(?!index\.ts)[^/]+\.ts$/.test(file),
  );
  const modules: Record<string, unknown>[] = await Promise.all(
    files.map((file) => import(path.join(root, 'src/checks', file))),
  );
  const metas = modules
    .flatMap((module) => Object.values(module) as { meta?: FindingMeta }[])
    .flatMap(({ meta }) => (meta === undefined ? [] : [meta]));
  // Rules of several checks may raise one finding.
  return [...new Set(metas)];
}

describe('findings', () => {
  it('are those of all rules, each with an ID of its own', async () => {
    const ids = (await metasOfRules()).map(({ id }) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    // NT-SYS-001 is of no rule: every check can raise it.
    expect(FINDINGS.map(({ id }) => id)).toEqual([...ids, 'NT-SYS-001'].sort());
  });
});
