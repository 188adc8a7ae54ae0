/** Pods that use so much of their limits, and what the kernel counts of them in their cgroup. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { nodes } from '../../cluster/paths.ts';
import { until } from '../../cluster/proc.ts';
import { app, type Manifest, pod, type TestNamespace } from './cluster.ts';

const MIB = 1024 ** 2;

/** Where cgroup v1 has its memory controller; v2 has one tree. */
const V1 = '/sys/fs/cgroup/memory';

/**
 * A pod whose application holds so much of its limit, in MiB. dd fills a buffer of that size and waits for a reader that
 * never reads, as process 1: when the kernel kills it, the container restarts.
 * @param cached so much of a file it has read again and again before
 */
export function heavyPod(name: string, limit: number, used: number, cached = 0): Manifest {
  const reading = `dd if=/dev/zero of=/tmp/file bs=1M count=${cached}; sync; cat /tmp/file /tmp/file >/dev/null; `;
  const script = `${cached > 0 ? reading : ''}mkfifo /tmp/never; sleep 100000 </tmp/never & exec dd if=/dev/zero of=/tmp/never bs=${used}M count=1`;
  return pod(name, {
    containers: [
      {
        ...app,
        ports: [],
        command: ['sh', '-c', script],
        resources: { limits: { memory: `${limit}Mi` } },
      },
    ],
  });
}

/** What the kernel has counted for a pod. */
export interface PodMemory {
  /** Bytes charged to it now. */
  readonly used: number;
  /** The most that ever were. */
  readonly peak: number;
  /** Those of them that are file cache in use, by which the kernel does not begin when it takes memory back. */
  readonly activeCache: number;
  /** How often a charge met the limit: the kernel had to take something back, or to kill. */
  readonly limitHits: number;
  /** Processes of it that were killed. */
  readonly killed: number;
}

/** Reads the cgroup of a pod: containers run on this machine, so it is in its /sys. */
export async function podMemory(ns: TestNamespace, name: string): Promise<PodMemory> {
  const isV1 = existsSync(V1);
  const own = await cgroupOf(ns, name, 'memory');
  const stat = readFileSync(join(own, 'memory.stat'), 'utf8');
  const activeCache = count(stat, isV1 ? 'total_active_file' : 'active_file');
  const number = (file: string): number => Number(readFileSync(join(own, file), 'utf8'));
  if (!isV1) {
    // These count what happened below, too.
    const events = readFileSync(join(own, 'memory.events'), 'utf8');
    return {
      used: number('memory.current'),
      peak: number('memory.peak'),
      activeCache,
      limitHits: count(events, 'max'),
      killed: count(events, 'oom_kill'),
    };
  }
  const kills = below(own).map((folder) =>
    count(readFileSync(join(folder, 'memory.oom_control'), 'utf8'), 'oom_kill'),
  );
  return {
    used: number('memory.usage_in_bytes'),
    peak: number('memory.max_usage_in_bytes'),
    activeCache,
    limitHits: number('memory.failcnt'),
    killed: kills.reduce((sum, one) => sum + one, 0),
  };
}

/** Sets how many processes and threads a pod may have, as a kubelet with a podPidsLimit does. */
export async function limitProcesses(ns: TestNamespace, name: string, most: number): Promise<void> {
  writeFileSync(join(await cgroupOf(ns, name, 'pids'), 'pids.max'), `${most}\n`);
}

/** The folder of a pod's cgroup. */
async function cgroupOf(ns: TestNamespace, name: string, controller: 'memory' | 'pids'): Promise<string> {
  const { metadata } = await ns.pod(name);
  const tree = existsSync(V1) ? join('/sys/fs/cgroup', controller) : '/sys/fs/cgroup';
  const folders = nodes.flatMap((node) => below(join(tree, node.cgroup)));
  const own = folders.find((folder) => folder.endsWith(`pod${metadata.uid}`));
  if (own === undefined) throw new Error(`pod ${name} has no cgroup below ${tree}`);
  return own;
}

/** Waits until the application has what it is to have. */
export async function holds(ns: TestNamespace, name: string, mib: number): Promise<void> {
  await until(`${mib} MiB in ${name}`, 60, async () => {
    const { used } = await podMemory(ns, name);
    return used >= mib * MIB || `it has ${Math.round(used / MIB)} MiB`;
  });
}

/** Expects that nothing happened to the application since it was started. */
export async function expectUnharmed(ns: TestNamespace, name: string): Promise<void> {
  expect(await podMemory(ns, name)).toMatchObject({ limitHits: 0, killed: 0 });
  const restarts = '{.status.containerStatuses[*].restartCount}';
  expect(await ns.kubectl(['get', 'pod', name, '-o', `jsonpath=${restarts}`])).toBe('0');
}

/** A cgroup and all below it. */
function below(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...children.flatMap(({ name }) => below(join(folder, name)))];
}

function count(text: string, key: string): number {
  return Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}
