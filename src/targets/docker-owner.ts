/**
 * Which process a session's container belongs to. A client that is killed between creating and starting it leaves it in
 * a state that no connection ends; another client of the same machine can tell at once that nobody will start it.
 */
import { readFileSync, readlinkSync } from 'node:fs';

/** A process that cannot be mistaken for another: machine and boot, namespace of process ids, id, start. */
interface Owner {
  /** What two processes have in common that see each other in /proc. */
  readonly view: string;
  readonly pid: string;
  /** In clock ticks since boot (proc_pid_stat(5), field 22). */
  readonly start: string;
}

/** This process, as a label's value; `undefined` where there is no /proc. */
export function ownerLabel(): string | undefined {
  const view = ownView();
  const start = startOf('self');
  return view && start && [view, process.pid, start].join(' ');
}

/** Whether the process of a label is known to have ended; false for one of another machine. */
export function isOwnerGone(label: string | undefined): boolean {
  const owner = parseOwner(label ?? '');
  return owner !== undefined && owner.view === ownView() && startOf(owner.pid) !== owner.start;
}

function parseOwner(label: string): Owner | undefined {
  const [, view, pid, start] = /^(\S+ \S+) (\d+) (\d+)$/.exec(label) ?? [];
  return view && pid && start ? { view, pid, start } : undefined;
}

function ownView(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** `undefined`: it has ended. */
function startOf(pid: string): string | undefined {
  try {
    // The name before it, in brackets, may hold anything.
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
  } catch {
    return undefined;
  }
}
