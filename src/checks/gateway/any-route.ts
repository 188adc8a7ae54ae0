/** Routes of the Gateway API, whatever their kind. Pure. */
import type { GatewayRoute } from '../../model/gateway-api.ts';
import { hostFit } from '../shared/host-rules.ts';
import type { ObjectName } from './facts.ts';

export interface AnyRoute extends GatewayRoute {
  readonly kind: 'HTTPRoute' | 'GRPCRoute';
}

export type RouteRule = NonNullable<NonNullable<GatewayRoute['spec']>['rules']>[number];
export type RouteMatch = NonNullable<RouteRule['matches']>[number];

export function routeName({ kind, metadata }: AnyRoute): ObjectName {
  return { kind, namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}

export function fullName(route: AnyRoute): string {
  const { kind, namespace, name } = routeName(route);
  return `${kind} ${namespace}/${name}`;
}

/** How closely the route's hosts are the one that is asked for; the larger is the closer. */
export function fitOf({ spec }: AnyRoute, host: string): number | undefined {
  const { hostnames = [] } = spec ?? {};
  if (hostnames.length === 0) return 0;
  const fits = hostnames.flatMap((one) => hostFit(one, host, 'any') ?? []);
  return fits.length === 0 ? undefined : Math.max(...fits);
}
