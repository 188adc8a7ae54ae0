/** Docker's newest engine, built from its Go module: no package of Debian has it. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { goCommand } from '../cluster/go.ts';
import { step } from '../cluster/log.ts';
import { cacheDir } from '../cluster/paths.ts';
import { run } from '../cluster/proc.ts';

const moduleDir = join(import.meta.dirname, 'moby');

/** The folder that holds `dockerd` and `docker-proxy`; its name changes with the module's files. */
export async function newestDocker(): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(moduleDir, file)));
  const target = join(cacheDir(), 'bin', `moby-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(target)) return target;
  mkdirSync(dirname(target), { recursive: true });
  const partial = mkdtempSync(`${target}.partial-`);
  const argv = [await goCommand(), 'build', '-trimpath', '-ldflags', '-s -w', '-o', `${partial}/`, 'tool'];
  const env = { GOTOOLCHAIN: 'auto', ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' };
  try {
    await step(
      "built Docker's newest engine",
      () => run(argv, { cwd: moduleDir, env }),
      "building Docker's newest engine: about 3 minutes on 2 cores the first time",
    );
    if (!existsSync(target)) renameSync(partial, target);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return target;
}
