/** The fabric: a bridge on the machine, a namespace and a link per node, and routes between pod ranges. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bridge, type ClusterNode, nodes } from './paths.ts';
import { attempt, run } from './proc.ts';

const netnsDir = '/run/netns';

/** Identity of a namespace: two paths lead to the same one when these are equal. */
function namespaceId(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** True when the process lives in the node's present namespace (not in a deleted one of the same name). */
export function livesIn(pid: number, node: ClusterNode): boolean {
  const id = namespaceId(`/proc/${pid}/ns/net`);
  return id !== undefined && id === namespaceId(join(netnsDir, node.netns));
}

/** True when the name stands for a namespace, and not for the empty file that a reboot leaves. */
export function hasNamespace(node: ClusterNode): boolean {
  return readFileSync('/proc/self/mounts', 'utf8').includes(`/netns/${node.netns} nsfs `);
}

/** Runs `ip` with many commands at once. */
function ipBatch(lines: readonly string[], netns?: string): Promise<string> {
  const argv = ['ip', ...(netns ? ['-n', netns] : []), '-batch', '-'];
  return run(argv, { input: `${lines.join('\n')}\n` });
}

async function hasLink(name: string): Promise<boolean> {
  return (await attempt(['ip', 'link', 'show', 'dev', name])).code === 0;
}

async function connectNode(node: ClusterNode): Promise<void> {
  if (!hasNamespace(node)) {
    // The empty file of a namespace that ended with a reboot would stop `ip netns add`.
    await attempt(['ip', 'netns', 'delete', node.netns]);
    await run(['ip', 'netns', 'add', node.netns]);
  }
  if (!(await hasLink(node.link))) {
    await run(['ip', 'link', 'add', node.link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', node.netns]);
  }
  await ipBatch([`link set ${node.link} master ${bridge.name} up`]);
  await ipBatch(
    [
      'link set lo up',
      'link set eth0 up',
      `addr replace ${node.address}/${bridge.prefix} dev eth0`,
      `route replace default via ${bridge.address}`,
      ...nodes
        .filter((other) => other.name !== node.name)
        .map((other) => `route replace ${other.podCidr} via ${other.address}`),
    ],
    node.netns,
  );
  await run(['ip', 'netns', 'exec', node.netns, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
}

/** Makes whatever of the fabric is missing. */
export async function ensureNetwork(): Promise<void> {
  if (!(await hasLink(bridge.name))) await run(['ip', 'link', 'add', bridge.name, 'type', 'bridge']);
  await ipBatch([
    `addr replace ${bridge.address}/${bridge.prefix} dev ${bridge.name}`,
    `link set ${bridge.name} up`,
  ]);
  await Promise.all(nodes.map(connectNode));
  // Without these the API server's answers to pods would leave through the machine's default route.
  await ipBatch(nodes.map((node) => `route replace ${node.podCidr} via ${node.address} dev ${bridge.name}`));
}

/** Removes the fabric; links and routes go with the namespaces and the bridge. */
export async function removeNetwork(): Promise<void> {
  for (const node of nodes) {
    await attempt(['ip', 'netns', 'delete', node.netns]);
    await attempt(['ip', 'link', 'delete', node.link]);
  }
  await attempt(['ip', 'link', 'delete', bridge.name]);
  // `ip netns add` mounts the folder on itself; the next one does so again.
  if (existsSync(netnsDir) && readdirSync(netnsDir).length === 0) await attempt(['umount', netnsDir]);
}
