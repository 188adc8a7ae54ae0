/** Which route of a Gateway takes a request, as https://gateway-api.sigs.k8s.io/reference/spec/ has it. Pure. */
import type {
  BackendRef,
  Condition,
  Gateway,
  GatewayListener,
  GatewayObjects,
  GatewayRoute,
} from '../../model/gateway-api.ts';
import type { ObjectName, TakenBy, Trouble } from './facts.ts';
import { hostFit, hostsMeet, prefixFits } from './hosts.ts';
import type { NamedSecret, RoutedFront, WantedBackend } from './ingress.ts';

interface AnyRoute extends GatewayRoute {
  readonly kind: 'HTTPRoute' | 'GRPCRoute';
}

type RouteRule = NonNullable<NonNullable<GatewayRoute['spec']>['rules']>[number];
type RouteMatch = NonNullable<RouteRule['matches']>[number];

/** @param port that the request is sent to */
export function gatewayFronts(
  objects: GatewayObjects,
  host: string,
  path: string,
  port: number,
): readonly RoutedFront[] {
  const routes: readonly AnyRoute[] = [
    ...objects.httpRoutes.map((one) => ({ ...one, kind: 'HTTPRoute' as const })),
    ...objects.grpcRoutes.map((one) => ({ ...one, kind: 'GRPCRoute' as const })),
  ];
  const classes = objects.classes?.map(({ metadata }) => metadata?.name ?? '').sort();
  return [
    ...objects.gateways.map((one) => front(one, routes, objects, classes, host, path, port)),
    ...routes.flatMap((one) => orphan(one, objects.gateways, host)),
  ];
}

