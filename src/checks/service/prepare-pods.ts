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
 */
export function endpointInfo(
  { address, port, pod: name, node }: Endpoint,
  pods: readonly Pod[] | undefined,
  families: readonly Family[],
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

function unreadyReason({ metadata, status }: Pod): string | undefined {
  if (metadata?.deletionTimestamp) return 'is being deleted';
  const condition = status?.conditions?.find((c) => c.type === 'Ready');
  if (condition?.status === 'True') return undefined;
  const waiting = status?.containerStatuses?.find((c) => c.state?.waiting)?.state?.waiting?.reason;
  const restarts = status?.containerStatuses?.find((c) => !c.ready)?.name;
  return (
    waiting ??
    (restarts ? `container ${restarts} is not ready` : (condition?.reason ?? status?.phase ?? 'unknown'))
  );
}
