/** The input of the docker check: what the engine says of the target's networks and of containers that DESTs mean. */

import type { InputContext } from '../../cluster/context.ts';
import type { DockerClient } from '../../docker/client.ts';
import { containerName, publishedPorts } from '../../docker/container.ts';
import { dockerProxies } from '../../docker/docker-proxies.ts';
import { DockerApiError } from '../../docker/errors.ts';
import type { DockerContainer, DockerListed, DockerNetworkInfo } from '../../docker/types.ts';
import type { InputOf } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type check from './check.ts';
import type { DockerInput, DockerNetwork, DockerPeer } from './facts.ts';
import { unseenHost } from './unseen-host.ts';

/** Nothing but a Docker container has this. */
export default async function prepare({
  subject,
  args,
  asked,
  signal,
}: InputContext): Promise<InputOf<typeof check> | undefined> {
  if (!subject.docker) return undefined;
  const { client, container } = subject.docker;
  const [networks, others, peers, proxies, owner] = await Promise.all([
    networksOf(client, container, signal),
    otherNetworks(client, container, signal),
    peersOf(client, container, asked, signal),
    dockerProxies(container),
    ownerOf(client, container, signal),
  ]);
  const unseen = unseenHost(client, args.session.profile);
  return {
    container: containerName(container),
    mode: container.HostConfig.NetworkMode,
    networks,
    published: publishedPorts(container),
    ...(owner === undefined ? {} : { owner }),
    peers,
    others,
    destinations: [...asked],
    ...(proxies === undefined ? {} : { proxies }),
    ...(unseen === undefined ? {} : { unseenHost: unseen }),
  };
}

/** The container whose network the target shares, if any. */
async function ownerOf(
  client: DockerClient,
  { HostConfig: { NetworkMode } }: DockerContainer,
  signal: AbortSignal,
): Promise<DockerInput['owner']> {
  if (!NetworkMode.startsWith('container:')) return undefined;
  const id = NetworkMode.slice('container:'.length);
  const owner = await client
    .get<DockerContainer>(`/containers/${encodeURIComponent(id)}/json`, { signal })
    .catch((error: unknown) => {
      // It is gone, which the engine says itself, or an engine's plugin for authorization keeps it to itself.
      if (error instanceof DockerApiError) return undefined;
      throw error;
    });
  return (
    owner && {
      container: containerName(owner),
      networks: await networksOf(client, owner, signal),
      published: publishedPorts(owner),
    }
  );
}

async function networksOf(
  client: DockerClient,
  { HostConfig, NetworkSettings }: DockerContainer,
  signal: AbortSignal,
): Promise<DockerNetwork[]> {
  if (HostConfig.NetworkMode === 'host' || HostConfig.NetworkMode === 'none') return [];
  return Promise.all(
    Object.entries(NetworkSettings.Networks ?? {}).map(async ([name, endpoint]) => {
      const info = await client
        .get<DockerNetworkInfo>(`/networks/${encodeURIComponent(endpoint.NetworkID || name)}`, { signal })
        .catch((error: unknown) => {
          // The network was removed a moment ago, or the engine's plugin for authorization keeps it to itself.
          if (error instanceof DockerApiError) return undefined;
          throw error;
        });
      const options = info?.Options ?? {};
      return {
        name,
        driver: info?.Driver ?? 'unknown',
        subnets: info ? subnetsOf(info) : [],
        gateway: endpoint.Gateway,
        ...(options['parent'] === undefined ? {} : { parent: options['parent'] }),
        addresses: [endpoint.IPAddress, endpoint.GlobalIPv6Address].filter(Boolean),
        internal: info?.Internal === true,
        isDefaultBridge: options['com.docker.network.bridge.default_bridge'] === 'true',
        connectsContainers: options['com.docker.network.bridge.enable_icc'] !== 'false',
        masquerades:
          options['com.docker.network.bridge.enable_ip_masquerade'] !== 'false' &&
          (options['com.docker.network.bridge.gateway_mode_ipv4'] ?? 'nat') === 'nat',
      };
    }),
  );
}

/** Those that the target is not on. */
async function otherNetworks(
  client: DockerClient,
  { NetworkSettings }: DockerContainer,
  signal: AbortSignal,
): Promise<DockerInput['others']> {
  const own = NetworkSettings.Networks ?? {};
  const all = await client.get<DockerNetworkInfo[]>('/networks', { signal }).catch((error: unknown) => {
    // An engine's plugin for authorization may keep them to itself.
    if (error instanceof DockerApiError) return [];
    throw error;
  });
  return all
    .filter(({ Name }) => own[Name] === undefined)
    .map((info) => ({ name: info.Name, driver: info.Driver, subnets: subnetsOf(info) }))
    .filter(({ subnets }) => subnets.length > 0);
}

function subnetsOf({ IPAM }: DockerNetworkInfo): string[] {
  return (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []);
}

/** The containers of the same engine that DESTs mean: by what the name server would call them, or by an address. */
async function peersOf(
  client: DockerClient,
  target: DockerContainer,
  asked: readonly Destination[],
  signal: AbortSignal,
): Promise<DockerPeer[]> {
  if (asked.length === 0) return [];
  const all = await client.get<DockerListed[]>('/containers/json', { query: { all: '1' }, signal });
  const others = all.filter(({ Id }) => Id !== target.Id);
  return asked.flatMap(({ host, label }): DockerPeer[] => {
    const own = (by: DockerPeer['by'], one: DockerListed): DockerPeer => ({
      destination: label,
      by,
      container: one.Names[0]?.replace(/^\//, '') ?? one.Id.slice(0, 12),
      isRunning: one.State === 'running',
      networks: Object.keys(one.NetworkSettings?.Networks ?? {}),
    });
    const named = others.find((one) => isNamed(one, host));
    if (named) return [own('name', named)];
    const addressed = others.find((one) => hasAddress(one, host));
    return addressed ? [own('address', addressed)] : [];
  });
}

/** Its own name, the beginning of its id, or the name of its Compose service. */
function isNamed({ Id, Names, Labels }: DockerListed, host: string): boolean {
  return (
    Names.includes(`/${host}`) ||
    host === Id ||
    host === Id.slice(0, 12) ||
    Labels?.['com.docker.compose.service'] === host
  );
}

function hasAddress({ NetworkSettings }: DockerListed, host: string): boolean {
  return Object.values(NetworkSettings?.Networks ?? {}).some(
    ({ IPAddress, GlobalIPv6Address }) => host === IPAddress || host === GlobalIPv6Address,
  );
}
