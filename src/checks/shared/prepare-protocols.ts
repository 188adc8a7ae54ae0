/** To which servers clients speak HTTP/2, as DEST and the API say: of these alone it matters that they take it. */
import { declaredPorts } from '../../cluster/pod-ports.ts';
import { servicePort } from '../../cluster/services.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import type { GatewayRoute } from '../../model/gateway-api.ts';
import type { Ingress } from '../../model/kube-objects.ts';
import { hostFit } from './host-rules.ts';
import { saysHttp2, saysPlainHttp2 } from './http2-ports.ts';

/** By the destination's id, in words that follow "since"; what is not known to be so is left out. */
export async function http2Reasons(
  { cluster }: Subject,
  destinations: readonly Destination[],
): Promise<Readonly<Record<string, string>>> {
  const all = await Promise.all(
    destinations.map(async (one) => {
      if (one.grpc === 'tls') return [[one.id, 'DEST begins with grpcs://'] as const];
      const reason = cluster && (await reasonOf(cluster, one, saysHttp2));
      return reason === undefined ? [] : [[one.id, reason] as const];
    }),
  );
  return Object.fromEntries(all.flat());
}

/** Of those to which it may be spoken without TLS: a port that is called grpc may be of either. */
export async function plainHttp2Reasons(
  { cluster }: Subject,
  destinations: readonly Destination[],
): Promise<Readonly<Record<string, string>>> {
  const all = await Promise.all(
    destinations.map(async (one) => {
      if (one.grpc === 'plain') return [[one.id, 'DEST begins with grpc://'] as const];
      const isOpen = one.grpc === undefined && one.url === undefined && one.protocol === 'tcp';
      const reason = isOpen && cluster ? await reasonOf(cluster, one, saysPlainHttp2) : undefined;
      return reason === undefined ? [] : [[one.id, reason] as const];
    }),
  );
  return Object.fromEntries(all.flat());
}

/** Whether what is said of a port says that it is of HTTP/2. */
type Says = typeof saysHttp2;

async function reasonOf(
  cluster: ClusterView,
  destination: Destination,
  says: Says,
): Promise<string | undefined> {
  const { ref, url } = destination;
  if (url !== undefined) return ofHost(cluster, new URL(url).hostname.toLowerCase());
  if (ref?.kind === 'pod') return ofPod(cluster, ref, destination.port, says);
  return ref === undefined ? undefined : ofService(cluster, ref, says);
}

type Ref = NonNullable<Destination['ref']>;

async function ofService(
  cluster: ClusterView,
  { namespace, name, port }: Ref,
  says: Says,
): Promise<string | undefined> {
  const service = (await cluster.service(namespace, name)).value;
  const own = service ? servicePort(service, port, 'tcp') : undefined;
  if (own === undefined) return undefined;
  const subject = `port ${own.port} of Service ${namespace}/${name}`;
  const { appProtocol } = own;
  // It is the more exact one: a name is not read where it stands.
  if (appProtocol !== undefined)
    return says(appProtocol) ? `${subject} has the appProtocol ${appProtocol}` : undefined;
  const names = (service?.spec?.ports ?? []).map((one) => one.name);
  return says(own.name) && !isSecond(own.name, names) ? `${subject} is called ${own.name}` : undefined;
}

/** Beside http, or http1 and http3, http2 is the second port of HTTP. */
function isSecond(name: string | undefined, names: readonly (string | undefined)[]): boolean {
  return name === 'http2' && names.some((one) => /^http[13]?$/.test(one ?? ''));
}

async function ofPod(
  cluster: ClusterView,
  { namespace, name }: Ref,
  port: string,
  says: Says,
): Promise<string | undefined> {
  const pod = (await cluster.pod(namespace, name)).value;
  const own = pod
    ? declaredPorts(pod).find((one) => String(one.port) === port && one.protocol === 'TCP')
    : undefined;
  const names = pod ? declaredPorts(pod).map((one) => one.name) : [];
  return says(own?.name) && !isSecond(own?.name, names)
    ? `port ${port} of pod ${namespace}/${name} is called ${own?.name}`
    : undefined;
}

/** Of an Ingress or a route of the Gateway API that leads calls of gRPC on for the host. */
async function ofHost(cluster: ClusterView, host: string): Promise<string | undefined> {
  const [ingresses, gateways] = await Promise.all([cluster.ingressObjects(), cluster.gatewayObjects()]);
  const route = gateways.value?.grpcRoutes.find(({ spec }) => fits(spec?.hostnames, host, 'any'));
  if (route !== undefined) return `${nameOf('GRPCRoute', route)} leads calls of this host on`;
  const ingress = ingresses.value?.ingresses.find(
    (one) =>
      isOfGrpc(one) &&
      fits(
        one.spec?.rules?.flatMap((rule) => rule.host ?? []),
        host,
        'one',
      ),
  );
  return ingress === undefined
    ? undefined
    : `${nameOf('Ingress', ingress)} leads calls of this host on, with a backend-protocol of gRPC`;
}

/** One that names the host: what takes any says nothing about this one. */
function fits(names: readonly string[] | undefined, host: string, levels: 'one' | 'any'): boolean {
  return (names ?? []).some((name) => (hostFit(name, host, levels) ?? 0) > 0);
}

/** https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#backend-protocol */
function isOfGrpc({ metadata }: Ingress): boolean {
  const said = metadata?.annotations?.['nginx.ingress.kubernetes.io/backend-protocol'] ?? '';
  return /^grpcs?$/i.test(said);
}

function nameOf(kind: string, { metadata }: Ingress | GatewayRoute): string {
  return `${kind} ${metadata?.namespace}/${metadata?.name}`;
}
