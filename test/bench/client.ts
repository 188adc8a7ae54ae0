/** The built binary, and what it takes of this machine. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoDir } from '../cluster/paths.ts';
import { peakMb } from '../e2e/support/memory.ts';

export const binary = join(repoDir, 'dist/kubectl-nettools');

export interface ClientRun {
  readonly code: number | null;
  readonly stdout: string;
  /** By the wall. */
  readonly seconds: number;
  /** User and system. */
  readonly cpuSeconds: number;
  /** Resident, at its highest. */
  readonly peakMb: number;
}

/** Runs it to its end. */
export async function measuredClient(words: readonly string[], env: NodeJS.ProcessEnv): Promise<ClientRun> {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-client-'));
  const times = join(folder, 'times');
  const script = `TIMEFORMAT='%U %S'; { time "$0" "$@" 2>&3; } 3>&2 2>"${times}"`;
  const began = performance.now();
  const client = spawn('bash', ['-c', script, binary, ...words], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  client.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, peakOfChild(client.pid));
  }, 100);
  try {
    const code = await new Promise<number | null>((resolve) => client.on('close', resolve));
    const [user = 0, system = 0] = readFileSync(times, 'utf8').trim().split(' ').map(Number);
    return {
      code,
      stdout: Buffer.concat(chunks).toString(),
      seconds: (performance.now() - began) / 1000,
      cpuSeconds: user + system,
      peakMb: most,
    };
  } finally {
    clearInterval(timer);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of the shell's only one. */
function peakOfChild(pid: number | undefined): number {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
    return child ? peakMb({ pid: child }) || 0 : 0;
  } catch {
    return 0;
  }
}
