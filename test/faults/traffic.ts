/** Traffic of a pod's own, while it is looked at. */
import { spawn } from 'node:child_process';
import type { PodNetns } from './pod-netns.ts';

/** Runs `work` while a command of this machine runs in a pod's namespace. */
export async function withTraffic<T>(
  { pid }: PodNetns,
  command: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  // A group of its own: nsenter and a shell fork, and a signal to one alone would leave the others running.
  const child = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, ...command], {
    stdio: 'ignore',
    detached: true,
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  try {
    return await work();
  } finally {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL');
    }
    await closed;
  }
}
