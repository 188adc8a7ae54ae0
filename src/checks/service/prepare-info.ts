/** One Service in one address family, as the API has it. */
import { type Family, familiesOf, familyOf } from '../../cluster/families.ts';
import { declaredPorts } from '../../cluster/pod-ports.ts';
import { needed } from '../../cluster/reading.ts';
import {
  clusterIps,
  type Endpoint,
  endpointsOf,
  isReady,
  portsOf,
  type ServicePort,
  serviceFamilies,
  servicePort,
} from '../../cluster/services.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { ClusterView, Reading } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import type { EndpointSlice, Pod, Service } from '../../model/kube-objects.ts';
import { linkTrouble } from '../shared/prepare-service-links.ts';
import {
  type EndingPod,
  FRESH_SECONDS,
  type OtherPorts,
  type OutsideWay,
  type ServiceInfo,
  type StaleEndpoint,
} from './facts.ts';
import { ownNodePorts } from './prepare-node-ports.ts';
import { endingPods, endpointInfo, notReady } from './prepare-pods.ts';
import { proxiedEndpoints } from './prepare-proxied.ts';
import { staleEndpoints } from './prepare-stale.ts';

/** A Service among DESTs, by one of its families. */
export interface AskedService {
  readonly id: string;
  readonly label: string;
  readonly ref: NonNullable<Destination['ref']>;
  readonly protocol: Destination['protocol'];
  /** In this family. */
  readonly clusterIp: string | undefined;
  /** Absent: no address of it is known. */
  readonly family: Family | undefined;
  /** It is asked for in another family as well, which comes first. */
  readonly isOtherFamily: boolean;
  /** DEST is a host or a URL, and this is whose name that is. */
  readonly isHost?: boolean;
}

/** What was read of it. */
export interface ReadService {
  readonly asked: AskedService;
  readonly info: ServiceInfo;
  /** Those in which anything could be sent to it. */
  readonly families: readonly Family[];
  /** Those that it selects. */
  readonly pods: Reading<readonly Pod[]> | undefined;
}

/**
 * @param isHost what kube-proxy has written can be read there
 * @param own addresses of the target
 */
export async function readService(
  cluster: ClusterView,
  asked: AskedService,
  { isHost, addresses: own, node }: Pick<Subject, 'isHost' | 'addresses' | 'node'>,
): Promise<ReadService | undefined> {
  const { ref, protocol, family, clusterIp } = asked;
  const { namespace, name } = ref;
  const service = needed(await cluster.service(namespace, name));
  const slices = needed(await cluster.endpointSlices(namespace, name));
  const spec = service?.spec ?? {};
  const port = service && servicePort(service, ref.port, protocol);
  const isExternal = spec.type === 'ExternalName';
  // DESTs have been resolved before, so that it is there and has the port.
  if (service === null || (!port && !isExternal)) return undefined;
  const pods = spec.selector && (await selectedPods(cluster, service));
  const selector = Object.entries(spec.selector ?? {});
  const targetPort = String(port?.targetPort ?? port?.port ?? '');
  const all = port ? endpointsOf(slices, port) : [];
  const addresses = [...clusterIps(service), ...all.filter(isReady).map(({ address }) => address)];
  const families = serviceFamilies(service, slices).filter((one) => familiesOf(addresses).includes(one));
  const endpoints = all.filter((one) => family === undefined || one.family === family);
  const readyOnes = endpoints.filter(isReady);
  const nodePorts = await ownNodePorts({ cluster, node, isHost }, readyOnes, protocol);
  const stale = await staleEndpoints(cluster, namespace, readyOnes, slices, pods?.value);
  const ready = readyOnes.map((one) => ({
    ...endpointInfo(one, pods?.value, familiesOf(own), Date.now()),
    ...nodePorts.get(one),
    ...stalePart(stale.get(one)),
  }));
  const info: ServiceInfo = {
    id: asked.id,
    label: asked.label,
    namespace,
    name,
    type: spec.type ?? 'ClusterIP',
    ...(clusterIp === undefined ? {} : { clusterIp }),
    ...(isExternal ? { externalName: spec.externalName ?? '' } : {}),
    protocol,
    port: port?.port ?? 0,
    ...agePart(service, Date.now()),
    ...pendingPart(service, Date.now()),
    targetPort,
    internalTrafficPolicy: spec.internalTrafficPolicy ?? 'Cluster',
    ...affinityPart(service),
    ...(isGlobal(service) ? { isGlobal: true as const } : {}),
    ...(selector.length === 0 ? {} : { selector: selector.map(([k, v]) => `${k}=${v}`).join(',') }),
    endpoints: ready,
    ready: ready.length,
    ...endingPart(endpoints, pods?.value ?? [], protocol, Date.now()),
    leaving: endpoints.filter(({ state }) => state === 'leaving').length,
    notReady: (pods?.value ?? []).flatMap((pod) => notReady(pod, families.length > 1 ? family : undefined)),
    ...(await linkTrouble(cluster, pods?.value ?? [])),
    ...(pods?.value ? { selected: pods.value.length } : {}),
    isPortUnnamed: ready.length === 0 && isUnnamed(targetPort, pods?.value ?? []),
    ...(isHeadless(service) ? { publishesNotReady: spec.publishNotReadyAddresses === true } : {}),
    ...(ready.length === 0 && port ? otherPortsPart(slices, port) : {}),
    ...(asked.isOtherFamily ? { isOtherFamily: true } : {}),
    ...(asked.isHost === true ? { isHost: true } : {}),
    ...(port && protocol === 'tcp'
      ? {
          isTcpAlone: !hasUdp(service, port) && !(pods?.value ?? []).some((pod) => takesBoth(pod, readyOnes)),
        }
      : {}),
    ...(isHost && port && clusterIp
      ? { proxied: proxiedEndpoints(slices, port, familyOf(clusterIp), Date.now()) }
      : {}),
    ...(isHost && port ? outsidePart(service, port) : {}),
  };
  return { asked, info, families, pods };
}

