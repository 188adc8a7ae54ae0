/** Services: their addresses, their ports, and what stands behind a port. Pure. */
import type { EndpointSlice, Service } from '../model/kube-objects.ts';
import { type Family, familiesOf, familyOf } from './families.ts';

export type ServicePort = NonNullable<NonNullable<Service['spec']>['ports']>[number];

/** Of one protocol, in the Service's order. */
export function portsOf({ spec }: Service, protocol: 'tcp' | 'udp'): readonly ServicePort[] {
  return (spec?.ports ?? []).filter((port) => (port.protocol ?? 'TCP').toLowerCase() === protocol);
}

/** @param port its name or number; absent: the Service's first one */
export function servicePort(
  service: Service,
  port: string | undefined,
  protocol: 'tcp' | 'udp',
): ServicePort | undefined {
  const ports = portsOf(service, protocol);
  return port === undefined ? ports[0] : ports.find((p) => p.name === port || String(p.port) === port);
}

/** Its virtual addresses, one of each family; the first is what clients of old know. Empty for a headless Service. */
export function clusterIps({ spec }: Service): readonly string[] {
  const all = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]);
  return all.filter((ip) => ip !== '' && ip !== 'None');
}

/** The families that it is served in, the preferred one first. */
export function serviceFamilies(service: Service, slices: readonly EndpointSlice[]): readonly Family[] {
  const { ipFamilies } = service.spec ?? {};
  if (ipFamilies !== undefined && ipFamilies.length > 0) return ipFamilies as Family[];
  const own = clusterIps(service);
  return familiesOf(own.length > 0 ? own : slices.flatMap(addressesOf));
}

/** Every address in a slice, whatever the state of its endpoint. */
export function addressesOf({ endpoints }: EndpointSlice): readonly string[] {
  return (endpoints ?? []).flatMap(({ addresses }) => addresses);
}

/** Those of one Service among the slices of many. */
export function slicesOf({ metadata }: Service, all: readonly EndpointSlice[]): readonly EndpointSlice[] {
  return all.filter(
    ({ metadata: slice }) =>
      slice?.namespace === metadata?.namespace &&
      slice?.labels?.['kubernetes.io/service-name'] === metadata?.name,
  );
}

/** When somebody last wrote the slice, in milliseconds of the epoch. */
export function changedMs({ metadata }: EndpointSlice): number {
  const times = [metadata?.creationTimestamp, ...(metadata?.managedFields ?? []).map(({ time }) => time)];
  // JSON carries strings where client-node's types say Date.
  return Math.max(0, ...times.flatMap((time) => (time === undefined ? [] : [Date.parse(String(time))])));
}

/** One address behind a Service's port. A pod of two families is one endpoint of each. */
export interface Endpoint {
  readonly address: string;
  readonly family: Family;
  /** Of the pod. */
  readonly port: number;
  readonly pod: string | undefined;
  readonly node: string | undefined;
  /** `leaving`: it is terminating, and still serves. */
  readonly state: 'ready' | 'leaving' | 'not ready';
  /** Nodes of one zone may be given only some of the endpoints. */
  readonly isZoned: boolean;
  /** The name of the slice that has it. */
  readonly slice: string;
}

type SliceEndpoint = NonNullable<EndpointSlice['endpoints']>[number];

/**
 * The endpoints of one port of a Service, in all states. Slices without that port are of pods that do not declare it,
 * and kube-proxy sends them nothing of it.
 * @param wanted a Service's only port may have no name; absent: whichever port each slice has first
 */
export function endpointsOf(
  slices: readonly EndpointSlice[],
  wanted?: Pick<ServicePort, 'name' | 'protocol'>,
): readonly Endpoint[] {
  const all = slices.flatMap((slice) => {
    const port = slice.ports?.find(
      ({ name, protocol = 'TCP' }) =>
        wanted === undefined ||
        ((name ?? '') === (wanted.name ?? '') && protocol === (wanted.protocol ?? 'TCP')),
    )?.port;
    return port === undefined ? [] : (slice.endpoints ?? []).flatMap((one) => endpointOf(one, port, slice));
  });
  // Two slices may have the same one: kube-proxy takes it once, and for ready where one of them says so.
  const ends = new Map<string, Endpoint>();
  for (const one of all) {
    const key = `${one.address} ${one.port}`;
    const known = ends.get(key);
    if (known === undefined || (!isReady(known) && isReady(one))) ends.set(key, one);
  }
  return [...ends.values()];
}

function endpointOf(
  { addresses, conditions, targetRef, nodeName, hints }: SliceEndpoint,
  port: number,
  slice: EndpointSlice,
): readonly Endpoint[] {
  // The further addresses of one endpoint are the same thing once more, and kube-proxy takes the first alone.
  const [address] = addresses;
  if (address === undefined) return [];
  return [
    {
      address,
      family: familyOf(address),
      port,
      pod: targetRef?.kind === 'Pod' && isOwn(targetRef, slice) ? targetRef.name : undefined,
      node: nodeName,
      state: stateOf(conditions),
      isZoned: hints !== undefined,
      slice: slice.metadata?.name ?? '',
    },
  ];
}

/** Of the slice's namespace, in which pods are looked for; slices that somebody else writes may name pods of another one. */
function isOwn({ namespace }: NonNullable<SliceEndpoint['targetRef']>, { metadata }: EndpointSlice): boolean {
  return namespace === undefined || metadata?.namespace === undefined || namespace === metadata.namespace;
}

/** As the API says: `ready` that is absent is to be taken for true. */
function stateOf(conditions: SliceEndpoint['conditions']): Endpoint['state'] {
  if (conditions?.ready !== false) return 'ready';
  return conditions.serving === true && conditions.terminating === true ? 'leaving' : 'not ready';
}

export function isReady({ state }: Endpoint): boolean {
  return state === 'ready';
}
