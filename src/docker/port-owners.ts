/** Which containers of an engine on this machine have a port on which nothing of the machine itself listens. */

import { readFile } from 'node:fs/promises';
import type { ContainerPort } from '../model/container-port.ts';
import { socketAddress } from '../model/socket-address.ts';
import { inspect } from './beside.ts';
import type { DockerClient } from './client.ts';
import { containerName, publishedPorts } from './container.ts';
import { runsHere } from './docker-proxies.ts';
import type { DockerContainer, DockerListed } from './types.ts';

/** A port that somebody asks for. */
export interface AskedPort {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

/** An engine may have thousands; each is one request. */
const MOST_ASKED = 100;

/** @returns for each port, in the order of `asked`, those that have it; running ones first */
export async function portOwners(
  client: DockerClient,
  asked: readonly AskedPort[],
  signal: AbortSignal,
): Promise<ContainerPort[][]> {
  const listed = await client.get<DockerListed[]>('/containers/json', { query: { all: '1' }, signal });
  const first = [...listed].sort((a, b) => Number(b.State === 'running') - Number(a.State === 'running'));
  const seen = await Promise.all(
    first.slice(0, MOST_ASKED).map(async ({ Id }) => {
      const full = await inspect(client, Id, signal);
      return typeof full === 'string' ? undefined : full;
    }),
  );
  return Promise.all(
    asked.map(async (one) => {
      const all = await Promise.all(seen.map((full) => full && ownerOf(full, one)));
      return all.flatMap((owner) => owner ?? []);
    }),
  );
}

/** `undefined`: it does not have the port. */
async function ownerOf(container: DockerContainer, asked: AskedPort): Promise<ContainerPort | undefined> {
  const { port, protocol } = asked;
  const { State, HostConfig, NetworkSettings } = container;
  // In the host's network a container has no ports of its own; in another one's, that one has them.
  if (HostConfig.NetworkMode === 'host' || HostConfig.NetworkMode.startsWith('container:')) return undefined;
  const own = { container: containerName(container), state: State.Status, protocol };
  if (!State.Running) {
    const led = leadingTo(HostConfig.PortBindings, asked);
    return led && { ...own, port: led.port, by: 'published', published: led.places };
  }
  const address = Object.values(NetworkSettings.Networks ?? {}).find(({ IPAddress }) => IPAddress)?.IPAddress;
  const running = { ...own, port, ...(address === undefined ? {} : { address }) };
  const published = publishedPorts(container)
    .filter((one) => one.port === port && one.protocol === protocol)
    .map(({ hostAddress, hostPort }) => socketAddress(hostAddress, hostPort));
  const by = await listening(container, asked);
  if (by !== undefined) return { ...running, by, published };
  const isExposed = NetworkSettings.Ports?.[`${port}/${protocol}`] !== undefined;
  return isExposed ? { ...running, by: 'exposed', published } : undefined;
}

/** What a container that does not run would publish at this port of the host. */
function leadingTo(
  bindings: DockerContainer['HostConfig']['PortBindings'],
  { port, protocol }: AskedPort,
): { readonly port: number; readonly places: readonly string[] } | undefined {
  for (const [name, places] of Object.entries(bindings ?? {})) {
    const [inside = '', kind] = name.split('/');
    const led = (places ?? []).filter(({ HostPort }) => HostPort === String(port));
    if (kind === protocol && led.length > 0)
      return {
        port: Number(inside),
        places: led.map(({ HostIp }) => socketAddress(HostIp || '0.0.0.0', port)),
      };
  }
  return undefined;
}

/** Whether a program in it listens, where its processes are to be seen here, and this user may look. */
async function listening(
  container: DockerContainer,
  asked: AskedPort,
): Promise<'listens' | 'loopback' | undefined> {
  if (!(await runsHere(container))) return undefined;
  const addresses = await listenAddresses(`/proc/${container.State.Pid}/net`, asked);
  if (addresses.length === 0) return undefined;
  return addresses.every((one) => LOOPBACK.test(one)) ? 'loopback' : 'listens';
}

/** 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104, as the kernel of a little-endian machine writes them. */
const LOOPBACK = /^([0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F)$/;

/** Whether anything listens on a port of this machine: an engine that leads to a container does, or its rules do. */
export async function isListenedOn(asked: AskedPort): Promise<boolean> {
  return (await listenAddresses('/proc/self/net', asked)).length > 0;
}

/** Addresses of sockets that listen (TCP) or are bound (UDP), as the kernel writes them (proc(5), /proc/net/tcp). */
async function listenAddresses(folder: string, { port, protocol }: AskedPort): Promise<string[]> {
  // TCP_LISTEN and TCP_CLOSE of include/net/tcp_states.h: an unconnected UDP socket is in the latter.
  const state = protocol === 'tcp' ? '0A' : '07';
  const texts = await Promise.all(
    [protocol, `${protocol}6`].map((name) => readFile(`${folder}/${name}`, 'utf8').catch(() => '')),
  );
  const local = new RegExp(
    `^ *\\d+: ([0-9A-F]+):${port.toString(16).toUpperCase().padStart(4, '0')} \\S+ ${state} `,
    'gm',
  );
  return texts.flatMap((text) => Array.from(text.matchAll(local), ([, address = '']) => address));
}
