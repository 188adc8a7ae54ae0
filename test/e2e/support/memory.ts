/** What a process needs of memory: the kernel's own count. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The most that a running process ever had resident, in MB (VmHWM in /proc/PID/status). */
export function peakMb(child: Pick<ChildProcess, 'pid'>): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1_000_000;
}

/**
 * What a running process has now that is its own, in MB (RssAnon in /proc/PID/status). How much of a file it has mapped is the page
 * cache's doing: of one binary it was 25 MB as a copy, and 50 as it had been written.
 */
export function ownMb(child: Pick<ChildProcess, 'pid'>): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return (Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1_000_000;
}
