/** What processes of this machine hold in the kernel: BPF programs, maps and links, by their file descriptors. */
import { readdirSync, readFileSync } from 'node:fs';
import { attempt, until } from '../../cluster/proc.ts';

/** Of one kind each, by the ids that bpftool knows them by. */
export interface Held {
  readonly prog: readonly number[];
  readonly map: readonly number[];
  readonly link: readonly number[];
}

/** What a process holds; nothing where it has ended. */
export function heldBy(pid: number): Held {
  const ids = (name: string): number[] => {
    const found = descriptorsOf(pid).flatMap(
      (text) => new RegExp(`^${name}:\\s+(\\d+)$`, 'm').exec(text)?.[1] ?? [],
    );
    return [...new Set(found)].map(Number);
  };
  return { prog: ids('prog_id'), map: ids('map_id'), link: ids('link_id') };
}

/** USER_HZ, in which the kernel tells processes' times (proc_pid_stat(5)). */
const TICK_SECONDS = 0.01;

/** What a process has had of the CPUs, in seconds. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_SECONDS;
}

function descriptorsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fdinfo`;
  // What is closed meanwhile is not held.
  const unless = <T>(read: () => T, gone: T): T => {
    try {
      return read();
    } catch {
      return gone;
    }
  };
  return unless(() => readdirSync(folder), []).map((name) =>
    unless(() => readFileSync(`${folder}/${name}`, 'utf8'), ''),
  );
}

/** Waits until the kernel has none of it any more. */
export async function gone(held: Held): Promise<void> {
  for (const [kind, ids] of Object.entries(held) as [keyof Held, readonly number[]][])
    for (const id of ids)
      await until(`end of ${kind} ${id}`, 60, async () => {
        const { code, stdout } = await attempt(['bpftool', kind, 'show', 'id', String(id)]);
        return code !== 0 || stdout;
      });
}
