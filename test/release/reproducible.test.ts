import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repoDir } from '../cluster/paths.ts';
import { attempt } from '../cluster/proc.ts';
import { version } from './archives.ts';

// Of six, the two that have most done to them: code caches, and a signature.
const platforms = ['linux-amd64', 'darwin-arm64'];

it('a second build in another folder gives the same archives', async () => {
  const chosen = platforms.flatMap((name) => ['--platform', name]);
  const script = join(repoDir, 'scripts/release/reproduce.ts');
  const result = await attempt([process.execPath, script, version, ...chosen]);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  expect(result.stdout.match(/^same .*$/gm)).toHaveLength(platforms.length + 1);
}, 900_000);
