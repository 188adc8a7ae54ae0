/** The image's prober, built from its sources for the machine that runs the tests. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../cluster/paths.ts';

const sources = join(import.meta.dirname, '../../image/prober');
// Not in the work tree: it may be in /tmp, which some tests hide from it.
const cache = join(cacheDir(), 'prober');

/** Builds it, unless these very sources have been built before, and returns its path. */
export function buildProber(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(join(sources, name)));
  const folder = join(cache, hash.digest('hex').slice(0, 16));
  const program = join(folder, 'nettools-prober');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  // Several test files may build at the same time.
  const partial = `${program}.${process.pid}`;
  execFileSync('sh', [join(sources, 'build.sh'), partial], { stdio: 'inherit' });
  renameSync(partial, program);
  return program;
}
