/** From DEST as it was typed to addresses to measure to. */

import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { namespacedPath, podsPath } from '../kube/paths.ts';
import type { EndpointSlice, Pod, Service } from '../kube/types.ts';
import type { Destination } from '../model/destination.ts';
import { UserError } from '../model/errors.ts';
import type { Subject } from './subject.ts';

/** What everybody in a cluster depends on, whatever the user asks for. */
export const IN_CLUSTER: readonly Destination[] = [
  // Port 9 is discard: nobody listens there, and the refusal that comes back times the way as well as an answer.
  {
    id: 'gateway',
    label: 'gateway',
    host: '%gateway%',
    port: '9',
    anyPort: true,
    role: 'gateway',
    inCluster: true,
    protocol: 'tcp',
  },
  {
    id: 'dns',
    label: 'dns',
    host: '%dns%',
    port: '53',
    anyPort: false,
    role: 'dns',
    inCluster: true,
    protocol: 'tcp',
  },
  {
    id: 'api',
    label: 'apiserver',
    host: '%apiserver%',
    port: '%apiserver-port%',
    anyPort: false,
    role: 'apiserver',
    inCluster: false,
    protocol: 'tcp',
  },
];

/** What the subject depends on, whatever the user asks for. */
export function always({ client }: Subject): readonly Destination[] {
  if (client) return IN_CLUSTER;
  // Elsewhere there is no API server, and a name server may be a continent away.
  return IN_CLUSTER.filter(({ role }) => role !== 'apiserver').map((d) => ({ ...d, inCluster: false }));
}

/**
 * The user's destinations, resolved by the API.
 * @param client absent: the target belongs to no cluster, so that DEST can be no pod and no Service
 * @throws {UserError} exit 2: a DEST that is none; exit 3: a pod or Service that is not there or has no address
 */
export async function askedDestinations(
  client: KubeClient | undefined,
  to: readonly string[],
  signal?: AbortSignal,
): Promise<Destination[]> {
  const asked = await Promise.all(to.map((text) => destination(client, text, signal)));
  return asked.flat().map((d, i) => ({ ...d, id: `to${i}` }));
}

type Asked = Omit<Destination, 'id'>;

async function destination(
  client: KubeClient | undefined,
  text: string,
  signal?: AbortSignal,
): Promise<Asked[]> {
  // A pod or a Service may be called "udp" itself.
  const udp = /^(?!(?:po|pods?|svc|services?)\/udp$)(.+)\/udp$/i.exec(text)?.[1];
  if (udp === undefined) return byKind(client, text, 'tcp', signal);
  const resolved = await byKind(client, udp, 'udp', signal);
  return resolved.map((d) => ({ ...d, label: `${d.label}/udp`, protocol: 'udp' }));
}

async function byKind(
  client: KubeClient | undefined,
  text: string,
  protocol: Destination['protocol'],
  signal?: AbortSignal,
): Promise<Asked[]> {
  const kind = /^(po|pods?|svc|services?)\/([^/:]+)(?::(.+))?$/i.exec(text);
  if (kind) {
    const [, type = '', name = '', port] = kind;
    if (!client) {
      throw new UserError(
        `--to "${text}" is of a cluster, and the target belongs to none: write HOST:PORT.`,
        2,
      );
    }
    return type.toLowerCase().startsWith('p')
      ? podDestination(client, name, port, protocol, signal)
      : serviceDestinations(client, name, port, protocol, signal);
  }
  return [parseHost(text)];
}

/** `HOST`, `HOST:PORT`, `[IPV6]:PORT` or a URL. @throws {UserError} exit 2 */
export function parseHost(text: string): Asked {
  if (/^https?:\/\//i.test(text)) {
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      throw new UserError(`--to "${text}" is not a URL.`, 2);
    }
    if (url.username !== '' || url.password !== '') {
      throw new UserError(
        '--to takes no URL with a name or password in it: it would stand in the report.',
        2,
      );
    }
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    if (url.hostname.startsWith('-') || port === '0') {
      throw new UserError(`--to "${text}" is not a destination.`, 2);
    }
    return { ...plain(text, url.hostname.replace(/^\[|\]$/g, ''), port), url: url.href };
  }
  const parts =
    /^(?:\[([0-9a-f:.]+)\]|([^:/[\]\s]+)|([0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*))(?::(\d+))?$/i.exec(text);
  const host = parts?.[1] ?? parts?.[2] ?? parts?.[3];
  const port = parts?.[4];
  if (
    host === undefined ||
    host.startsWith('-') ||
    host.startsWith('%') ||
    (port !== undefined && (Number(port) < 1 || Number(port) > 65535))
  ) {
    throw new UserError(
      `--to "${text}" is not a destination: write HOST[:PORT], a URL, pod/NAME[:PORT] or svc/NAME[:PORT].`,
      2,
    );
  }
  return { ...plain(text, host, port ?? '443'), anyPort: port === undefined };
}

function plain(label: string, host: string, port: string): Asked {
  return { label, host, port, anyPort: false, role: 'asked', inCluster: false, protocol: 'tcp' };
}

async function podDestination(
  client: KubeClient,
  name: string,
  port: string | undefined,
  protocol: Destination['protocol'],
  signal?: AbortSignal,
): Promise<Asked[]> {
  const pod = await found<Pod>(client, podsPath(client.namespace, name), `pod "${name}"`, signal);
  const address = pod.status?.podIP;
  if (!address)
    throw new UserError(`pod "${name}" has no address yet (it is ${pod.status?.phase ?? 'unknown'}).`, 3);
  const ports = (pod.spec?.containers ?? [])
    .flatMap((c) => c.ports ?? [])
    .filter((p) => (p.protocol ?? 'TCP').toLowerCase() === protocol);
  const chosen =
    port === undefined
      ? ports[0]?.containerPort
      : (ports.find((p) => p.name === port)?.containerPort ?? numeric(port, `pod/${name}`));
  const label = port === undefined ? `pod/${name}` : `pod/${name}:${port}`;
  return [
    {
      ...plain(label, address, String(chosen ?? 80)),
      anyPort: chosen === undefined,
      inCluster: true,
      pod: { namespace: client.namespace, name },
    },
  ];
}

