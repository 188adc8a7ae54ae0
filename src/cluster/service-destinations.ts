/** A DEST that is a Service: its virtual addresses, then every endpoint by itself. */
import type { ClusterView } from '../model/cluster-view.ts';
import type { Destination } from '../model/destination.ts';
import { UserError } from '../model/errors.ts';
import type { Service } from '../model/kube-objects.ts';
import { type Family, familiesOf, familyOf } from './families.ts';
import { type Asked, parseHost, plain } from './host-destination.ts';
import { needed } from './reading.ts';
import {
  clusterIps,
  type Endpoint,
  endpointsOf,
  isReady,
  portsOf,
  type ServicePort,
  serviceFamilies,
  servicePort,
} from './services.ts';

/** The Service as the user named it. */
interface AskedService {
  readonly name: string;
  readonly namespace: string;
  /** `NAME` or `NAME.NAMESPACE`. */
  readonly text: string;
  readonly port: string | undefined;
  readonly protocol: Destination['protocol'];
}

/**
 * Every endpoint by itself: a slow replica hides behind the Service's average.
 * @param own addresses of the target: of a Service of two families it can use those that it has itself
 * @throws {UserError} exit 3: no such Service or port
 */
export async function serviceDestinations(
  cluster: ClusterView,
  asked: AskedService,
  own: readonly string[],
): Promise<readonly Asked[]> {
  const { name, namespace, port, protocol } = asked;
  const [serviceRead, slicesRead] = await Promise.all([
    cluster.service(namespace, name),
    cluster.endpointSlices(namespace, name),
  ]);
  const service = needed(serviceRead);
  if (service === null) throw new UserError(`no service "${name}" in namespace "${namespace}".`, 3);
  const slices = needed(slicesRead);
  const chosen = servicePort(service, port, protocol);
  const ref = { kind: 'service', namespace, name, ...(port === undefined ? {} : { port }) } as const;
  if (service.spec?.type === 'ExternalName')
    return [{ ...externalDestination(service.spec.externalName ?? '', port, chosen?.port), ref }];
  if (!chosen) throw noSuchPort(asked, service);
  const ready = endpointsOf(slices, chosen).filter(isReady);
  const families = serviceFamilies(service, slices);
  const parts = usable(families, own, ready, service).map((family) => ({
    label: labelOf(asked, families[0] === family ? undefined : family),
    virtual: clusterIps(service).filter((ip) => familyOf(ip) === family),
    endpoints: ready.filter((one) => one.family === family),
  }));
  const found = parts.flatMap(({ label, virtual, endpoints }) => [
    ...virtual.map((ip) => virtualDestination(label, ip, chosen)),
    ...endpoints.map((one) => endpointDestination(label, one, endpoints.length, namespace)),
  ]);
  // Nothing to connect to, and what that means is a check's to tell: the name at least is there to be looked at.
  const all =
    found.length > 0 ? found : [virtualDestination(labelOf(asked), `${name}.${namespace}.svc`, chosen)];
  return all.map((one) => ({ ...one, ref }));
}

/** Of the families of a Service, those to look at, each as a Service of its own: kube-proxy keeps them apart as well. */
function usable(
  families: readonly Family[],
  own: readonly string[],
  ready: readonly Endpoint[],
  service: Service,
): readonly Family[] {
  const shared = families.filter((family) => familiesOf(own).includes(family));
  const looked = shared.length > 0 ? shared : families.slice(0, 1);
  // Without an endpoint they are all alike, and a headless Service is its endpoints, which are the same pods.
  return ready.length === 0 || clusterIps(service).length === 0 ? looked.slice(0, 1) : looked;
}

function labelOf({ text, port }: AskedService, family?: Family): string {
  return `svc/${text}${port === undefined ? '' : `:${port}`}${family === undefined ? '' : ` (${family})`}`;
}

function virtualDestination(label: string, host: string, { port }: ServicePort): Asked {
  return { ...plain(label, host, String(port)), inCluster: true, service: { label, part: 'virtual' } };
}

function endpointDestination(
  label: string,
  { address, port, pod, node }: Endpoint,
  total: number,
  namespace: string,
): Asked {
  return {
    ...plain(`${label} → ${pod ?? address}`, address, String(port)),
    inCluster: true,
    service: { label, part: 'endpoint', total, ...(node ? { node } : {}) },
    ...(pod === undefined ? {} : { pod: { namespace, name: pod } }),
  };
}

/** An alias does nothing with ports: those that its Service lists are a hint, and clients use their own. */
function externalDestination(host: string, asked: string | undefined, listed: number | undefined): Asked {
  const port = asked !== undefined && /^\d+$/.test(asked) ? asked : listed;
  return { ...parseHost(port === undefined ? host : `${host}:${port}`), anyPort: asked === undefined };
}

function noSuchPort({ name, port, protocol }: AskedService, service: Service): UserError {
  const list = (of: Destination['protocol']): string =>
    portsOf(service, of)
      .map((p) => (p.name ? `${p.name}=${p.port}` : String(p.port)))
      .join(', ');
  const has = list(protocol) || 'none';
  const other = list(protocol === 'tcp' ? 'udp' : 'tcp');
  const hint =
    other === ''
      ? ''
      : protocol === 'tcp'
        ? ` Its UDP ports are: ${other}; for one of them, add /udp to --to.`
        : ` Its TCP ports are: ${other}; a port is TCP where its manifest names no protocol, and nodes translate no datagrams for it: if the program takes datagrams, set protocol: UDP in spec.ports.`;
  return new UserError(
    `service "${name}" has no ${protocol.toUpperCase()} port${port === undefined ? '' : ` "${port}"`} (it has: ${has}).${hint}`,
    3,
  );
}
