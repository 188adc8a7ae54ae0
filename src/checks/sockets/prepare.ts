/** The input of the sockets check: on which ports the pod is expected to listen. */

import type { InputContext } from '../../cluster/context.ts';
import { declaredPorts } from '../../cluster/pod-ports.ts';
import { unreadReason } from '../../cluster/reading.ts';
import type { DockerClient } from '../../docker/client.ts';
import { containerName, publishedPorts } from '../../docker/container.ts';
import { DockerApiError } from '../../docker/errors.ts';
import type { DockerContainer, DockerNetworkInfo } from '../../docker/types.ts';
import type { InputOf } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { Pod, Service } from '../../model/kube-objects.ts';
import { parsePrefix } from '../../parsers/ip-prefix.ts';
import { thresholdsIn } from '../shared/about.ts';
import about from './about.ts';
import type check from './check.ts';
import type { AddressPlace, DockerPlace, ExpectedPort, NamedPlace } from './facts.ts';
import { misreadLinks } from './prepare-links.ts';
import { takenPorts } from './prepare-taken.ts';

export default async function prepare({
  subject,
  args,
  asked,
  signal,
}: InputContext): Promise<InputOf<typeof check>> {
  const { portShare } = thresholdsIn(args, about);
  const { cluster, pod, docker } = subject;
  const names = namesOf(asked);
  const places = placesOf(asked);
  const common = {
    portShare,
    ...(names.length === 0 ? {} : { names }),
    ...(places.length === 0 ? {} : { places }),
    ...(subject.isHost ? { isHost: true as const } : {}),
  };
  if (docker) {
    const networks = await networksOf(docker.client, docker.container, signal);
    return {
      expected: dockerPorts(docker.container),
      ...common,
      ...(networks.length === 0 ? {} : { networks }),
    };
  }
  // Nobody says of a host on which ports it should listen.
  if (!cluster || !pod) {
    const taken = cluster && subject.isHost ? await takenPorts(cluster, subject.node) : [];
    const links = cluster ? await misreadLinks(cluster, undefined, [], asked) : {};
    return { expected: [], ...common, ...links, ...(taken.length === 0 ? {} : { taken }) };
  }
  const services = await cluster.services(pod.metadata?.namespace ?? cluster.namespace);
  const expected = expectedPorts(pod, services.value ?? []);
  return {
    expected,
    ...common,
    ...(await misreadLinks(cluster, pod, expected, asked)),
    ...(services.value === undefined ? { servicesSkipped: unreadReason(services) } : {}),
  };
}

/** More look-ups are the dns check's to do. */
const MAX_NAMES = 4;

/** Each place once. */
function namesOf(asked: readonly Destination[]): NamedPlace[] {
  const found = asked.flatMap(({ label, host, port, protocol, anyPort, inCluster }): NamedPlace[] =>
    /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(host) &&
    !/^[\d.]+$/.test(host) &&
    host.toLowerCase() !== 'localhost' &&
    protocol === 'tcp' &&
    !anyPort &&
    /^\d+$/.test(port)
      ? [{ label, name: host, port: Number(port), ...(inCluster ? { isInside: true } : {}) }]
      : [],
  );
  const seen = new Set<string>();
  return found
    .filter(({ name, port }) => !seen.has(`${name} ${port}`) && Boolean(seen.add(`${name} ${port}`)))
    .slice(0, MAX_NAMES);
}

/** Outside of the cluster, where load balancers and NAT are. */
function placesOf(asked: readonly Destination[]): AddressPlace[] {
  return asked.flatMap(({ label, host, port, protocol, anyPort, inCluster }): AddressPlace[] =>
    parsePrefix(host) === undefined || protocol !== 'tcp' || anyPort || inCluster || !/^\d+$/.test(port)
      ? []
      : [{ label, address: host, port: Number(port) }],
  );
}

