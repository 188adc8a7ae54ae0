/** What the pods behind a Service say of themselves. Pure. */
import { type Family, familyOf } from '../../cluster/families.ts';
import { declaredPorts } from '../../cluster/pod-ports.ts';
import type { Endpoint } from '../../cluster/services.ts';
import type { Pod } from '../../model/kube-objects.ts';
import type { EndingPod, EndpointInfo, ServiceInfo } from './facts.ts';

/** Other ports of a pod that are tried when its target port is refused. */
const MAX_OTHER_PORTS = 3;

/**
 * @param pods that the Service selects; absent where they are not known
 * @param families in which the target can send
 * @param nowMs the time
 */
export function endpointInfo(
  { address, port, pod: name, node }: Endpoint,
  pods: readonly Pod[] | undefined,
  families: readonly Family[],
  nowMs: number,
): EndpointInfo {
  const pod = pods?.find(({ metadata }) => metadata?.name === name);
  const others = pod ? declaredPorts(pod).filter((d) => d.protocol === 'TCP' && d.port !== port) : [];
  return {
    address,
    port,
    ...(name === undefined ? {} : { pod: name }),
    ...(node ? { node } : {}),
    ...workloadPart(pod),
    otherPorts: [...new Set(others.map((d) => d.port))].slice(0, MAX_OTHER_PORTS),
    ...otherAddressPart(pod, address, families),
    ...unprobedPart(pod, port, nowMs),
  };
}

/** Programs take seconds to begin to listen, few more than a minute; what refuses later has another reason more often. */
const FRESH_CONTAINER_SECONDS = 120;
const CLOCKS_DIFFER_SECONDS = 60;

/** As part of an endpoint: a container whose program nobody asks whether it is ready, and that has just been started. */
function unprobedPart(pod: Pod | undefined, port: number, nowMs: number): Pick<EndpointInfo, 'unprobed'> {
  // A port that no container declares may be a wrong one, at which nobody will ever listen.
  const container = (pod?.spec?.containers ?? []).find(({ ports = [] }) =>
    ports.some(({ containerPort, protocol = 'TCP' }) => containerPort === port && protocol === 'TCP'),
  );
  if (container === undefined || container.readinessProbe || container.startupProbe) return {};
  const { name } = container;
  const status = pod?.status?.containerStatuses?.find((one) => one.name === name);
  // JSON carries strings where client-node's types say Date.
  const ageMs = nowMs - Date.parse(String(status?.state?.running?.startedAt));
  const seconds = Math.round(ageMs / 1000);
  // Where two clocks differ by more than that, how long it runs is not known.
  if (!(seconds > -CLOCKS_DIFFER_SECONDS && seconds < FRESH_CONTAINER_SECONDS)) return {};
  const ended = exitText(status?.lastState?.terminated).trim();
  return {
    unprobed: {
      container: name,
      startedSeconds: Math.max(0, seconds),
      ...(ended === '' ? {} : { ended }),
    },
  };
}

/** As part of an endpoint. */
function otherAddressPart(
  pod: Pod | undefined,
  address: string,
  families: readonly Family[],
): { otherAddress?: string } {
  const other = (pod?.status?.podIPs ?? [])
    .map(({ ip }) => ip)
    .find((ip) => familyOf(ip) !== familyOf(address) && families.includes(familyOf(ip)));
  return other === undefined ? {} : { otherAddress: other };
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

/** Pods that end are connected to once more. */
const MAX_ENDING = 2;

/** @param nowMs the time */
export function endingPods(
  endpoints: readonly Endpoint[],
  pods: readonly Pod[],
  nowMs: number,
): readonly EndingPod[] {
  return endpoints
    .flatMap(({ address, port, pod: name, state }): EndingPod[] => {
      const pod = state === 'ready' ? undefined : pods.find(({ metadata }) => metadata?.name === name);
      const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod?.metadata ?? {};
      if (pod === undefined || name === undefined || !deletionTimestamp) return [];
      // It is the end of the grace period. JSON carries strings where client-node's types say Date.
      const deletedMs = Date.parse(String(deletionTimestamp)) - deletionGracePeriodSeconds * 1000;
      const secondsAgo = Math.max(0, Math.round((nowMs - deletedMs) / 1000));
      const hasPreStop = (pod.spec?.containers ?? []).some(
        ({ lifecycle }) => lifecycle?.preStop !== undefined,
      );
      return [{ pod: name, address, port, secondsAgo, hasPreStop }];
    })
    .slice(0, MAX_ENDING);
}

/** Why a pod is not an endpoint, in the words of its status. @param family in which it would have to have an address */
export function notReady(pod: Pod, family: Family | undefined): ServiceInfo['notReady'] {
  const name = pod.metadata?.name ?? '';
  const reason = unreadyReason(pod);
  if (reason !== undefined) return [{ pod: name, reason }];
  const has = (pod.status?.podIPs ?? []).some(({ ip }) => familyOf(ip) === family);
  return family === undefined || has ? [] : [{ pod: name, reason: `has no ${family} address` }];
}

function unreadyReason(pod: Pod): string | undefined {
  const { metadata, spec, status } = pod;
  if (metadata?.deletionTimestamp) return 'is being deleted';
  const condition = status?.conditions?.find((c) => c.type === 'Ready');
  if (condition?.status === 'True') return undefined;
  // Evicted, NodeLost, and so on, with which resource the node lacked.
  if (status?.phase === 'Failed' && status.reason !== undefined)
    return [status.reason, status.message].filter(Boolean).join(': ');
  const containers = status?.containerStatuses ?? [];
  const waiting = containers.find((c) => c.state?.waiting);
  if (waiting?.state?.waiting?.reason !== undefined)
    return `${waiting.state.waiting.reason}${exitText(waiting.lastState?.terminated)}`;
  const unready = containers.find((c) => !c.ready);
  if (unready !== undefined) {
    const container = spec?.containers.find(({ name }) => name === unready.name);
    const isRunning = unready.state?.running !== undefined;
    return `container ${unready.name} is not ready${isRunning ? probedText(container) : exitText(unready.state?.terminated)}`;
  }
  return containers.length > 0 ? heldBack(pod) : (condition?.reason ?? status?.phase ?? 'unknown');
}

type Terminated = NonNullable<
  NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]['state']
>['terminated'];

function exitText(terminated: Terminated): string {
  return terminated === undefined
    ? ''
    : ` (${terminated.reason ?? 'ended'}, exit code ${terminated.exitCode})`;
}

/** What the kubelet asks it, where it does so over the network. */
function probedText(container: NonNullable<Pod['spec']>['containers'][number] | undefined): string {
  const { httpGet, tcpSocket, grpc } = container?.readinessProbe ?? {};
  if (httpGet) {
    const { scheme = 'HTTP', port, path = '/' } = httpGet;
    return `, by its readinessProbe (${scheme} ${path} at port ${port})`;
  }
  const port = tcpSocket?.port ?? grpc?.port;
  return port === undefined ? '' : `, by its readinessProbe (${tcpSocket ? 'TCP' : 'gRPC'} port ${port})`;
}

/** All of its containers are ready, and the pod is not: of its gates, or since its node is gone. */
function heldBack({ spec, status }: Pod): string {
  const gate = spec?.readinessGates?.find(
    ({ conditionType }) => status?.conditions?.find(({ type }) => type === conditionType)?.status !== 'True',
  );
  return gate === undefined
    ? `its containers were ready when node ${spec?.nodeName ?? ''} was last heard of: see whether the node is`
    : `its containers are ready, and its readiness gate ${gate.conditionType} is not met`;
}
