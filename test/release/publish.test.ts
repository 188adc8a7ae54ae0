import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { load } from 'js-yaml';
import { expect, it } from 'vitest';
import { cutVersion, hasVersion } from '../../scripts/release/changelog.ts';
import { repoDir } from '../cluster/paths.ts';
import { attempt, run } from '../cluster/proc.ts';
import { archives, scratch, version } from './archives.ts';

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

/** What the workflow's step sets, apart from GitHub's own token. */
function workflowSettings(): Record<string, string> {
  const { jobs } = load(readFileSync(join(repoDir, '.github/workflows/release.yml'), 'utf8')) as {
    jobs: { publish: { steps: readonly { run?: string; env?: Record<string, string> }[] } };
  };
  const step = jobs.publish.steps.find((one) => one.run?.includes('release:publish'));
  return { ...step?.env, GH_TOKEN: '' };
}

/** A clone with the tag of the version checked out, as the workflow has it, with the files that it made. */
async function releaseClone(origin: string): Promise<string> {
  const clone = scratch();
  for (const name of ['scripts', 'plugin-manifest', 'package.json', 'krew.yaml']) {
    cpSync(join(repoDir, name), join(clone, name), { recursive: true });
  }
  const changelog = readFileSync(join(repoDir, 'CHANGELOG.md'), 'utf8');
  writeFileSync(
    join(clone, 'CHANGELOG.md'),
    hasVersion(changelog, version) ? changelog : cutVersion(changelog, version, '2026-01-31'),
  );
  writeFileSync(join(clone, '.gitignore'), 'dist\nnode_modules\n');
  symlinkSync(join(repoDir, 'node_modules'), join(clone, 'node_modules'));
  const files = join(clone, 'dist/release', version);
  mkdirSync(files, { recursive: true });
  for (const name of readdirSync(archives)) symlinkSync(join(archives, name), join(files, name));
  writeFileSync(join(files, 'SHA256SUMS.sigstore.json'), '{}');
  await run(['git', 'init', '-q', '--bare', origin]);
  const git = ['git', '-C', clone, '-c', 'user.name=test', '-c', 'user.email=test@example.invalid'];
  await run([...git, 'init', '-q']);
  await run([...git, 'remote', 'add', 'origin', origin]);
  await run([...git, 'add', '.']);
  await run([...git, 'commit', '-qm', version]);
  await run([...git, 'tag', version]);
  await run([...git, 'checkout', '-q', version]);
  return clone;
}

it('publishes with what the workflow sets: a release with all files, and a branch with krew.yaml', async () => {
  const origin = join(scratch(), 'origin.git');
  const clone = await releaseClone(origin);
  const bin = scratch();
  const calls = join(bin, 'calls');
  // GitHub's own program, which only notes what it was asked for.
  writeFileSync(join(bin, 'gh'), `#!/bin/sh\necho "$*" >> '${calls}'\n`, { mode: 0o755 });
  const env = {
    ...workflowSettings(),
    HOME: scratch(),
    PATH: [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
  };
  for (const step of ['krew.ts', 'publish.ts']) {
    await run([process.execPath, join(clone, 'scripts/release', step), version], { cwd: clone, env });
  }
  const [release = '', request = ''] = readFileSync(calls, 'utf8').split('\n');
  expect(release).toContain(`release create ${version} --verify-tag`);
  for (const file of [...readdirSync(archives), 'SHA256SUMS.sigstore.json', 'krew.yaml']) {
    expect(release).toContain(`/${file}`);
  }
  expect(request).toContain(`pr create --head krew-${version}`);
  const pushed = await run(['git', '-C', origin, 'show', `krew-${version}:krew.yaml`]);
  expect(pushed).toBe(readFileSync(join(clone, 'krew.yaml'), 'utf8'));
});
