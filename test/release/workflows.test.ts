import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repoDir } from '../cluster/paths.ts';
import { attempt } from '../cluster/proc.ts';
import { releaseTool } from './tools.ts';

const folder = join(repoDir, '.github/workflows');
const workflows = readdirSync(folder).map((name) => join(folder, name));

it('actionlint finds nothing in the workflows', async () => {
  const result = await attempt([await releaseTool('actionlint'), '-no-color', ...workflows]);
  expect(result, result.stdout).toMatchObject({ code: 0, stdout: '' });
});

it('every action is pinned to a commit, every job has its rights named and a time limit', () => {
  for (const file of workflows) {
    const text = readFileSync(file, 'utf8');
    const uses = text.match(/uses: \S+.*$/gm) ?? [];
    for (const one of uses) expect(one).toMatch(/^uses: (\.\/|\S+@[0-9a-f]{40} # v\d)/);
    expect(text).toMatch(/^permissions: \{\}$/m);
    const jobs = text.match(/^ {2}[\w-]+:$/gm)?.length ?? 0;
    expect(text.match(/^ {4}timeout-minutes: \d+$/gm)).toHaveLength(jobs);
  }
});
