/**
 * Faults are made in the network namespaces of pods and of the cluster's nodes, from this machine: a container may
 * not write sysctls, and its session must not be what makes the fault.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apiGet } from '../cluster/api.ts';
import { nodes } from '../cluster/paths.ts';
import { attempt, type RunResult, run } from '../cluster/proc.ts';

/** A network namespace in which commands of this machine can run. */
export interface Netns {
  /** @throws {Error} the command failed */
  run(...argv: readonly string[]): Promise<string>;
  attempt(...argv: readonly string[]): Promise<RunResult>;
}

/** A pod's namespace, its address, and the end of its link on the node. */
export interface PodNetns extends Netns {
  readonly name: string;
  /** A process in it, as this machine numbers it. */
  readonly pid: string;
  readonly address: string;
  readonly gateway: string;
  readonly node: Netns;
  /** The pod's interface as the node has it. */
  readonly veth: string;
}

function at(path: string): Netns {
  const words = (argv: readonly string[]): string[] => ['nsenter', `--net=${path}`, ...argv];
  return { run: (...argv) => run(words(argv)), attempt: (...argv) => attempt(words(argv)) };
}

/** The namespace of a node of the test cluster. */
export function nodeNetns(name: string): Netns {
  const node = nodes.find((one) => one.name === name);
  if (!node) throw new Error(`no node ${name}`);
  return at(join('/run/netns', node.netns));
}

/** A node's own address. */
export function nodeAddress(name: string): string {
  const node = nodes.find((one) => one.name === name);
  if (!node) throw new Error(`no node ${name}`);
  return node.address;
}

interface PodParts {
  readonly metadata: { readonly uid: string };
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP: string };
}

/** The namespace of a running pod that has one of its own. */
export async function podNetns(namespace: string, name: string): Promise<PodNetns> {
  const pod = JSON.parse(await apiGet(`/api/v1/namespaces/${namespace}/pods/${name}`)) as PodParts;
  const pid = await processOf(pod.metadata.uid);
  const own = at(join('/proc', pid, 'ns/net'));
  const node = nodeNetns(pod.spec.nodeName);
  const [link] = JSON.parse(await own.run('ip', '-j', 'link', 'show', 'dev', 'eth0')) as [
    { link_index: number },
  ];
  const links = JSON.parse(await node.run('ip', '-j', 'link', 'show')) as {
    ifindex: number;
    ifname: string;
  }[];
  const veth = links.find(({ ifindex }) => ifindex === link.link_index)?.ifname;
  const gateway = /via (\S+)/.exec(await own.run('ip', 'route', 'show', 'default'))?.[1];
  if (veth === undefined || gateway === undefined) throw new Error(`pod ${name} has no link or no gateway`);
  return { ...own, name, pid, address: pod.status.podIP, gateway, node, veth };
}

/** The sandbox's own process, which lives as long as the pod; all of a pod's processes share its namespace. */
async function processOf(uid: string): Promise<string> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const [cgroup, command] = await Promise.all(
      ['cgroup', 'comm'].map((file) => readFile(join('/proc', entry, file), 'utf8').catch(() => '')),
    );
    if (cgroup?.includes(uid) && command?.trim() === 'pause') return entry;
  }
  throw new Error(`no sandbox of pod ${uid}`);
}

/** Runs `work` while a fault is there; each step names what makes it and what takes it away. */
export async function withFault<T>(
  netns: Netns,
  steps: readonly { readonly make: string; readonly undo: string }[],
  work: () => Promise<T>,
): Promise<T> {
  const made: string[] = [];
  try {
    for (const { make, undo } of steps) {
      await netns.run(...make.split(' '));
      made.unshift(undo);
    }
    return await work();
  } finally {
    // All of them, also when one fails: the fault of one test must not be in the next.
    for (const undo of made) if (undo !== '') await netns.attempt(...undo.split(' '));
  }
}
