/** Which route of a Gateway takes a request, as https://gateway-api.sigs.k8s.io/reference/spec/ has it. Pure. */
import type {
  BackendRef,
  Condition,
  Gateway,
  GatewayListener,
  GatewayObjects,
  GatewayRoute,
} from '../../model/gateway-api.ts';
import { hostFit, hostsMeet, mayFitExpression, prefixFits } from '../shared/host-rules.ts';
import { byAge } from './age.ts';
import type { ObjectName, Rival, TakenBy, Trouble } from './facts.ts';
import { isGranted } from './grants.ts';
import type { RoutedFront, WantedBackend } from './ingress.ts';
import { listenerSecrets } from './listener-secrets.ts';
import { conditionText } from './words.ts';

interface AnyRoute extends GatewayRoute {
  readonly kind: 'HTTPRoute' | 'GRPCRoute';
}

type RouteRule = NonNullable<NonNullable<GatewayRoute['spec']>['rules']>[number];
type RouteMatch = NonNullable<RouteRule['matches']>[number];

/** A request as rules look at it. */
export interface Asked {
  readonly host: string;
  readonly path: string;
  /** As a URL has it, with its question mark; empty: none. */
  readonly query?: string;
  /** That it is sent to. */
  readonly port: number;
}

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

/** Why a route that names the host is not attached to a listener of the Gateway. */
function hindrance(
  route: AnyRoute,
  gateway: Gateway,
  own: ObjectName,
  host: string,
  port: number,
): readonly (Trouble & { kind: 'not-attached' })[] {
  const object = routeName(route);
  const trouble = (why: string) => [{ kind: 'not-attached', object, gateway: own, why } as const];
  const accepted = conditionsOf(route, own, 'Accepted');
  // The controller knows more than can be read here: namespaces by their labels, protocols of its own. Of several
  // listeners that the route names, one is enough.
  const isAccepted = accepted.some(({ status }) => status === 'True');
  const refused = accepted.find(({ status }) => status === 'False');
  if (refused !== undefined && !isAccepted) return trouble(conditionText(refused));
  const listeners = gateway.spec?.listeners ?? [];
  const here = namedListeners(route, gateway, own, port);
  const [ref] = refsTo(route, own);
  if (here.length === 0) {
    if (isAccepted) return [];
    const wanted = ref?.sectionName === undefined ? `port ${ref?.port ?? ''}` : `name ${ref.sectionName}`;
    return trouble(
      `the Gateway has no listener of ${wanted}; it has ${listeners.map((one) => `${one.name} (${one.port})`).join(', ')}`,
    );
  }
  const open = here.filter((one) => isAccepted || isOpen(one, object.namespace === own.namespace));
  if (open.length === 0)
    return trouble(
      `listener ${here.map(({ name }) => name).join(', ')} takes routes of the Gateway's own namespace alone (allowedRoutes), and the route is in ${object.namespace}`,
    );
  const hostnames = route.spec?.hostnames ?? [];
  const meeting = open.filter(
    ({ hostname }) => hostnames.length === 0 || hostnames.some((one) => hostsMeet(hostname, one)),
  );
  if (meeting.length === 0)
    return trouble(
      `its hostnames (${hostnames.join(', ')}) and those of the listeners (${open.map(({ name, hostname = '*' }) => `${name}: ${hostname}`).join(', ')}) have no name in common`,
    );
  return meeting.some(({ hostname }) => hostFit(hostname, host, 'any') !== undefined)
    ? []
    : trouble(
        `no listener takes ${host} (${meeting.map(({ name, hostname }) => `${name}: ${hostname}`).join(', ')})`,
      );
}

/** Those that the route names; of the port that is asked, where it is one of theirs (a Service before it may have another). */
function namedListeners(
  route: AnyRoute,
  { spec }: Gateway,
  own: ObjectName,
  port: number,
): readonly GatewayListener[] {
  const refs = refsTo(route, own);
  const named = (spec?.listeners ?? []).filter((one) =>
    refs.some(
      ({ sectionName, port: wanted }) =>
        (sectionName === undefined || sectionName === one.name) &&
        (wanted === undefined || wanted === one.port),
    ),
  );
  const onPort = named.filter((one) => one.port === port);
  return onPort.length > 0 ? onPort : named;
}

/** A route without hostnames is of those of its listeners. */
function isOfOtherHosts(route: AnyRoute, gateway: Gateway, own: ObjectName, { host, port }: Asked): boolean {
  const here = namedListeners(route, gateway, own, port);
  const isBare = (route.spec?.hostnames ?? []).length === 0;
  return (
    isBare && here.length > 0 && here.every(({ hostname }) => hostFit(hostname, host, 'any') === undefined)
  );
}

