import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repoDir } from '../cluster/paths.ts';
import { attempt } from '../cluster/proc.ts';
import { archives, version } from './archives.ts';

it('a rehearsal checks the files, writes the notes and ends before it pushes', async () => {
  const script = join(repoDir, 'scripts/release/publish.ts');
  const result = await attempt([process.execPath, script, version, '--dry-run']);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  const [create = '', ...rest] = result.stdout.match(/^\$ .*$/gm) ?? [];
  expect(create).toContain(`gh release create ${version} --verify-tag`);
  for (const file of [...readdirSync(archives), 'SHA256SUMS.sigstore.json', 'krew.yaml']) {
    expect(create).toContain(file);
  }
  expect(rest.map((line) => line.split(' ').slice(1, 3).join(' '))).toEqual([
    'git switch',
    'git add',
    'git commit',
    'git push',
    'gh pr',
  ]);
  expect(readFileSync(join(repoDir, `dist/notes-${version}.md`), 'utf8')).toContain('docs/install.md');
});
