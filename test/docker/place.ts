/** Where one engine of the tests lives: a network namespace and a folder of its own, gone with it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, run, until } from '../cluster/proc.ts';

const baseDir = '/var/lib/kubectl-nettools-engines';
const cgroupDir = '/sys/fs/cgroup';

/** Its name carries the process that made it, so that a later run can tell whether it still has an owner. */
export interface EnginePlace {
  readonly name: string;
  readonly dir: string;
  /** Name under /run/netns. */
  readonly netns: string;
}

let count = 0;

/** Makes a namespace and a folder, and removes those whose owner was killed. @param kind a few letters */
export async function makePlace(kind: string): Promise<EnginePlace> {
  await removeOrphans();
  const place = placeOf(`${kind}-${process.pid}-${count++}`);
  mkdirSync(place.dir, { recursive: true, mode: 0o700 });
  await run(['ip', 'netns', 'add', place.netns]);
  await run(['ip', '-n', place.netns, 'link', 'set', 'lo', 'up']);
  return place;
}

function placeOf(name: string): EnginePlace {
  return { name, dir: join(baseDir, name), netns: `nt${name}` };
}

/** Words that run a command in the place's network namespace. */
export function inside({ netns }: EnginePlace): string[] {
  // Not `ip netns exec`: it remounts /sys, which hides the cgroups.
  return ['nsenter', `--net=/run/netns/${netns}`, '--'];
}

/** Ends whatever runs there, and takes the place off the machine. */
export async function removePlace(place: EnginePlace): Promise<void> {
  const { name, dir, netns } = place;
  await until(`end of what runs in ${name}`, 60, async () => {
    const pids = members(place);
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended in between.
      }
    }
    return pids.length === 0 || pids.join(', ');
  });
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${dir}/`));
  if (mounts.length > 0) await attempt(['umount', '--lazy', ...mounts.reverse()]);
  await attempt(['ip', 'netns', 'delete', netns]);
  removeCgroups(name);
  rmSync(dir, { recursive: true, force: true });
  try {
    rmdirSync(baseDir);
  } catch {
    // Another engine lives there.
  }
}

/** Processes whose words name the folder (daemons, shims), and those of containers, by their cgroup. */
function members({ name, dir }: EnginePlace): number[] {
  const named = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && read(`/proc/${pid}/cmdline`).includes(`${dir}/`),
  );
  const contained = cgroups(name).flatMap((group) => read(join(group, 'cgroup.procs')).split('\n'));
  return [...named, ...contained].filter((pid) => pid !== '').map(Number);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended in between.
    return '';
  }
}

/** The place's cgroups, children before their parents: one v1 hierarchy per controller, or v2's single tree. */
function cgroups(name: string): string[] {
  const tops = [cgroupDir, ...readdirSync(cgroupDir).map((controller) => join(cgroupDir, controller))];
  return tops.flatMap((top) => tree(join(top, name)));
}

function tree(group: string): string[] {
  if (!existsSync(join(group, 'cgroup.procs'))) return [];
  const children = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...children.flatMap((child) => tree(join(group, child.name))), group];
}

/** Removes the cgroups of this name; those with processes in them stay. */
export function removeCgroups(name: string): void {
  for (const group of cgroups(name)) {
    try {
      rmdirSync(group);
    } catch {
      // A process of it is just ending.
    }
  }
}

async function removeOrphans(): Promise<void> {
  for (const name of existsSync(baseDir) ? readdirSync(baseDir) : []) {
    const owner = /^[a-z]+-(\d+)-\d+$/.exec(name)?.[1];
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) await removePlace(placeOf(name));
  }
}
