/** The input of the docker check: what the engine says of the target's networks and of containers that DESTs mean. */

import type { InputContext } from '../../cluster/context.ts';
import { holdersOf, inspect, isOlder, leftBehindOf, type NameHolder } from '../../docker/beside.ts';
import type { DockerClient } from '../../docker/client.ts';
import { containerName, publishedPorts } from '../../docker/container.ts';
import { dockerProxies } from '../../docker/docker-proxies.ts';
import { DockerApiError } from '../../docker/errors.ts';
import type { DockerContainer, DockerEndpoint, DockerListed, DockerNetworkInfo } from '../../docker/types.ts';
import type { InputOf } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import { parsePrefix } from '../../parsers/ip-prefix.ts';
import type check from './check.ts';
import type { DockerHolder, DockerInput, DockerNetwork, DockerPeer } from './facts.ts';
import { withoutRights } from './unseen-host.ts';

/** More addresses of one name are not tried. */
const MOST_HOLDERS = 4;

/** Nothing but a Docker container has this. */
export default async function prepare({
  subject,
  args,
  asked,
  signal,
}: InputContext): Promise<InputOf<typeof check> | undefined> {
  if (!subject.docker) return undefined;
  const { client, container } = subject.docker;
  const all = await client.get<DockerListed[]>('/containers/json', { query: { all: '1' }, signal });
  const owner = await ownerOf(client, container, signal);
  const named = typeof owner === 'object' ? owner : container;
  const names = asked.filter(({ host }) => !isAddress(host)).map(({ host }) => host);
  const holders = await holdersOf(client, all, [...new Set(names)], signal);
  const [networks, others, peers, proxies, served, leftBehind] = await Promise.all([
    networksOf(client, container, signal),
    otherNetworks(client, container, signal),
    peersOf(client, named, container.Id, all, holders, asked, signal),
    dockerProxies(container),
    typeof owner === 'object' ? networksOf(client, owner, signal) : [],
    leftBehindOf(client, all, container, signal),
  ]);
  const unseen = withoutRights(args.session.profile);
  return {
    container: containerName(container),
    mode: container.HostConfig.NetworkMode,
    networks,
    published: publishedPorts(container),
    ...(typeof owner === 'object' ? { owner: asOwner(owner, container, served) } : {}),
    ...(owner === 'gone' ? { isOwnerGone: true } : {}),
    ...(leftBehind.length === 0 ? {} : { leftBehind }),
    peers,
    holders: asked.flatMap((one) => holdersFor(one, named, holders.get(one.host) ?? [])),
    pinned: asked.flatMap((one) => pinnedFor(one, container, holders.get(one.host) ?? [])),
    taken: all.flatMap(({ NetworkSettings }) => addressesIn(NetworkSettings?.Networks ?? {})),
    others,
    destinations: [...asked],
    ...(proxies === undefined ? {} : { proxies }),
    ...(client.isPodman ? { isPodman: true } : {}),
    ...(unseen === undefined ? {} : { unseenHost: unseen }),
  };
}

/** The container whose network the target shares, if any. */
async function ownerOf(
  client: DockerClient,
  { HostConfig: { NetworkMode } }: DockerContainer,
  signal: AbortSignal,
): Promise<DockerContainer | 'gone' | 'refused' | undefined> {
  if (!NetworkMode.startsWith('container:')) return undefined;
  return inspect(client, NetworkMode.slice('container:'.length), signal);
}

function asOwner(
  owner: DockerContainer,
  target: DockerContainer,
  networks: readonly DockerNetwork[],
): NonNullable<DockerInput['owner']> {
  return {
    container: containerName(owner),
    networks,
    published: publishedPorts(owner),
    isRunning: owner.State.Running,
    isYounger: isOlder(target, owner),
  };
}

/** Who has the name of a DEST on a network of the target; one alone is the name's only meaning. */
function holdersFor(
  { label, id, anyPort, protocol }: Destination,
  { HostConfig, NetworkSettings }: DockerContainer,
  all: readonly NameHolder[],
): DockerHolder[] {
  const own = NetworkSettings.Networks ?? {};
  // The default bridge has no names.
  const names = all.filter(({ network }) => network !== 'bridge' && own[network] !== undefined);
  if (names.length < 2 || anyPort || protocol !== 'tcp' || HostConfig.NetworkMode === 'host') return [];
  return names.slice(0, MOST_HOLDERS).map((one, i) => ({ destination: label, id: `${id}-at-${i}`, ...one }));
}

/** A DEST that is a container's name, and has another address in the target's hosts file (--add-host, extra_hosts). */
function pinnedFor(
  { host, label }: Destination,
  { HostConfig }: DockerContainer,
  all: readonly NameHolder[],
): NonNullable<DockerInput['pinned']> {
  const [holder] = all;
  const entry = HostConfig.ExtraHosts?.find(
    (one) => one.startsWith(`${host}:`) || one.startsWith(`${host}=`),
  );
  const address = entry?.slice(host.length + 1).replace(/^\[(.*)\]$/, '$1');
  const addresses = [...new Set(all.map((one) => one.address))];
  if (!holder || address === undefined || addresses.includes(address)) return [];
  return [{ destination: label, address, container: holder.container, addresses }];
}

function isAddress(host: string): boolean {
  return parsePrefix(host) !== undefined;
}

