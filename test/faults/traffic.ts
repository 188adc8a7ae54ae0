/** Traffic that goes on while something is looked at. */
import { spawn } from 'node:child_process';
import type { PodNetns } from './pod-netns.ts';

/** A pod, or the path of a network namespace. */
type Where = Pick<PodNetns, 'pid'> | string;

/** Runs `work` while a command of this machine runs in a namespace; it is ended with it. */
export async function withTraffic<T>(
  where: Where,
  command: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  // A group of its own: nsenter and a shell fork, and a signal to one alone would leave the others running.
  const path = typeof where === 'string' ? where : `/proc/${where.pid}/ns/net`;
  const child = spawn('nsenter', [`--net=${path}`, ...command], {
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
