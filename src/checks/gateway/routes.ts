/** What each Gateway, and each route without one, makes of a request, as https://gateway-api.sigs.k8s.io/reference/spec/ has it. Pure. */
import type { BackendRef, Gateway, GatewayObjects } from '../../model/gateway-api.ts';
import { hostFit } from '../shared/host-rules.ts';
import { type AnyRoute, fitOf, fullName, type RouteRule, routeName } from './any-route.ts';
import { conditionsOf, hindrance, isOfOtherHosts, namedListeners, refsTo } from './attachment.ts';
import { type Asked, closestRule, matchText } from './closest-rule.ts';
import type { ObjectName, TakenBy, Trouble } from './facts.ts';
import { isGranted } from './grants.ts';
import type { RoutedFront, WantedBackend } from './ingress.ts';
import { listenerSecrets } from './listener-secrets.ts';
import { conditionText } from './words.ts';

/** @param only the one namespace that was read; absent: all of them were */
export function gatewayFronts(objects: GatewayObjects, asked: Asked, only?: string): readonly RoutedFront[] {
  const routes: readonly AnyRoute[] = [
    ...objects.httpRoutes.map((one) => ({ ...one, kind: 'HTTPRoute' as const })),
    ...objects.grpcRoutes.map((one) => ({ ...one, kind: 'GRPCRoute' as const })),
  ];
  const classes = objects.classes?.map(({ metadata }) => metadata?.name ?? '').sort();
  return [
    ...objects.gateways.map((one) => front(one, routes, objects, classes, asked, only)),
    ...routes.flatMap((one) => orphan(one, objects.gateways, asked.host, only)),
  ];
}

function front(
  gateway: Gateway,
  routes: readonly AnyRoute[],
  { grants }: GatewayObjects,
  classes: readonly string[] | undefined,
  asked: Asked,
  only: string | undefined,
): RoutedFront {
  const { host, port } = asked;
  const own = gatewayName(gateway);
  const meant = routes.filter((route) => refsTo(route, own).length > 0);
  const claims = meant.filter(
    (route) => fitOf(route, host) !== undefined && !isOfOtherHosts(route, gateway, own, asked),
  );
  const hindered = claims.flatMap((route) => hindrance(route, gateway, own, host, port));
  const hinderedNames = new Set(
    hindered.map(({ object }) => `${object.kind} ${object.namespace}/${object.name}`),
  );
  const attached = claims.filter((route) => !hinderedNames.has(fullName(route)));
  const found = closestRule(attached, asked, (route) => namedListeners(route, gateway, own, port));
  const addresses = (gateway.status?.addresses ?? []).map(({ value }) => value);
  const common = {
    name: `Gateway ${own.namespace}/${own.name}`,
    addresses,
    namesHost:
      claims.some((route) => (fitOf(route, host) ?? 0) > 0) ||
      (gateway.spec?.listeners ?? []).some(({ hostname }) => (hostFit(hostname, host, 'any') ?? 0) >= 1000),
    secrets: listenerSecrets(gateway, asked, grants, only),
  };
  const wanted = gateway.spec?.gatewayClassName ?? '';
  if (classes?.includes(wanted) === false) {
    const trouble = {
      kind: 'no-controller',
      object: own,
      why: 'unknown-class',
      wanted,
      known: classes,
    } as const;
    return { ...common, troubles: [trouble], backends: [] };
  }
  // Whoever is behind it ends TLS, and is led to by routes of TLS or TCP, which are not read.
  if (takerOf(gateway, host, port)?.isPassed) return { ...common, troubles: [], backends: [], secrets: [] };
  if (found === undefined) {
    const isElsewhere = routes.some((route) => hasOtherParent(route) && fitOf(route, host) !== undefined);
    const troubles = hindered.length > 0 ? hindered : isElsewhere ? [] : [noRule(meant, claims, gateway)];
    return { ...common, troubles, backends: [] };
  }
  const { route, rule, text, rivals } = found;
  const by: TakenBy = { object: routeName(route), rule: text };
  const refs = (rule.backendRefs ?? []).filter(({ weight = 1 }) => weight > 0);
  const troubles: readonly Trouble[] =
    refs.length === 0 && !answersItself(rule)
      ? [{ kind: 'not-resolved', by, why: withoutBackend(rule) }]
      : notResolved(route, own, by, refs, grants, only);
  const services = refs.filter(({ kind = 'Service', group = '' }) => kind === 'Service' && group === '');
  return {
    ...common,
    by,
    ...(rivals.length === 0 ? {} : { rivals }),
    troubles,
    backends: services.map((ref) => wantedBackend(ref, route, services.length)),
  };
}