/** `NAME`, in the target's namespace, or `NAME.NAMESPACE`: a Service's own name has no dots. */
export function serviceName(
  text: string,
  namespace: string,
): { readonly name: string; readonly namespace: string } {
  const dot = text.indexOf('.');
  return dot < 0 ? { name: text, namespace } : { name: text.slice(0, dot), namespace: text.slice(dot + 1) };
}

/** The cluster IP, then every endpoint by itself: a slow replica hides behind the Service's average. */
async function serviceDestinations(
  client: KubeClient,
  text: string,
  port: string | undefined,
  protocol: Destination['protocol'],
  signal?: AbortSignal,
): Promise<Asked[]> {
  const { name, namespace } = serviceName(text, client.namespace);
  const [service, slices] = await Promise.all([
    found<Service>(
      client,
      namespacedPath('api/v1', namespace, 'services', name),
      `service "${name}"`,
      signal,
      namespace,
    ),
    client.get<{ items: EndpointSlice[] }>(
      namespacedPath('apis/discovery.k8s.io/v1', namespace, 'endpointslices'),
      {
        query: { labelSelector: `kubernetes.io/service-name=${name}` },
        signal,
      },
    ),
  ]);
  const ports = (service.spec?.ports ?? []).filter((p) => (p.protocol ?? 'TCP').toLowerCase() === protocol);
  const chosen =
    port === undefined ? ports[0] : ports.find((p) => p.name === port || String(p.port) === port);
  if (service.spec?.type === 'ExternalName')
    return [
      {
        ...externalDestination(service.spec.externalName ?? '', port, chosen?.port),
        alias: { namespace, name },
      },
    ];
  if (!chosen) {
    throw noSuchPort(name, service.spec?.ports ?? [], port, protocol);
  }
  const label = port === undefined ? `svc/${text}` : `svc/${text}:${port}`;
  const virtual =
    service.spec?.clusterIP && service.spec.clusterIP !== 'None' ? [service.spec.clusterIP] : [];
  const endpoints = slices.items.flatMap((slice) => {
    const target = slice.ports?.find((p) => (p.name ?? '') === (chosen.name ?? ''))?.port;
    return (slice.endpoints ?? [])
      .filter((e) => e.conditions?.ready !== false)
      .flatMap((e) =>
        e.addresses
          .slice(0, 1)
          .map((address) => ({ address, port: target, pod: e.targetRef?.name, node: e.nodeName })),
      );
  });
  // Nothing to connect to, and what that means is a check's to tell: the name at least is there to be looked at.
  if (virtual.length === 0 && endpoints.length === 0) virtual.push(`${name}.${namespace}.svc`);
  return [
    ...virtual.map((ip) => ({
      ...plain(label, ip, String(chosen.port)),
      inCluster: true,
      service: { label, namespace, name, part: 'virtual' as const },
    })),
    ...endpoints.map((e) => ({
      ...plain(`${label} → ${e.pod ?? e.address}`, e.address, String(e.port ?? chosen.port)),
      inCluster: true,
      service: {
        label,
        namespace,
        name,
        part: 'endpoint' as const,
        total: endpoints.length,
        ...(e.node ? { node: e.node } : {}),
      },
      ...(e.pod === undefined ? {} : { pod: { namespace, name: e.pod } }),
    })),
  ];
}

/** An alias does nothing with ports: those that its Service lists are a hint, and clients use their own. */
function externalDestination(host: string, asked: string | undefined, listed: number | undefined): Asked {
  const port = asked !== undefined && /^\d+$/.test(asked) ? asked : listed;
  return { ...parseHost(port === undefined ? host : `${host}:${port}`), anyPort: asked === undefined };
}

type ServicePorts = NonNullable<NonNullable<Service['spec']>['ports']>;

function noSuchPort(
  name: string,
  all: ServicePorts,
  port: string | undefined,
  protocol: Destination['protocol'],
): UserError {
  const of = (wanted: string): ServicePorts =>
    all.filter((p) => (p.protocol ?? 'TCP').toLowerCase() === wanted);
  const list = (ports: ServicePorts): string =>
    ports.map((p) => (p.name ? `${p.name}=${p.port}` : String(p.port))).join(', ');
  const has = list(of(protocol)) || 'none';
  const other = protocol === 'tcp' ? list(of('udp')) : '';
  const hint = other === '' ? '' : ` Its UDP ports are: ${other}; for one of them, add /udp to --to.`;
  return new UserError(
    `service "${name}" has no ${protocol.toUpperCase()} port${port === undefined ? '' : ` "${port}"`} (it has: ${has}).${hint}`,
    3,
  );
}

async function found<T>(
  client: KubeClient,
  path: string,
  what: string,
  signal?: AbortSignal,
  namespace = client.namespace,
): Promise<T> {
  try {
    return await client.get<T>(path, { signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404)
      throw new UserError(`no ${what} in namespace "${namespace}".`, 3);
    throw error;
  }
}

function numeric(port: string, what: string): number {
  const value = Number(port);
  if (Number.isInteger(value) && value >= 1 && value <= 65535) return value;
  throw new UserError(`${what} has no port named "${port}".`, 3);
}
