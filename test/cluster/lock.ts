/** One `up` or `down` at a time on a machine, whichever clone it is started in. */
import { spawn, spawnSync } from 'node:child_process';
import { say } from './log.ts';
import { lockFile } from './paths.ts';

const marker = 'NETTOOLS_TEST_CLUSTER_LOCKED';

/** True in the process that `runLocked` started. */
export function isLocked(): boolean {
  return process.env[marker] === '1';
}

/**
 * Runs this program again under the machine-wide lock and returns its exit code.
 * The kernel frees the lock when the holder ends, however it ends; `--close` keeps it from the daemons.
 */
export function runLocked(): Promise<number> {
  const busy =
    spawnSync('flock', ['--nonblock', '--conflict-exit-code', '75', lockFile, 'true']).status === 75;
  if (busy) say('another cluster:up or cluster:down is running: waiting for it');
  const argv = ['--close', lockFile, process.execPath, ...process.argv.slice(1)];
  return new Promise((done, fail) => {
    const child = spawn('flock', argv, { stdio: 'inherit', env: { ...process.env, [marker]: '1' } });
    child.on('error', fail);
    child.on('close', (code) => done(code ?? 1));
  });
}
