/** Which rule of the routes of a Gateway takes a request, by the precedence of the Gateway API (HTTPRouteSpec, rules). Pure. */
import type { GatewayListener } from '../../model/gateway-api.ts';
import { hostFit, mayFitExpression, prefixFits } from '../shared/host-rules.ts';
import { byAge } from './age.ts';
import { type AnyRoute, fitOf, type RouteMatch, type RouteRule, routeName } from './any-route.ts';
import type { Rival } from './facts.ts';

/** A request as rules look at it. */
export interface Asked {
  readonly host: string;
  readonly path: string;
  /** As a URL has it, with its question mark; empty: none. */
  readonly query?: string;
  /** That it is sent to. */
  readonly port: number;
}

/**
 * The most closely named host, then the longest path. What asks for headers or methods that the request of this check has
 * not counts where nothing else does: what a client of its own kind sends is not known. So it is with routes of listeners of
 * other ports alone, as that which leads from http to https.
 * @param listenersOf those of the Gateway that a route is of, of the port that is asked where it is of one
 */
export function closestRule(
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

export function matchText({ path, method }: RouteMatch): string {
  if (typeof method === 'object') return `call ${method.service ?? '*'}/${method.method ?? '*'}`;
  return `path ${path?.value ?? '/'} (${path?.type ?? 'PathPrefix'})`;
}
