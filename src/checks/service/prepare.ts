/** The input of the service check: Services, what stands behind them, and why some of it is not ready. */

import type { InputContext } from '../../cluster/context.ts';
import { serviceName } from '../../cluster/destinations.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ApiError } from '../../kube/errors.ts';
import { namespacedPath, podsPath } from '../../kube/paths.ts';
import type { EndpointSlice, Pod, Service } from '../../kube/types.ts';
import type { InputOf } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import { endpointKey } from '../../parsers/sweep.ts';
import type check from './check.ts';
import type { EndpointInfo, ServiceInfo } from './facts.ts';
import { proxiedEndpoints } from './prepare-proxied.ts';

/** Other ports of a pod that are tried when its target port is refused. */
const MAX_OTHER_PORTS = 3;

/** Nothing to look at where no DEST is a Service. */
export default async function prepare({
  subject,
  args,
  asked: destinations,
  sweeps,
  signal,
}: InputContext): Promise<InputOf<typeof check> | undefined> {
  const { client, pod } = subject;
  const asked = args.to.flatMap((text) => {
    const [, name = '', port, udp] = /^(?:svc|services?)\/([^/:]+)(?::([^/]+))?(\/udp)?$/i.exec(text) ?? [];
    return name === ''
      ? []
      : [{ label: text, name, port, protocol: udp ? ('udp' as const) : ('tcp' as const) }];
  });
  if (asked.length === 0 || !client) return undefined;
  const services = await Promise.all(
    asked.map((one, i) => serviceInfo(client, { ...one, id: `svc${i}` }, subject.isHost, signal)),
  );
  return {
    services: services.filter((s) => s !== undefined).map((s) => swept(s, destinations, sweeps)),
    node: subject.node ?? '',
    addresses: subject.addresses,
    hasClusterDns: pod !== undefined && hasClusterDns(pod),
  };
}

/** Of a large Service, each endpoint has the one connection of the sweep; those among DESTs are looked at in detail. */
function swept(
  service: ServiceInfo,
  asked: readonly Destination[],
  sweeps: ReadonlyMap<string, ProbeResult> | undefined,
): ServiceInfo {
  const sweep = sweeps?.get(service.label);
  if (sweep === undefined) return service;
  const detailed = new Set(asked.map(({ host, port }) => endpointKey(host, port)));
  const endpoints = service.endpoints.map((e) =>
    detailed.has(endpointKey(e.address, e.port)) ? e : { ...e, isSweptOnly: true },
  );
  return { ...service, endpoints, sweep };
}

function hasClusterDns({ spec }: Pod): boolean {
  const policy = spec?.dnsPolicy ?? 'ClusterFirst';
  return policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && spec?.hostNetwork !== true);
}

interface Asked {
  readonly id: string;
  readonly label: string;
  readonly name: string;
  readonly port: string | undefined;
  readonly protocol: 'tcp' | 'udp';
}

interface List<T> {
  readonly items: readonly T[];
}

