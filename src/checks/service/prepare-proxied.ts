/** The endpoints of a Service's port as kube-proxy should know them. Pure. */

import type { Family } from '../../cluster/families.ts';
import { changedMs, type Endpoint, endpointsOf, isReady, type ServicePort } from '../../cluster/services.ts';
import type { EndpointSlice } from '../../model/kube-objects.ts';
import type { EndpointPlace, ProxiedEndpoints } from './facts.ts';

/** kube-proxy writes its rules within seconds of a change (minSyncPeriod: 1 s by default); the rest is for busy nodes. */
const SETTLED_MS = 30_000;

/**
 * @param family of the cluster IP: slices are of one family each
 * @param nowMs when the slices were read
 */
export function proxiedEndpoints(
  slices: readonly EndpointSlice[],
  port: ServicePort,
  family: Family,
  nowMs: number,
): ProxiedEndpoints {
  const own = slices.filter((slice) => slice.addressType === family);
  const endpoints = endpointsOf(own, port);
  return {
    ready: endpoints.filter(isReady).map(placeOf),
    all: endpoints.map(placeOf),
    isZoned: endpoints.some(({ isZoned }) => isZoned),
    isSettled: own.every((slice) => nowMs - changedMs(slice) > SETTLED_MS),
  };
}

function placeOf({ address, port, node }: Endpoint): EndpointPlace {
  return { address, port, ...(node === undefined ? {} : { node }) };
}
