/** A DEST that is a pod. */
import { advice, kubectl } from '../model/advice.ts';
import type { ClusterView } from '../model/cluster-view.ts';
import type { Destination } from '../model/destination.ts';
import { UserError } from '../model/errors.ts';
import { type Asked, plain } from './host-destination.ts';
import { declaredPorts } from './pod-ports.ts';
import { needed } from './reading.ts';

/**
 * @param port its name or number; absent: the first that the pod declares
 * @throws {UserError} exit 3: no such pod or port, or it has no address
 */
export async function podDestination(
  cluster: ClusterView,
  name: string,
  port: string | undefined,
  protocol: Destination['protocol'],
): Promise<Asked> {
  const { namespace } = cluster;
  const pod = needed(await cluster.pod(namespace, name));
  if (pod === null) throw new UserError(`no pod "${name}" in namespace "${namespace}".`, 3);
  const address = pod.status?.podIP;
  if (!address)
    throw new UserError(`pod "${name}" has no address yet (it is ${pod.status?.phase ?? 'unknown'}).`, 3, {
      hint: advice`Its events say what it waits for: ${kubectl`describe pod -n ${namespace} ${name}`}`,
    });
  const ports = declaredPorts(pod).filter((p) => p.protocol.toLowerCase() === protocol);
  const chosen =
    port === undefined
      ? ports[0]?.port
      : (ports.find((p) => p.name === port)?.port ?? numeric(port, `pod/${name}`));
  const label = port === undefined ? `pod/${name}` : `pod/${name}:${port}`;
  return {
    ...plain(label, address, String(chosen ?? 80)),
    anyPort: chosen === undefined,
    inCluster: true,
    pod: { namespace, name },
    ref: { kind: 'pod', namespace, name, ...(port === undefined ? {} : { port }) },
  };
}

function numeric(port: string, what: string): number {
  const value = Number(port);
  if (Number.isInteger(value) && value >= 1 && value <= 65535) return value;
  throw new UserError(`${what} has no port named "${port}".`, 3);
}