/** DESTs have been resolved before, so that the Service is there and has the port. */
async function serviceInfo(
  client: KubeClient,
  asked: Asked,
  isHost: boolean,
  signal: AbortSignal,
): Promise<ServiceInfo | undefined> {
  const { name, namespace } = serviceName(asked.name, client.namespace);
  const [{ spec }, slices] = await Promise.all([
    client.get<Service>(namespacedPath('api/v1', namespace, 'services', name), { signal }),
    client.get<List<EndpointSlice>>(namespacedPath('apis/discovery.k8s.io/v1', namespace, 'endpointslices'), {
      query: { labelSelector: `kubernetes.io/service-name=${name}` },
      signal,
    }),
  ]);
  const ports = (spec?.ports ?? []).filter((p) => (p.protocol ?? 'TCP').toLowerCase() === asked.protocol);
  const port =
    asked.port === undefined
      ? ports[0]
      : ports.find((p) => p.name === asked.port || String(p.port) === asked.port);
  const isExternal = spec?.type === 'ExternalName';
  if (!port && !isExternal) return undefined;
  const selector = Object.entries(spec?.selector ?? {});
  const pods = selector.length === 0 ? undefined : await selectedPods(client, namespace, selector, signal);
  const targetPort = String(port?.targetPort ?? port?.port ?? '');
  const endpoints = slices.items.flatMap((slice) => endpointsOf(slice, port?.name, pods));
  const ready = endpoints.filter((e) => e.port > 0);
  return {
    id: asked.id,
    label: asked.label.replace(/^(svc|services?)\//i, 'svc/'),
    namespace,
    name,
    type: spec?.type ?? 'ClusterIP',
    ...(spec?.clusterIP && spec.clusterIP !== 'None' ? { clusterIp: spec.clusterIP } : {}),
    ...(isExternal ? { externalName: spec?.externalName ?? '' } : {}),
    protocol: asked.protocol,
    port: port?.port ?? 0,
    targetPort,
    internalTrafficPolicy: spec?.internalTrafficPolicy ?? 'Cluster',
    ...(selector.length === 0 ? {} : { selector: selector.map(([k, v]) => `${k}=${v}`).join(',') }),
    endpoints: ready,
    ready: ready.length,
    leaving: slices.items.flatMap((slice) =>
      (slice.endpoints ?? []).filter(
        ({ conditions: c }) => c?.ready === false && c.serving === true && c.terminating === true,
      ),
    ).length,
    notReady: (pods ?? []).flatMap(notReady),
    ...(pods ? { selected: pods.length } : {}),
    isPortUnnamed:
      ready.length === 0 &&
      pods !== undefined &&
      pods.length > 0 &&
      !/^\d+$/.test(targetPort) &&
      !pods.some((p) => declared(p).some((d) => d.name === targetPort)),
    ...(isHost && port && spec?.clusterIP
      ? { proxied: proxiedEndpoints(slices.items, port.name, familyOf(spec.clusterIP), Date.now()) }
      : {}),
  };
}

function familyOf(address: string): 'IPv4' | 'IPv6' {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** `undefined` where pods may not be listed. */
async function selectedPods(
  client: KubeClient,
  namespace: string,
  selector: readonly (readonly [string, string])[],
  signal: AbortSignal,
): Promise<readonly Pod[] | undefined> {
  try {
    const query = { labelSelector: selector.map(([key, value]) => `${key}=${value}`).join(',') };
    return (await client.get<List<Pod>>(podsPath(namespace), { query, signal })).items;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
}

function endpointsOf(
  slice: EndpointSlice,
  portName: string | undefined,
  pods: readonly Pod[] | undefined,
): EndpointInfo[] {
  const port = slice.ports?.find((p) => (p.name ?? '') === (portName ?? ''))?.port;
  return (slice.endpoints ?? []).flatMap((e) => {
    const [address] = e.addresses;
    if (e.conditions?.ready === false || address === undefined || port === undefined) return [];
    const name = e.targetRef?.kind === 'Pod' ? e.targetRef.name : undefined;
    const pod = pods?.find((p) => p.metadata?.name === name);
    const others = pod ? declared(pod).filter((d) => d.protocol === 'TCP' && d.port !== port) : [];
    return [
      {
        address,
        port,
        ...(name === undefined ? {} : { pod: name }),
        ...(e.nodeName ? { node: e.nodeName } : {}),
        ...workloadPart(pod),
        otherPorts: [...new Set(others.map((d) => d.port))].slice(0, MAX_OTHER_PORTS),
      },
    ];
  });
}

/** As part of an endpoint. A ReplicaSet is a Deployment's by the hash at the end of its name. */
function workloadPart(pod: Pod | undefined): { workload?: string } {
  const owner = pod?.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return {};
  const hash = pod?.metadata?.labels?.['pod-template-hash'];
  const isOfDeployment = owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`);
  return {
    workload: isOfDeployment
      ? `Deployment ${owner.name.slice(0, -hash.length - 1)}`
      : `${owner.kind} ${owner.name}`,
  };
}

function declared(pod: Pod): { name: string | undefined; port: number; protocol: string }[] {
  return (pod.spec?.containers ?? []).flatMap((c) =>
    (c.ports ?? []).map((p) => ({ name: p.name, port: p.containerPort, protocol: p.protocol ?? 'TCP' })),
  );
}

/** Why a pod is not ready, in the words of its status. */
function notReady({ metadata, status }: Pod): { pod: string; reason: string }[] {
  if (metadata?.deletionTimestamp) return [{ pod: metadata.name ?? '', reason: 'is being deleted' }];
  const condition = status?.conditions?.find((c) => c.type === 'Ready');
  if (condition?.status === 'True') return [];
  const waiting = status?.containerStatuses?.find((c) => c.state?.waiting)?.state?.waiting?.reason;
  const restarts = status?.containerStatuses?.find((c) => !c.ready)?.name;
  const reason =
    waiting ??
    (restarts ? `container ${restarts} is not ready` : (condition?.reason ?? status?.phase ?? 'unknown'));
  return [{ pod: metadata?.name ?? '', reason }];
}