/** As part of an endpoint. */
function stalePart(stale: StaleEndpoint | undefined): { stale?: StaleEndpoint } {
  return stale === undefined ? {} : { stale };
}

/** Of Cilium's Cluster Mesh: without its slices being synchronized, endpoints of other clusters are known to the agents alone. */
const GLOBAL = ['service.cilium.io/global', 'io.cilium/global-service'];

function isGlobal({ metadata }: Service): boolean {
  return GLOBAL.some((name) => metadata?.annotations?.[name] === 'true');
}

/** As part of the input; three hours are the API's default. */
function affinityPart({ spec }: Service): { affinitySeconds?: number } {
  return spec?.sessionAffinity === 'ClientIP'
    ? { affinitySeconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800 }
    : {};
}

/** As part of the input: of TCP alone, where a port that is closed says so. */
function endingPart(
  endpoints: readonly Endpoint[],
  pods: readonly Pod[],
  protocol: Destination['protocol'],
  nowMs: number,
): { ending?: readonly EndingPod[] } {
  const ending = protocol === 'tcp' ? endingPods(endpoints, pods, nowMs) : [];
  return ending.length === 0 ? {} : { ending };
}

/** As part of the input. @param nowMs the time */
function pendingPart(service: Service, nowMs: number): { isPending?: boolean } {
  const isBare = (service.status?.loadBalancer?.ingress ?? []).length === 0;
  const isFresh = agePart(service, nowMs).ageSeconds !== undefined;
  return service.spec?.type === 'LoadBalancer' && isBare && !isFresh ? { isPending: true } : {};
}

/** As part of the input. @param nowMs the time */
function agePart({ metadata }: Service, nowMs: number): { ageSeconds?: number } {
  // JSON carries strings where client-node's types say Date.
  const ageMs = nowMs - Date.parse(String(metadata?.creationTimestamp));
  const ageSeconds = Math.max(0, Math.round(ageMs / 1000));
  return ageSeconds < FRESH_SECONDS ? { ageSeconds } : {};
}

async function selectedPods(
  cluster: ClusterView,
  { metadata, spec }: Service,
): Promise<Reading<readonly Pod[]> | undefined> {
  const { selector = {} } = spec ?? {};
  if (Object.keys(selector).length === 0) return undefined;
  return cluster.pods(metadata?.namespace ?? '', selector);
}

/** The same port of its pods, or of itself, by UDP. */
function hasUdp(service: Service, { port, targetPort = port }: ServicePort): boolean {
  return portsOf(service, 'udp').some(
    (udp) => udp.port === port || (udp.targetPort ?? udp.port) === targetPort,
  );
}

/** A program that takes both, as a DNS server: another Service may have it by UDP, as load balancers of one protocol need. */
function takesBoth(pod: Pod, endpoints: readonly Endpoint[]): boolean {
  const declared = declaredPorts(pod);
  return endpoints.some(({ port }) =>
    ['TCP', 'UDP'].every((wanted) => declared.some((one) => one.port === port && one.protocol === wanted)),
  );
}

function isHeadless(service: Service): boolean {
  return service.spec?.type !== 'ExternalName' && clusterIps(service).length === 0;
}

/** As part of the input: slices that somebody wrote for another name of the port. */
function otherPortsPart(
  slices: readonly EndpointSlice[],
  { name = '', protocol = 'TCP' }: ServicePort,
): { otherPorts?: readonly OtherPorts[] } {
  const others = slices.flatMap(({ metadata, ports, endpoints }): OtherPorts[] => {
    const isWanted = ports?.some((one) => (one.name ?? '') === name && (one.protocol ?? 'TCP') === protocol);
    const hasReady = (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false);
    if (isWanted !== false || !hasReady) return [];
    const offers = (ports ?? []).map((one) => {
      const number = `${one.port}/${one.protocol ?? 'TCP'}`;
      return (one.name ?? '') === '' ? number : `${one.name} (${number})`;
    });
    return [{ slice: metadata?.name ?? '', offers, wanted: name }];
  });
  return others.length === 0 ? {} : { otherPorts: others };
}

/** As part of the input; a Service of type ClusterIP is none of the outside's. */
function outsidePart({ spec }: Service, { nodePort }: ServicePort): { outside?: OutsideWay } {
  if (spec?.type !== 'NodePort' && spec?.type !== 'LoadBalancer') return {};
  const { healthCheckNodePort } = spec;
  return {
    outside: {
      isLocal: spec.externalTrafficPolicy === 'Local',
      ...(nodePort === undefined ? {} : { nodePort }),
      ...(healthCheckNodePort === undefined ? {} : { healthCheckNodePort }),
    },
  };
}

/** A name that none of the pods declares. */
function isUnnamed(targetPort: string, pods: readonly Pod[]): boolean {
  if (pods.length === 0 || /^\d+$/.test(targetPort)) return false;
  return !pods.some((pod) => declaredPorts(pod).some(({ name }) => name === targetPort));
}
