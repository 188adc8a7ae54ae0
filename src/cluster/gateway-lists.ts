/** Lists of the objects that say where requests go: Ingresses and what the Gateway API has. Pure. */
import type { Part, Reading } from '../model/cluster-view.ts';
import type { ApiGroups } from './foreign-kinds.ts';

/** A list of the API, and under which name its objects are told. */
export interface RouteList {
  readonly key: string;
  readonly api: string;
  readonly plural: string;
  readonly isNamespaced: boolean;
}

/** Not the object: https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
export const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

const NETWORKING = 'apis/networking.k8s.io/v1';
const GATEWAY_GROUP = 'gateway.networking.k8s.io';

export const INGRESS_LISTS: readonly RouteList[] = [
  { key: 'classes', api: NETWORKING, plural: 'ingressclasses', isNamespaced: false },
  { key: 'ingresses', api: NETWORKING, plural: 'ingresses', isNamespaced: true },
];

/** `undefined`: the cluster has no Gateway API. */
export function gatewayLists({ groups = [] }: ApiGroups): readonly RouteList[] | undefined {
  const group = groups.find(({ name }) => name === GATEWAY_GROUP);
  const version = group?.preferredVersion?.version;
  if (version === undefined) return undefined;
  const api = `apis/${GATEWAY_GROUP}/${version}`;
  // Grants became v1 long after the others, and v1beta1 of them is served beside it.
  const beta = `apis/${GATEWAY_GROUP}/v1beta1`;
  return [
    { key: 'classes', api, plural: 'gatewayclasses', isNamespaced: false },
    { key: 'gateways', api, plural: 'gateways', isNamespaced: true },
    { key: 'httpRoutes', api, plural: 'httproutes', isNamespaced: true },
    { key: 'grpcRoutes', api, plural: 'grpcroutes', isNamespaced: true },
    { key: 'grants', api: beta, plural: 'referencegrants', isNamespaced: true },
  ];
}

/**
 * All of them, or why one is missing: a rule in a list that was not read may be the one that counts. What belongs to no
 * namespace is left out where it may not be read.
 */
export async function readLists<T>(
  lists: readonly RouteList[],
  read: (list: RouteList) => Promise<Reading<Part<object>>>,
): Promise<Reading<T>> {
  const found = await Promise.all(lists.map(async (list) => ({ list, part: await read(list) })));
  for (const { list, part } of found) {
    if (part.denied !== undefined && !list.isNamespaced) continue;
    if (part.error !== undefined) return part;
    if (!part.value.isWhole) {
      const failed = `there are more than ${part.value.items.length} ${list.plural}`;
      return { error: new Error(failed), failed };
    }
  }
  return {
    value: Object.fromEntries(
      found.flatMap(({ list, part }) => (part.value === undefined ? [] : [[list.key, part.value.items]])),
    ) as T,
  };
}
