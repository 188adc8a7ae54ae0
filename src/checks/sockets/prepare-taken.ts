/** Ports of a node that rules lead to pods, whatever listens there. */
import { MOST_SERVICES } from '../../cluster/published.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { TakenPort } from './facts.ts';

/** A node has 110 pods by default, and 250 where that was raised. */
const MOST_PODS = 500;

/** Of what may not be read, nothing is known. */
export async function takenPorts(
  cluster: ClusterView,
  node: string | undefined,
): Promise<readonly TakenPort[]> {
  const [services, pods] = await Promise.all([
    cluster.allServices(MOST_SERVICES),
    node === undefined ? undefined : cluster.podsOnNode(node, MOST_PODS),
  ]);
  const byNodePort = (services.value?.items ?? []).flatMap(({ metadata, spec }) =>
    (spec?.ports ?? []).flatMap(({ nodePort, protocol }): TakenPort[] =>
      nodePort === undefined
        ? []
        : taken(
            'node port',
            nodePort,
            protocol,
            `the NodePort of svc/${metadata?.name}.${metadata?.namespace}`,
          ),
    ),
  );
  const byHostPort = (pods?.value?.items ?? [])
    // In its node's network it is the pod itself that listens.
    .filter(({ spec, status }) => spec?.hostNetwork !== true && status?.phase === 'Running')
    .flatMap(({ metadata, spec }) =>
      (spec?.containers ?? []).flatMap(({ ports = [] }) =>
        ports.flatMap(({ protocol, hostPort, hostIP = '' }): TakenPort[] =>
          hostPort !== undefined && ['', '0.0.0.0', '::'].includes(hostIP)
            ? taken(
                'host port',
                hostPort,
                protocol,
                `the hostPort of pod ${metadata?.namespace}/${metadata?.name}`,
              )
            : [],
        ),
      ),
    );
  return [...byNodePort, ...byHostPort];
}

/** None of SCTP, whose ports are its own: listeners of it are not read. */
function taken(kind: TakenPort['kind'], port: number, protocol = 'TCP', by: string): TakenPort[] {
  if (protocol !== 'TCP' && protocol !== 'UDP') return [];
  return [{ kind, port, protocol: protocol === 'UDP' ? 'udp' : 'tcp', by }];
}
