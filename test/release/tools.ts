/** Builds the Go tools that judge a release (krew, its validator, actionlint, a verifier of macOS signatures), once. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { goCommand } from '../cluster/go.ts';
import { step } from '../cluster/log.ts';
import { cacheDir } from '../cluster/paths.ts';
import { run } from '../cluster/proc.ts';

const moduleDir = join(import.meta.dirname, 'tools');

/** A folder whose name changes with the module's files. */
function toolsDir(): string {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  const files = readdirSync(moduleDir, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  for (const { parentPath, name } of files) hash.update(readFileSync(join(parentPath, name)));
  return join(cacheDir(), 'bin', `release-${hash.digest('hex').slice(0, 16)}`);
}

/** Path of one of the tools. */
export async function releaseTool(
  name: 'actionlint' | 'krew' | 'validate-krew-manifest' | 'verify-macho',
): Promise<string> {
  const target = toolsDir();
  if (!existsSync(target)) {
    mkdirSync(dirname(target), { recursive: true });
    const partial = mkdtempSync(`${target}.partial-`);
    const argv = [await goCommand(), 'build', '-trimpath', '-o', `${partial}/`, 'tool', './verify-macho'];
    const env = { GOTOOLCHAIN: 'auto', ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' };
    try {
      await step('built the tools that judge a release', () => run(argv, { cwd: moduleDir, env }));
      if (!existsSync(target)) renameSync(partial, target);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  return join(target, name);
}
