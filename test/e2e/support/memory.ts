/** What a process needs of memory: the kernel's own count. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The most that a running process ever had resident, in MB (VmHWM in /proc/PID/status). */
export function peakMb(child: Pick<ChildProcess, 'pid'>): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1_000_000;
}
