/** The endpoints of a Service's port as kube-proxy should know them. Pure. */

import type { EndpointSlice } from '../../kube/types.ts';
import type { EndpointPlace, ProxiedEndpoints } from './facts.ts';

/** kube-proxy writes its rules within seconds of a change (minSyncPeriod: 1 s by default); the rest is for busy nodes. */
const SETTLED_MS = 30_000;

/**
 * @param family of the cluster IP: slices are of one family each
 * @param nowMs when the slices were read
 */
export function proxiedEndpoints(
  slices: readonly EndpointSlice[],
  portName: string | undefined,
  family: 'IPv4' | 'IPv6',
  nowMs: number,
): ProxiedEndpoints {
  const own = slices.filter((slice) => slice.addressType === family);
  const endpoints = own.flatMap((slice) => {
    const port = slice.ports?.find(({ name }) => (name ?? '') === (portName ?? ''))?.port;
    return port === undefined ? [] : (slice.endpoints ?? []).map((endpoint) => ({ endpoint, port }));
  });
  const places = endpoints.flatMap(({ endpoint, port }) =>
    // kube-proxy takes the first address alone.
    endpoint.addresses.slice(0, 1).map((address): EndpointPlace & { ready: boolean } => ({
      address,
      port,
      ...(endpoint.nodeName === undefined ? {} : { node: endpoint.nodeName }),
      ready: endpoint.conditions?.ready !== false,
    })),
  );
  const strip = ({ ready: _ready, ...rest }: EndpointPlace & { ready: boolean }): EndpointPlace => rest;
  return {
    ready: places.filter(({ ready }) => ready).map(strip),
    all: places.map(strip),
    isZoned: endpoints.some(({ endpoint }) => endpoint.hints !== undefined),
    isSettled: own.every((slice) => nowMs - changedMs(slice) > SETTLED_MS),
  };
}

/** When somebody last wrote the slice. */
function changedMs({ metadata }: EndpointSlice): number {
  const times = [metadata?.creationTimestamp, ...(metadata?.managedFields ?? []).map(({ time }) => time)];
  // JSON carries strings where client-node's types say Date.
  return Math.max(0, ...times.flatMap((time) => (time === undefined ? [] : [Date.parse(String(time))])));
}
