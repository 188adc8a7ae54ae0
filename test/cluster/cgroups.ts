/**
 * The cgroups that hold what the cluster started. Membership is also the proof that a process is ours:
 * daemons join theirs before exec, and whatever they start (shims, pods) inherits it or gets a child of it.
 * Both layouts are known: one v1 hierarchy per controller, and v2's single tree.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { controlPlaneCgroup, nodes } from './paths.ts';

interface Hierarchy {
  readonly mountPoint: string;
  readonly version: 1 | 2;
  readonly options: readonly string[];
}

const topGroups = [controlPlaneCgroup, ...nodes.map((node) => node.cgroup)];

/** All mounted hierarchies: beside v1 ones, a v2 mount ("hybrid") has no controllers, but runc uses it too. */
function allHierarchies(): Hierarchy[] {
  const found: Hierarchy[] = [];
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, mountPoint = '', type, options = ''] = line.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') continue;
    found.push({ mountPoint, version: type === 'cgroup2' ? 2 : 1, options: options.split(',') });
  }
  return found;
}

/** The hierarchies that have controllers. */
function hierarchies(): Hierarchy[] {
  const v1 = allHierarchies().filter((one) => one.version === 1);
  return v1.length > 0 ? v1 : allHierarchies();
}

/** A new v1 cpuset refuses processes until both lists are filled. */
function fillCpuset(group: string, parent: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    writeFileSync(join(group, file), readFileSync(join(parent, file), 'utf8').trim());
  }
}

function makeGroup(hierarchy: Hierarchy, parent: string, name: string): string {
  const group = join(parent, name);
  mkdirSync(group, { recursive: true });
  if (hierarchy.version === 1 && hierarchy.options.includes('cpuset')) fillCpuset(group, parent);
  return group;
}

/** v2: children may use a controller only after their parent hands it down. */
function handDownControllers(group: string): void {
  const names = readFileSync(join(group, 'cgroup.controllers'), 'utf8').trim().split(' ');
  writeFileSync(join(group, 'cgroup.subtree_control'), names.map((name) => `+${name}`).join(' '));
}

/** Makes the groups of the nodes and of the control plane, where they are missing. */
export function makeCgroups(): void {
  for (const hierarchy of hierarchies()) {
    if (hierarchy.version === 2) handDownControllers(hierarchy.mountPoint);
    for (const name of topGroups) {
      const group = makeGroup(hierarchy, hierarchy.mountPoint, name);
      if (hierarchy.version === 2) handDownControllers(group);
      makeGroup(hierarchy, group, 'daemons');
    }
  }
}

/** The `cgroup.procs` files to which a daemon of this group writes its pid before it starts. */
export function joinFiles(group: string): string[] {
  return hierarchies().map((one) => join(one.mountPoint, group, 'daemons', 'cgroup.procs'));
}

function tree(group: string): string[] {
  if (!existsSync(group)) return [];
  const children = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...children.flatMap((child) => tree(join(group, child.name))), group];
}

/** All groups that exist, children before their parents. */
export function listCgroups(): string[] {
  return allHierarchies().flatMap((one) => topGroups.flatMap((name) => tree(join(one.mountPoint, name))));
}

/** Pids of all processes in these groups: the daemons, the shims and the pods. */
export function listMembers(): number[] {
  const pids = new Set<number>();
  for (const group of listCgroups()) {
    try {
      for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n')) {
        if (pid) pids.add(Number(pid));
      }
    } catch {
      // The group ended between listing and reading; so did its members.
    }
  }
  return [...pids];
}

/** Removes the groups; those with processes in them stay. */
export function removeCgroups(): void {
  for (const group of listCgroups()) {
    try {
      rmdirSync(group);
    } catch {
      // Still busy: `listCgroups` reports it afterwards.
    }
  }
}
