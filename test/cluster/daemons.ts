/** Long-running processes of the cluster: start, record, recognise again. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { joinFiles } from './cgroups.ts';
import { writeFile } from './files.ts';
import { logDir, runDir } from './paths.ts';

export interface DaemonSpec {
  readonly name: string;
  readonly argv: readonly string[];
  /** Cgroup below the top of each hierarchy. */
  readonly cgroup: string;
  /** Network namespace under /run/netns; absent: the machine's own. */
  readonly netns?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface DaemonRecord {
  readonly name: string;
  readonly pid: number;
  /** Start time in clock ticks since boot (proc(5), stat field 22): with the pid it names one process. */
  readonly startTime: string;
}

const recordDir = join(runDir, 'daemons');

/** Start time of a living process; undefined for a missing one and for a zombie. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name stands in parentheses and may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** True while exactly the recorded process lives. */
export function isAlive(record: DaemonRecord): boolean {
  return startTimeOf(record.pid) === record.startTime;
}

/** Records of all daemons that were started since the last `down`. */
export function daemonRecords(): DaemonRecord[] {
  if (!existsSync(recordDir)) return [];
  return readdirSync(recordDir)
    .sort()
    .flatMap((file) => daemonRecord(file) ?? []);
}

/** Drops the records of daemons that have ended, so that a later end is one of this run. */
export function forgetEndedDaemons(): void {
  for (const record of daemonRecords()) {
    if (!isAlive(record)) rmSync(join(recordDir, record.name));
  }
}

function daemonRecord(name: string): DaemonRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(recordDir, name), 'utf8')) as DaemonRecord;
  } catch {
    return undefined;
  }
}

// Join first, exec then: no moment in which a child could escape the group.
// Not `ip netns exec`: it remounts /sys, which hides the cgroups.
const joinAndExec = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done; shift; exec "$@"';

/** Starts a daemon unless it lives already. Its output is appended to `NAME.log`. */
export function ensureDaemon(spec: DaemonSpec): void {
  const previous = daemonRecord(spec.name);
  if (previous && isAlive(previous)) return;
  mkdirSync(logDir, { recursive: true });
  const log = openSync(join(logDir, `${spec.name}.log`), 'a');
  const enter = spec.netns ? ['nsenter', `--net=/run/netns/${spec.netns}`, '--'] : [];
  const args = ['-c', joinAndExec, spec.name, ...joinFiles(spec.cgroup), '--', ...enter, ...spec.argv];
  const child = spawn('/bin/sh', args, {
    cwd: '/',
    detached: true,
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  const startTime = child.pid === undefined ? undefined : startTimeOf(child.pid);
  if (child.pid === undefined || startTime === undefined) throw new Error(`${spec.name} did not start`);
  const record: DaemonRecord = { name: spec.name, pid: child.pid, startTime };
  writeFile(join(recordDir, spec.name), JSON.stringify(record));
}

/** The end of a daemon's log, for an error message. */
export function logTail(name: string, lines = 5): string {
  try {
    return readFileSync(join(logDir, `${name}.log`), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .join('\n');
  } catch {
    return '(no log)';
  }
}
