/** Endpoints whose pods the API does not have, or has at another address. */
import type { Endpoint } from '../../cluster/services.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { EndpointSlice, Pod } from '../../model/kube-objects.ts';
import type { StaleEndpoint } from './facts.ts';

/** Pods that are asked for one by one: where they are not among those that the Service selects. */
const MOST_ASKED = 4;
const KEEPER = 'endpointslice.kubernetes.io/managed-by';
/** Whose slices are of pods of another cluster, under names that are none of this one's (clustermesh/endpointslicesync). */
const OF_OTHER_CLUSTERS: ReadonlySet<string> = new Set(['endpointslice-mesh-controller.cilium.io']);
/** The same, as the Multi-Cluster Services API has it (sigs.k8s.io/mcs-api). */
const SOURCE_CLUSTER = 'multicluster.kubernetes.io/source-cluster';

/**
 * Where all endpoints are pods that the Service selects, nothing is asked for.
 * @param pods that the Service selects; absent where they are not known
 */
export async function staleEndpoints(
  cluster: ClusterView,
  namespace: string,
  endpoints: readonly Endpoint[],
  slices: readonly EndpointSlice[],
  pods: readonly Pod[] | undefined,
): Promise<ReadonlyMap<Endpoint, StaleEndpoint>> {
  const found = new Map<Endpoint, StaleEndpoint>();
  let asked = 0;
  for (const one of endpoints) {
    const labels = slices.find(({ metadata }) => metadata?.name === one.slice)?.metadata?.labels ?? {};
    const keeper = labels[KEEPER];
    const isElsewhere = SOURCE_CLUSTER in labels || OF_OTHER_CLUSTERS.has(keeper ?? '');
    if (one.pod === undefined || isElsewhere) continue;
    let pod: Pod | null | undefined = pods?.find(({ metadata }) => metadata?.name === one.pod);
    if (pod === undefined) {
      if (asked === MOST_ASKED) continue;
      asked += 1;
      pod = (await cluster.pod(namespace, one.pod)).value;
    }
    // What may not be read is not known to be gone.
    if (pod === undefined) continue;
    const addresses = pod === null ? undefined : addressesOf(pod);
    if (addresses !== undefined && !isAnother(one.address, addresses)) continue;
    found.set(one, {
      slice: one.slice,
      ...(keeper === undefined ? {} : { keeper }),
      ...(addresses === undefined ? {} : { podAddresses: addresses }),
    });
  }
  return found;
}

/** Of a family in which the API knows no address of a pod, what a slice has is nothing that it could have kept. */
function isAnother(address: string, addresses: readonly string[]): boolean {
  const isIpv6 = (one: string): boolean => one.includes(':');
  const isOfFamily = addresses.length === 0 || addresses.some((one) => isIpv6(one) === isIpv6(address));
  return isOfFamily && !addresses.includes(address);
}

function addressesOf({ status }: Pod): string[] {
  const all = (status?.podIPs ?? []).map(({ ip }) => ip);
  return all.length > 0 || status?.podIP === undefined ? all : [status.podIP];
}
