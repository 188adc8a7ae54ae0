/** Takes the cluster off the machine and tells what could not be removed. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { listCgroups, listMembers, removeCgroups } from './cgroups.ts';
import { daemonRecords, isAlive } from './daemons.ts';
import { say } from './log.ts';
import { hasNamespace, livesIn, removeNetwork } from './network.ts';
import { bridge, dataDir, nodes, podCidr, runDir } from './paths.ts';
import { attempt, until } from './proc.ts';
import { removeStrays } from './strays.ts';
import { restoreSysctls } from './sysctls.ts';

/** Processes that the cluster started: recorded daemons, and all members of its cgroups. */
function ownProcesses(): number[] {
  const recorded = daemonRecords()
    .filter(isAlive)
    .map((record) => record.pid);
  return [...new Set([...recorded, ...listMembers()])];
}

function describe(pid: number): string {
  try {
    return `${pid} (${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()})`;
  } catch {
    return String(pid);
  }
}

async function killOwnProcesses(): Promise<void> {
  await until("end of the cluster's processes", 20, async () => {
    const pids = ownProcesses();
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended in between.
      }
    }
    return pids.length === 0 || pids.map(describe).join(', ');
  });
}

/** Mount points in the cluster's folders, innermost first. */
function ownMounts(): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => [dataDir, runDir].some((folder) => path === folder || path.startsWith(`${folder}/`)))
    .reverse();
}

async function unmountAll(): Promise<void> {
  const mounts = ownMounts();
  // Lazily: a process that is just ending may hold one for a moment longer.
  if (mounts.length > 0) await attempt(['umount', '--lazy', ...mounts]);
}

/** Processes of others in the nodes' namespaces, such as a shell that someone opened there. */
function foreignProcesses(): string[] {
  const pids = readdirSync('/proc').map(Number).filter(Boolean);
  return nodes
    .filter(hasNamespace)
    .flatMap((node) =>
      pids
        .filter((pid) => livesIn(pid, node))
        .map((pid) => `process ${describe(pid)} in ${node.netns}: not started by the cluster, left alone`),
    );
}

/** Everything of the cluster that is on the machine now, one line each. */
export async function remains(): Promise<string[]> {
  const links = (await attempt(['ip', '-br', 'link'])).stdout
    .split('\n')
    .map((line) => line.split(/[ @]/)[0]);
  const names = [bridge.name, ...nodes.map((node) => node.link)];
  const routes = (await attempt(['ip', 'route', 'show', 'root', podCidr])).stdout.split('\n').filter(Boolean);
  return [
    ...ownProcesses().map((pid) => `process ${describe(pid)}`),
    ...ownMounts().map((path) => `mount ${path}`),
    ...nodes
      .filter((node) => existsSync(`/run/netns/${node.netns}`))
      .map((node) => `namespace ${node.netns}`),
    ...names.filter((name) => links.includes(name)).map((name) => `link ${name}`),
    ...routes.map((route) => `route ${route}`),
    ...listCgroups().map((path) => `cgroup ${path}`),
    ...[dataDir, runDir].filter((path) => existsSync(path)).map((path) => `folder ${path}`),
  ];
}

/**
 * Removes the cluster, whatever state it is in.
 * @returns what is left, one line each; empty when all is gone
 */
export async function takeDown(): Promise<string[]> {
  if ((await remains()).length === 0) return [];
  say('taking the cluster down');
  await killOwnProcesses().catch((error: unknown) => say(String(error)));
  const foreign = foreignProcesses();
  await unmountAll();
  await removeNetwork();
  removeCgroups();
  removeStrays();
  restoreSysctls();
  // Never through a mount: behind it lies what is not ours.
  if (ownMounts().length === 0) {
    rmSync(runDir, { recursive: true, force: true });
    rmSync(dataDir, { recursive: true, force: true });
  }
  return [...(await remains()), ...foreign];
}
