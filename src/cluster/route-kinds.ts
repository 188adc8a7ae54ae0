/** Kinds besides Ingresses and the Gateway API by which controllers lead requests, each in a way of its own. Pure. */
import {
  type ApiGroups,
  type ForeignKind,
  type ForeignResource,
  foreignPaths,
  kindsOf,
} from './foreign-kinds.ts';

/** As the controllers document them. */
const ROUTE_RESOURCES: readonly ForeignResource[] = [
  ...kindsOf('traefik.io', 'IngressRoute'),
  ...kindsOf('traefik.containo.us', 'IngressRoute'),
  ...kindsOf('networking.istio.io', 'VirtualService'),
  ...kindsOf('projectcontour.io', 'HTTPProxy'),
  ...kindsOf('route.openshift.io', 'Route'),
  ...kindsOf('k8s.nginx.org', 'VirtualServer'),
  ...kindsOf('getambassador.io', 'Mapping'),
  ...kindsOf('gateway.solo.io', 'VirtualService'),
  ...kindsOf('apisix.apache.org', 'ApisixRoute'),
];

/** Where those that a cluster may have are listed. */
export function routePaths(groups: ApiGroups): readonly ForeignKind[] {
  return foreignPaths(groups, ROUTE_RESOURCES);
}