function front(
  gateway: Gateway,
  routes: readonly AnyRoute[],
  { grants }: GatewayObjects,
  classes: readonly string[] | undefined,
  host: string,
  path: string,
  port: number,
): RoutedFront {
  const own = gatewayName(gateway);
  const meant = routes.filter((route) => refsTo(route, own).length > 0);
  const claims = meant.filter((route) => fitOf(route, host) !== undefined);
  const hindered = claims.flatMap((route) => hindrance(route, gateway, own, host, port));
  const hinderedNames = new Set(
    hindered.map(({ object }) => `${object.kind} ${object.namespace}/${object.name}`),
  );
  const attached = claims.filter((route) => !hinderedNames.has(fullName(route)));
  const found = closestRule(attached, host, path);
  const addresses = (gateway.status?.addresses ?? []).map(({ value }) => value);
  const common = {
    name: `Gateway ${own.namespace}/${own.name}`,
    addresses,
    namesHost:
      claims.some((route) => (fitOf(route, host) ?? 0) > 0) ||
      (gateway.spec?.listeners ?? []).some(({ hostname }) => (hostFit(hostname, host, 'any') ?? 0) >= 1000),
    secrets: secretsOf(gateway, own, host, port),
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
  if (found === undefined) {
    const troubles = hindered.length > 0 ? hindered : [noRule(meant, claims, gateway)];
    return { ...common, troubles, backends: [] };
  }
  const { route, rule, text } = found;
  const by: TakenBy = { object: routeName(route), rule: text };
  const refs = (rule.backendRefs ?? []).filter(({ weight = 1 }) => weight > 0);
  const unresolved = notResolved(route, own, by, refs, grants);
  const redirects = (rule.filters ?? []).some(({ type }) => type === 'RequestRedirect');
  const troubles: readonly Trouble[] =
    refs.length === 0 && !redirects
      ? [{ kind: 'not-resolved', by, why: 'the rule names no backend' }]
      : unresolved;
  const services = refs.filter(({ kind = 'Service', group = '' }) => kind === 'Service' && group === '');
  return {
    ...common,
    by,
    troubles,
    backends: services.map((ref) => wantedBackend(ref, route, services.length)),
  };
}

/** Of the listeners that take the host. */
function secretsOf({ spec }: Gateway, own: ObjectName, host: string, port: number): readonly NamedSecret[] {
  return (spec?.listeners ?? [])
    .filter((one) => one.port === port && hostFit(one.hostname, host, 'any') !== undefined)
    .flatMap(({ tls }) => tls?.certificateRefs ?? [])
    .filter(({ kind = 'Secret' }) => kind === 'Secret')
    .map(({ namespace = own.namespace, name }) => ({ object: own, namespace, secret: name }));
}

function wantedBackend({ namespace, name, port }: BackendRef, route: AnyRoute, of: number): WantedBackend {
  return { namespace: namespace ?? routeName(route).namespace, name, port: String(port ?? ''), of };
}

/** A route of the host whose Gateway is not there. */
function orphan(route: AnyRoute, gateways: readonly Gateway[], host: string): readonly RoutedFront[] {
  if ((fitOf(route, host) ?? 0) === 0) return [];
  const known = gateways.map((one) => fullGateway(gatewayName(one)));
  const { namespace } = routeName(route);
  const parents = (route.spec?.parentRefs ?? []).filter(({ kind = 'Gateway' }) => kind === 'Gateway');
  const missing = parents
    .map((ref) => `${ref.namespace ?? namespace}/${ref.name}`)
    .filter((name) => !known.includes(name));
  if (missing.length === 0 || missing.length < parents.length) return [];
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
  const refused = accepted.find(({ status }) => status === 'False');
  if (refused !== undefined) return trouble(conditionText(refused));
  // The controller knows more than can be read here: namespaces by their labels, protocols of its own.
  if (accepted.some(({ status }) => status === 'True')) return [];
  const listeners = gateway.spec?.listeners ?? [];
  const refs = refsTo(route, own);
  const named = listeners.filter((one) =>
    refs.some(
      ({ sectionName, port: wanted }) =>
        (sectionName === undefined || sectionName === one.name) &&
        (wanted === undefined || wanted === one.port),
    ),
  );
  const [ref] = refs;
  if (named.length === 0) {
    const wanted = ref?.sectionName === undefined ? `port ${ref?.port ?? ''}` : `name ${ref.sectionName}`;
    return trouble(
      `the Gateway has no listener of ${wanted}; it has ${listeners.map((one) => `${one.name} (${one.port})`).join(', ')}`,
    );
  }
  const onPort = named.filter((one) => one.port === port);
  const here = onPort.length > 0 ? onPort : named;
  const open = here.filter((one) => isOpen(one, object.namespace === own.namespace));
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
): readonly Trouble[] {
  const { namespace } = routeName(route);
  const foreign = refs.filter((ref) => ref.namespace !== undefined && ref.namespace !== namespace);
  const ungranted = foreign.find((ref) => !isGranted(ref, route, grants));
  if (ungranted !== undefined) {
    const grantIn = ungranted.namespace ?? '';
    const why = `it leads to Service ${ungranted.name} in ${grantIn}, and no ReferenceGrant there allows references of ${route.kind}s in ${namespace}`;
    return [{ kind: 'not-resolved', by, grantIn, why }];
  }
  const said = conditionsOf(route, own, 'ResolvedRefs').find(({ status }) => status === 'False');
  return said === undefined ? [] : [{ kind: 'not-resolved', by, why: conditionText(said) }];
}

function isGranted(
  { namespace, name }: BackendRef,
  route: AnyRoute,
  grants: GatewayObjects['grants'],
): boolean {
  return grants.some(
    ({ metadata, spec }) =>
      metadata?.namespace === namespace &&
      (spec?.from ?? []).some(
        (one) => one.kind === route.kind && one.namespace === routeName(route).namespace,
      ) &&
      (spec?.to ?? []).some((one) => one.kind === 'Service' && (one.name === undefined || one.name === name)),
  );
}

function conditionsOf(route: AnyRoute, own: ObjectName, type: string): readonly Condition[] {
  const { namespace } = routeName(route);
  return (route.status?.parents ?? [])
    .filter(({ parentRef: ref }) => ref.name === own.name && (ref.namespace ?? namespace) === own.namespace)
    .flatMap(({ conditions = [] }) => conditions.filter((one) => one.type === type));
}

function conditionText({ type, reason, message }: Condition): string {
  const said = message === undefined || message === '' ? '' : `: "${message.slice(0, 200)}"`;
  return `its controller says ${type} is False (${reason ?? 'no reason given'})${said}`;
}

/** The most closely named host, then the longest path. */
function closestRule(
  routes: readonly AnyRoute[],
  host: string,
  path: string,
): { readonly route: AnyRoute; readonly rule: RouteRule; readonly text: string } | undefined {
  const found = routes.flatMap((route) =>
    (route.spec?.rules ?? [{}]).flatMap((rule) =>
      (rule.matches ?? [{}])
        .filter((match) => matchFits(match, path))
        .map((match) => ({ route, rule, match, fit: fitOf(route, host) ?? 0 })),
    ),
  );
  const [best] = found.sort((a, b) => b.fit - a.fit || weight(b.match) - weight(a.match));
  if (best === undefined) return undefined;
  const hosts = best.route.spec?.hostnames ?? [];
  const shown =
    hosts.length === 0 ? 'any host' : `host ${hosts.find((one) => hostFit(one, host, 'any') !== undefined)}`;
  return { ...best, text: `${shown}, ${matchText(best.match)}` };
}

function weight({ path }: RouteMatch): number {
  return (path?.value?.length ?? 1) * 2 + (path?.type === 'Exact' ? 10_000 : 0);
}

/** Headers, methods and queries are left open: what a client of its own kind sends is not known. */
function matchFits({ path, method }: RouteMatch, asked: string): boolean {
  if (typeof method === 'object') {
    const [, service, call] = asked.split('/');
    return (method.service ?? service) === service && (method.method ?? call) === call;
  }
  const { type = 'PathPrefix', value = '/' } = path ?? {};
  if (type === 'Exact') return value === asked;
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
