import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { repoDir } from '../cluster/paths.ts';
import { attempt } from '../cluster/proc.ts';
import { releaseTool } from './tools.ts';

const folder = join(repoDir, '.github/workflows');
const workflows = readdirSync(folder).map((name) => join(folder, name));

it('actionlint finds nothing in the workflows', async () => {
  const result = await attempt([await releaseTool('actionlint'), '-no-color', ...workflows]);
  expect(result, result.stdout).toMatchObject({ code: 0, stdout: '' });
});

interface Workflow {
  readonly permissions: object;
  readonly jobs: Readonly<
    Record<string, { uses?: string; permissions?: object; 'timeout-minutes'?: number }>
  >;
}

describe.each(workflows)('%s', (file) => {
  const text = readFileSync(file, 'utf8');

  it('pins every action to a commit', () => {
    const uses = text.match(/uses: \S+.*$/gm) ?? [];
    expect(uses.length).toBeGreaterThan(0);
    for (const one of uses) expect(one).toMatch(/^uses: (\.\/|\S+@[0-9a-f]{40} # v\d)/);
  });

  it('gives each job its own rights and a time limit', () => {
    const { permissions, jobs } = load(text) as Workflow;
    expect(permissions).toEqual({});
    for (const [name, job] of Object.entries(jobs)) {
      expect(job.permissions, name).toBeDefined();
      if (job.uses === undefined) expect(job['timeout-minutes'], name).toBeGreaterThan(0);
    }
  });

  it('puts no expression into a script, where it would be code', () => {
    const scripts = text.match(/^ +(?:- )?run: (?:\|\n(?: {10,}.*\n)+|.*\n)/gm) ?? [];
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) expect(script).not.toContain('${{');
  });
});