function addressesIn(endpoints: Readonly<Record<string, DockerEndpoint>>): string[] {
  return Object.values(endpoints)
    .flatMap(({ IPAddress, GlobalIPv6Address }) => [IPAddress, GlobalIPv6Address])
    .filter(Boolean);
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
      const doubles = doublesOf(info);
      return {
        name,
        driver: info?.Driver ?? 'unknown',
        subnets: info ? subnetsOf(info) : [],
        gateway: endpoint.Gateway,
        ...(client.isPodman ? {} : bridgePart(info, endpoint)),
        ...(options['parent'] === undefined ? {} : { parent: options['parent'] }),
        ...(info ? tunnelPart(info) : {}),
        addresses: [endpoint.IPAddress, endpoint.GlobalIPv6Address].filter(Boolean),
        internal: info?.Internal === true,
        isDefaultBridge: options['com.docker.network.bridge.default_bridge'] === 'true',
        connectsContainers: options['com.docker.network.bridge.enable_icc'] !== 'false',
        masquerades:
          options['com.docker.network.bridge.enable_ip_masquerade'] !== 'false' &&
          (options['com.docker.network.bridge.gateway_mode_ipv4'] ?? 'nat') === 'nat',
        ...(doubles.length === 0 ? {} : { doubles }),
      };
    }),
  );
}

/** As part of a network. Docker calls a bridge after the network's id, unless it is told a name (libnetwork: bridge_network.go). */
function bridgePart(
  info: DockerNetworkInfo | undefined,
  { NetworkID }: DockerEndpoint,
): Pick<DockerNetwork, 'bridge' | 'isBridgeBare'> {
  if (info?.Driver !== 'bridge') return {};
  const options = info.Options ?? {};
  const bridge =
    options['com.docker.network.bridge.name'] ?? (NetworkID ? `br-${NetworkID.slice(0, 12)}` : undefined);
  const isBare =
    options['com.docker.network.bridge.inhibit_ipv4'] === 'true' ||
    options['com.docker.network.bridge.gateway_mode_ipv4'] === 'isolated';
  return { ...(bridge ? { bridge } : {}), ...(isBare ? { isBridgeBare: true as const } : {}) };
}

/** What an Ethernet link carries, where nobody says otherwise. */
const USUAL_MTU = 1500;
/** Each is a process on the host. */
const MOST_PEERS = 4;

/** As part of a network. The engine's option is the size of the packets around, from which it takes what a tunnel needs. */
function tunnelPart({ Driver, Options, Peers }: DockerNetworkInfo): Pick<DockerNetwork, 'tunnel'> {
  const peers = (Peers ?? []).flatMap(({ IP }) => (parsePrefix(IP)?.family === 'inet' ? [IP] : []));
  if (Driver !== 'overlay' || peers.length === 0) return {};
  const bytes = Number(Options?.['com.docker.network.driver.mtu']) || USUAL_MTU;
  return { tunnel: { peers: [...new Set(peers)].slice(0, MOST_PEERS), bytes } };
}

/** The engine gives each its own, unless somebody asks for one. */
function doublesOf(info: DockerNetworkInfo | undefined): NonNullable<DockerNetwork['doubles']> {
  const holders = new Map<string, string[]>();
  for (const { MacAddress, Name } of Object.values(info?.Containers ?? {})) {
    if (MacAddress) holders.set(MacAddress, [...(holders.get(MacAddress) ?? []), Name]);
  }
  return [...holders]
    .filter(([, containers]) => containers.length > 1)
    .map(([mac, containers]) => ({ mac, containers: containers.sort() }));
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
  { NetworkSettings }: DockerContainer,
  target: string,
  all: readonly DockerListed[],
  holders: ReadonlyMap<string, readonly NameHolder[]>,
  asked: readonly Destination[],
  signal: AbortSignal,
): Promise<DockerPeer[]> {
  const joined = NetworkSettings.Networks ?? {};
  const others = all.filter(({ Id }) => Id !== target);
  const own = async (
    { label }: Destination,
    by: DockerPeer['by'],
    one: DockerListed,
  ): Promise<DockerPeer> => {
    const shared = one.HostConfig?.NetworkMode.match(/^container:(.+)$/)?.[1];
    const owner = all.find(({ Id }) => Id === shared);
    const isRunning = one.State === 'running';
    // Of one that shares a network: whether it is in it itself.
    const full = isRunning ? await inspect(client, shared ?? one.Id, signal) : undefined;
    const left = typeof full === 'object' ? await leftBehindOf(client, all, full, signal) : [];
    return {
      destination: label,
      by,
      container: nameOf(one),
      isRunning,
      networks: Object.keys(one.NetworkSettings?.Networks ?? {}),
      ...(owner === undefined ? {} : { sharesWith: nameOf(owner) }),
      ...(left.length === 0 ? {} : { leftBehind: left }),
    };
  };
  const found = await Promise.all(
    asked.map(async (one): Promise<DockerPeer[]> => {
      const has = holders.get(one.host) ?? [];
      const held = (by: readonly NameHolder[]): DockerListed | undefined =>
        others.find((other) => by.some(({ container }) => container === nameOf(other)));
      // Another project may have the name too, on a network that the target is not on.
      const named =
        held(has.filter(({ network }) => joined[network] !== undefined)) ??
        others.find((other) => isNamed(other, one.host)) ??
        held(has);
      if (named) return [await own(one, 'name', named)];
      const addressed = others.find((other) => hasAddress(other, one.host));
      return addressed ? [await own(one, 'address', addressed)] : [];
    }),
  );
  return found.flat();
}

function nameOf({ Names, Id }: DockerListed): string {
  return Names[0]?.replace(/^\//, '') ?? Id.slice(0, 12);
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
  return addressesIn(NetworkSettings?.Networks ?? {}).includes(host);
}