/** The listener of the port that takes the host most closely. */
function takerOf({ spec }: Gateway, host: string, port: number): { readonly isPassed: boolean } | undefined {
  const [best] = (spec?.listeners ?? [])
    .filter((one) => one.port === port)
    .flatMap((one) => {
      const fit = hostFit(one.hostname, host, 'any');
      return fit === undefined ? [] : [{ fit, listener: one }];
    })
    .sort((a, b) => b.fit - a.fit);
  if (best === undefined) return undefined;
  const { protocol, tls } = best.listener;
  return { isPassed: protocol === 'TCP' || protocol === 'TLS' || tls?.mode === 'Passthrough' };
}

/** By a ListenerSet, whose listeners are not read, it may be one of this Gateway. */
function hasOtherParent({ spec }: AnyRoute): boolean {
  return (spec?.parentRefs ?? []).some(({ kind = 'Gateway' }) => kind !== 'Gateway' && kind !== 'Service');
}

/** What an extension of the controller does is its own: it may answer too. */
function answersItself({ filters = [] }: RouteRule): boolean {
  return filters.some(({ type }) => type === 'RequestRedirect' || type === 'ExtensionRef');
}

function withoutBackend({ backendRefs = [] }: RouteRule): string {
  return backendRefs.length === 0
    ? 'the rule names no backend'
    : `each of its backends (${backendRefs.map(({ name }) => name).join(', ')}) has weight 0`;
}

function wantedBackend({ namespace, name, port }: BackendRef, route: AnyRoute, of: number): WantedBackend {
  return { namespace: namespace ?? routeName(route).namespace, name, port: String(port ?? ''), of };
}

/** A route of the host whose Gateway is not there. */
function orphan(
  route: AnyRoute,
  gateways: readonly Gateway[],
  host: string,
  only: string | undefined,
): readonly RoutedFront[] {
  if ((fitOf(route, host) ?? 0) === 0) return [];
  const known = gateways.map((one) => fullGateway(gatewayName(one)));
  const { namespace } = routeName(route);
  const parents = (route.spec?.parentRefs ?? []).filter(({ kind = 'Gateway' }) => kind === 'Gateway');
  const missing = parents
    .filter((ref) => only === undefined || (ref.namespace ?? namespace) === only)
    .map((ref) => `${ref.namespace ?? namespace}/${ref.name}`)
    .filter((name) => !known.includes(name));
  if (missing.length === 0 || missing.length < parents.length || hasOtherParent(route)) return [];
  const object = routeName(route);
  const [wanted = ''] = missing;
  return [
    {
      name: fullName(route),
      addresses: [],
      namesHost: true,
      troubles: [{ kind: 'no-controller', object, why: 'gateway', wanted, known }],
      backends: [],
      secrets: [],
    },
  ];
}

function notResolved(
  route: AnyRoute,
  own: ObjectName,
  by: TakenBy,
  refs: readonly BackendRef[],
  grants: GatewayObjects['grants'],
  only: string | undefined,
): readonly Trouble[] {
  const { namespace } = routeName(route);
  const foreign = refs.filter((ref) => ref.namespace !== undefined && ref.namespace !== namespace);
  // A grant of a namespace that was not read may be there.
  const isKnown = ({ namespace: to }: BackendRef) => only === undefined || to === only;
  const ungranted = foreign.find(
    (ref) => isKnown(ref) && !isGranted({ ...ref, kind: ref.kind ?? 'Service' }, routeName(route), grants),
  );
  if (ungranted !== undefined) {
    const grantIn = ungranted.namespace ?? '';
    const why = `it leads to ${ungranted.kind ?? 'Service'} ${ungranted.name} in ${grantIn}, and no ReferenceGrant there allows references of ${route.kind}s in ${namespace}`;
    return [{ kind: 'not-resolved', by, grantIn, why }];
  }
  const said = conditionsOf(route, own, 'ResolvedRefs').find(({ status }) => status === 'False');
  return said === undefined ? [] : [{ kind: 'not-resolved', by, why: conditionText(said) }];
}

function noRule(meant: readonly AnyRoute[], claims: readonly AnyRoute[], { spec }: Gateway): Trouble {
  const texts = claims.flatMap((route) =>
    (route.spec?.rules ?? [{}]).flatMap((rule) =>
      (rule.matches ?? [{}]).map((match) => `${matchText(match)} of ${fullName(route)}`),
    ),
  );
  const hosts = meant.flatMap((route) => route.spec?.hostnames ?? []);
  const listened = (spec?.listeners ?? []).flatMap(({ hostname }) => hostname ?? []);
  const names = [...new Set(hosts.length > 0 ? hosts : listened)].map((one) => `host ${one}`);
  return {
    kind: 'no-rule',
    isOfHost: claims.some((route) => (route.spec?.hostnames ?? []).length > 0),
    near: texts.length > 0 ? texts : names,
    isPattern: false,
  };
}

function gatewayName({ metadata }: Gateway): ObjectName {
  return { kind: 'Gateway', namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}

function fullGateway({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}