/** The bridge networks of a container, with the addresses that the engine has given away on them. */
async function networksOf(
  client: DockerClient,
  { NetworkSettings }: DockerContainer,
  signal: AbortSignal,
): Promise<DockerPlace[]> {
  const own = Object.entries(NetworkSettings.Networks ?? {});
  const all = await Promise.all(
    own.map(([name, { NetworkID }]) =>
      client
        .get<DockerNetworkInfo>(`/networks/${encodeURIComponent(NetworkID || name)}`, { signal })
        .catch((error: unknown) => {
          // The network was removed a moment ago, or the engine's plugin for authorization keeps it to itself.
          if (error instanceof DockerApiError) return undefined;
          throw error;
        }),
    ),
  );
  return all.flatMap((info, i): DockerPlace[] => {
    if (info?.Driver !== 'bridge' || info.Containers === undefined) return [];
    const given = Object.values(info.Containers ?? {}).flatMap(({ IPv4Address, IPv6Address }) => [
      IPv4Address,
      IPv6Address,
    ]);
    const config = info.IPAM?.Config ?? [];
    const gateways = [own[i]?.[1].Gateway ?? '', ...config.flatMap(({ Gateway }) => Gateway ?? [])];
    return [
      {
        name: info.Name,
        subnets: config.flatMap(({ Subnet }) => Subnet ?? []),
        taken: [...given, ...gateways].map((one) => one.replace(/\/\d+$/, '')).filter(Boolean),
      },
    ];
  });
}

/** What is published, and what the image exposes. In the host's network nobody publishes anything. */
function dockerPorts(container: DockerContainer): ExpectedPort[] {
  const byPort = new Map<string, ExpectedPort>();
  for (const { port, protocol, hostPort } of publishedPorts(container)) {
    byPort.set(`${port}/${protocol}`, { port, protocol, by: 'published', name: `host port ${hostPort}` });
  }
  for (const name of Object.keys(container.NetworkSettings.Ports ?? {})) {
    const [port = '', protocol = ''] = name.split('/');
    const known = ipProtocol(protocol.toUpperCase());
    if (known === undefined || byPort.has(name)) continue;
    byPort.set(name, { port: Number(port), protocol: known, by: 'declared', name: containerName(container) });
  }
  return [...byPort.values()];
}

/** Each port once; where a Service sends to it, that is what counts. */
function expectedPorts(pod: Pod, services: readonly Service[]): ExpectedPort[] {
  const all = [...services.flatMap((s) => servicePorts(pod, s)), ...declared(pod)];
  const known = new Set<string>();
  return all.filter(({ port, protocol }) => {
    const key = `${protocol} ${port}`;
    return !known.has(key) && Boolean(known.add(key));
  });
}

function servicePorts(pod: Pod, { metadata, spec }: Service): ExpectedPort[] {
  const labels = pod.metadata?.labels ?? {};
  const selector = Object.entries(spec?.selector ?? {});
  if (selector.length === 0 || !selector.every(([key, value]) => labels[key] === value)) return [];
  return (spec?.ports ?? []).flatMap(({ port, targetPort = port, protocol = 'TCP' }): ExpectedPort[] => {
    const number = typeof targetPort === 'number' ? targetPort : namedPort(pod, String(targetPort), protocol);
    const known = ipProtocol(protocol);
    return number === undefined || known === undefined
      ? []
      : [{ port: number, protocol: known, by: 'service', name: `svc/${metadata?.name}` }];
  });
}

function namedPort(pod: Pod, name: string, protocol: string): number | undefined {
  return declaredPorts(pod).find((p) => p.name === name && p.protocol === protocol)?.port;
}

function declared(pod: Pod): ExpectedPort[] {
  return declaredPorts(pod).flatMap(({ port, protocol, container }): ExpectedPort[] => {
    const known = ipProtocol(protocol);
    return known === undefined ? [] : [{ port, protocol: known, by: 'declared', name: container }];
  });
}

function ipProtocol(text: string): 'tcp' | 'udp' | undefined {
  return text === 'TCP' ? 'tcp' : text === 'UDP' ? 'udp' : undefined;
}