/** By labels of namespaces: taken for open, since they are not read. */
function isOpen({ allowedRoutes }: GatewayListener, isSame: boolean): boolean {
  return (allowedRoutes?.namespaces?.from ?? 'Same') !== 'Same' || isSame;
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

function conditionsOf(route: AnyRoute, own: ObjectName, type: string): readonly Condition[] {
  const { namespace } = routeName(route);
  return (route.status?.parents ?? [])
    .filter(({ parentRef: ref }) => ref.name === own.name && (ref.namespace ?? namespace) === own.namespace)
    .flatMap(({ conditions = [] }) => conditions.filter((one) => one.type === type));
}

/**
 * The most closely named host, then the longest path. What asks for headers or methods that the request of this check has
 * not counts where nothing else does: what a client of its own kind sends is not known. So it is with routes of listeners of
 * other ports alone, as that which leads from http to https.
 * @param listenersOf those of the Gateway that a route is of, of the port that is asked where it is of one
 */
function closestRule(
  routes: readonly AnyRoute[],
  { host, path, query = '', port }: Asked,
  listenersOf: (route: AnyRoute) => readonly GatewayListener[],
):
  | {
      readonly route: AnyRoute;
      readonly rule: RouteRule;
      readonly text: string;
      readonly rivals: readonly Rival[];
    }
  | undefined {
  const found = routes.flatMap((route) =>
    (route.spec?.rules ?? [{}]).flatMap((rule) =>
      (rule.matches ?? [{}])
        .filter((match) => matchFits(match, path))
        .map((match) => ({
          route,
          rule,
          match,
          fit: fitOf(route, host) ?? 0,
          isOffPort: Number(!listenersOf(route).some((one) => one.port === port)),
          asksForMore: Number(asksForMore(match, query)),
        })),
    ),
  );
  const [best] = found.sort(
    (a, b) =>
      a.isOffPort - b.isOffPort ||
      a.asksForMore - b.asksForMore ||
      b.fit - a.fit ||
      weight(b.match) - weight(a.match) ||
      byAge(a.route, b.route),
  );
  if (best === undefined) return undefined;
  const here = listenersOf(best.route);
  const rivals = found.filter(
    ({ route, rule, match, fit }) =>
      route !== best.route &&
      listenersOf(route).some((one) => here.includes(one)) &&
      fit === best.fit &&
      JSON.stringify(match) === JSON.stringify(best.match) &&
      refsText(route, rule) !== refsText(best.route, best.rule),
  );
  const hosts = best.route.spec?.hostnames ?? [];
  const shown =
    hosts.length === 0 ? 'any host' : `host ${hosts.find((one) => hostFit(one, host, 'any') !== undefined)}`;
  return {
    ...best,
    text: `${shown}, ${matchText(best.match)}`,
    rivals: rivals.map(({ route, rule }) => ({ object: routeName(route), to: refsText(route, rule) })),
  };
}

/** `Service shop/web:80`; of several all of them. */
function refsText(route: AnyRoute, { backendRefs = [] }: RouteRule): string {
  const texts = backendRefs.map(
    ({ kind = 'Service', namespace, name, port }) =>
      `${kind} ${namespace ?? routeName(route).namespace}/${name}${port === undefined ? '' : `:${port}`}`,
  );
  return texts.length === 0 ? 'no backend' : texts.join(' and ');
}

/** Of two with one path, the one with more conditions is the closer (all of them hold, or the path would not count). */
function weight({ path, method, headers = [], queryParams = [] }: RouteMatch): number {
  const conditions = Number(typeof method === 'string') + headers.length + queryParams.length;
  return (path?.value?.length ?? 1) * 100 + conditions + (path?.type === 'Exact' ? 1_000_000 : 0);
}

/** The request is a GET without headers of its own. */
function asksForMore({ method, headers = [], queryParams = [] }: RouteMatch, query: string): boolean {
  if (headers.length > 0 || (typeof method === 'string' && method !== 'GET')) return true;
  const sent = new URLSearchParams(query);
  return queryParams.some(({ type = 'Exact', name, value }) => type !== 'Exact' || sent.get(name) !== value);
}

function matchFits({ path, method }: RouteMatch, asked: string): boolean {
  if (typeof method === 'object') {
    const [, service, call] = asked.split('/');
    return (method.service ?? service) === service && (method.method ?? call) === call;
  }
  const { type = 'PathPrefix', value = '/' } = path ?? {};
  if (type === 'Exact') return value === asked;
  if (type === 'RegularExpression') return mayFitExpression(value, asked);
  if (type !== 'PathPrefix') return true;
  return prefixFits(value, asked);
}

function matchText({ path, method }: RouteMatch): string {
  if (typeof method === 'object') return `call ${method.service ?? '*'}/${method.method ?? '*'}`;
  return `path ${path?.value ?? '/'} (${path?.type ?? 'PathPrefix'})`;
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

/** How closely the route's hosts are the one that is asked for; the larger is the closer. */
function fitOf({ spec }: AnyRoute, host: string): number | undefined {
  const { hostnames = [] } = spec ?? {};
  if (hostnames.length === 0) return 0;
  const fits = hostnames.flatMap((one) => hostFit(one, host, 'any') ?? []);
  return fits.length === 0 ? undefined : Math.max(...fits);
}

function refsTo(route: AnyRoute, { namespace, name }: ObjectName) {
  const own = routeName(route).namespace;
  return (route.spec?.parentRefs ?? []).filter(
    (ref) =>
      (ref.kind ?? 'Gateway') === 'Gateway' && ref.name === name && (ref.namespace ?? own) === namespace,
  );
}

function routeName({ kind, metadata }: AnyRoute): ObjectName {
  return { kind, namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}

function fullName(route: AnyRoute): string {
  const { kind, namespace, name } = routeName(route);
  return `${kind} ${namespace}/${name}`;
}

function gatewayName({ metadata }: Gateway): ObjectName {
  return { kind: 'Gateway', namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}

function fullGateway({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}
