/** What the pods behind a Service say of themselves. Pure. */
import { type Family, familyOf } from '../../cluster/families.ts';
import { declaredPorts } from '../../cluster/pod-ports.ts';
import type { Endpoint } from '../../cluster/services.ts';
import type { Pod } from '../../model/kube-objects.ts';
import type { EndpointInfo, ServiceInfo } from './facts.ts';

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
