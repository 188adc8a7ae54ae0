/** Runs the built binary as a user without any rights. */
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoDir } from '../../cluster/paths.ts';
import { attempt, type RunResult } from '../../cluster/proc.ts';

/** `kubectl-nettools ARGS` as nobody, of a copy that everybody may run wherever this clone lies. */
export async function asNobody(...args: readonly string[]): Promise<RunResult> {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-nobody-'));
  try {
    chmodSync(folder, 0o755);
    const binary = join(folder, 'kubectl-nettools');
    copyFileSync(join(repoDir, 'dist/kubectl-nettools'), binary);
    chmodSync(binary, 0o755);
    const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    return await attempt([...user, binary, ...args], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
