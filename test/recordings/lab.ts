/**
 * Three namespaces of our own, client - router - server, in which faults are made for the recordings. Only
 * documentation ranges (RFC 5737), and nothing leaves them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, run, until } from '../cluster/proc.ts';
import { PEER_PORTS } from './peer.ts';

export const NAMESPACES = { client: 'ntrec-client', router: 'ntrec-router', server: 'ntrec-server' } as const;
export const ADDRESSES = {
  client: '192.0.2.2',
  gateway: '192.0.2.1',
  server: '203.0.113.2',
  /** On the server's link, and nobody has it. */
  absent: '203.0.113.77',
} as const;
/** Interfaces by the namespace that they lead out of, and where to. */
export const LINKS = {
  clientOut: 'ntr-c',
  routerToClient: 'ntr-rc',
  routerToServer: 'ntr-rs',
  serverOut: 'ntr-s',
} as const;

const children = new Set<ChildProcess>();

/** The path of a namespace, for `nsenter --net=`. */
export function netnsPath(namespace: string): string {
  return join('/run/netns', namespace);
}

/** `ip` and `tc` take the namespace themselves; everything else is started in it. */
async function inside(namespace: string, argv: readonly string[]): Promise<string> {
  return run(['nsenter', `--net=${netnsPath(namespace)}`, ...argv]);
}

/** Makes the namespaces and starts the peer; {@link closeLab} undoes it, also after a failure in the middle. */
export async function openLab(): Promise<void> {
  await closeLab();
  const { client, router, server } = NAMESPACES;
  for (const name of [client, router, server]) {
    await run(['ip', 'netns', 'add', name]);
    await run(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
  }
  await link(
    client,
    LINKS.clientOut,
    `${ADDRESSES.client}/24`,
    router,
    LINKS.routerToClient,
    `${ADDRESSES.gateway}/24`,
  );
  await link(
    server,
    LINKS.serverOut,
    `${ADDRESSES.server}/24`,
    router,
    LINKS.routerToServer,
    '203.0.113.1/24',
  );
  await run(['ip', '-n', client, 'route', 'add', 'default', 'via', ADDRESSES.gateway]);
  await run(['ip', '-n', server, 'route', 'add', 'default', 'via', '203.0.113.1']);
  await inside(router, ['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.icmp_ratelimit=0']);
  // A small window lets a queue fill to a plateau without dropping anything.
  await inside(server, ['sysctl', '-qw', 'net.ipv4.tcp_rmem=4096 65536 65536']);
  background([
    'nsenter',
    `--net=${netnsPath(server)}`,
    process.execPath,
    join(import.meta.dirname, 'peer.ts'),
  ]);
  await until('the peer listens', 10, async () => {
    const listening = await inside(server, ['ss', '-tlnH']);
    return listening.includes(`:${PEER_PORTS.sink} `) || 'not yet';
  });
}

async function link(
  a: string,
  nameA: string,
  addressA: string,
  b: string,
  nameB: string,
  addressB: string,
): Promise<void> {
  await run(['ip', 'link', 'add', nameA, 'netns', a, 'type', 'veth', 'peer', 'name', nameB, 'netns', b]);
  await run(['ip', '-n', a, 'addr', 'add', addressA, 'dev', nameA]);
  await run(['ip', '-n', b, 'addr', 'add', addressB, 'dev', nameB]);
  await run(['ip', '-n', a, 'link', 'set', nameA, 'up']);
  await run(['ip', '-n', b, 'link', 'set', nameB, 'up']);
}

/** Ends what was started and removes the namespaces; does nothing where there are none. */
export async function closeLab(): Promise<void> {
  for (const child of children) await end(child);
  for (const name of Object.values(NAMESPACES)) {
    if (existsSync(netnsPath(name))) await attempt(['ip', 'netns', 'del', name]);
  }
}

/** Starts a process that runs until its lab is closed, or until the returned function is called. */
export function background(argv: readonly string[]): () => Promise<void> {
  const [command = '', ...args] = argv;
  // A group of its own: nsenter forks, and a signal to it alone would leave the command running.
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  children.add(child);
  return () => end(child);
}

async function end(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  process.kill(-child.pid, 'SIGKILL');
  await closed;
}

/** Runs `work` while a base chain of a namespace holds these nft rules. */
export async function withRules<T>(
  namespace: string,
  hook: 'forward' | 'output',
  rules: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const table = [
    'table ip ntrec {',
    `chain c { type filter hook ${hook} priority 0; policy accept;`,
    ...rules,
    '}',
    '}',
    '',
  ];
  await run(['nsenter', `--net=${netnsPath(namespace)}`, 'nft', '-f', '-'], { input: table.join('\n') });
  try {
    return await work();
  } finally {
    await inside(namespace, ['nft', 'delete', 'table', 'ip', 'ntrec']);
  }
}

/** Runs `work` while an interface sends no faster than `rate` and queues up to `limit` bytes. */
export async function withRateLimit<T>(
  namespace: string,
  device: string,
  { rate, limit }: { readonly rate: string; readonly limit: number },
  work: () => Promise<T>,
): Promise<T> {
  await run([
    'tc',
    '-n',
    namespace,
    'qdisc',
    'add',
    'dev',
    device,
    'root',
    'tbf',
    'rate',
    rate,
    'burst',
    '4000',
    'limit',
    String(limit),
  ]);
  try {
    return await work();
  } finally {
    await run(['tc', '-n', namespace, 'qdisc', 'del', 'dev', device, 'root']);
  }
}

/** Runs `work` while the client has another route to the server than its default one. */
export async function withClientRoute<T>(route: readonly string[], work: () => Promise<T>): Promise<T> {
  await run(['ip', '-n', NAMESPACES.client, 'route', 'add', ...route]);
  try {
    return await work();
  } finally {
    await run(['ip', '-n', NAMESPACES.client, 'route', 'del', ...route]);
  }
}

/** Runs `work` while processes run in the background. */
export async function withBackground<T>(
  commands: readonly (readonly string[])[],
  work: () => Promise<T>,
): Promise<T> {
  const ends = commands.map(background);
  try {
    return await work();
  } finally {
    for (const stop of ends) await stop();
  }
}
