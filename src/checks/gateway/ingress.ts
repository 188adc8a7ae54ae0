/** Which Ingress takes a request, as https://kubernetes.io/docs/concepts/services-networking/ingress/ has it. Pure. */
import type { IngressObjects } from '../../model/gateway-api.ts';
import type { Ingress } from '../../model/kube-objects.ts';
import { hostFit, isPattern, patternFits, prefixFits } from '../shared/host-rules.ts';
import { byAge } from './age.ts';
import {
  aliasesOf,
  areDivided,
  balancerOf,
  hasCertificateElsewhere,
  hasExpressions,
  hasShare,
  IN_ANNOTATION,
  INGRESS_NGINX,
  isCanary,
  isPassedThrough,
  takesClassless,
} from './controllers.ts';
import type { ObjectName, Rival, TakenBy, Trouble, UnusableSecret } from './facts.ts';

/** A backend before it is looked up. */
export interface WantedBackend {
  readonly namespace: string;
  readonly name: string;
  readonly port: string;
  readonly of: number;
  /** The rule that leads to it, where that is another than the front's. */
  readonly by?: TakenBy;
  /** The controller takes the port of the pods for the Service's too. */
  readonly mayBeTarget?: boolean;
}

/** A front before its backend is looked up. */
export interface RoutedFront {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly namesHost: boolean;
  readonly troubles: readonly Trouble[];
  readonly by?: TakenBy;
  /** Other objects whose rule is the same, and that lead elsewhere. */
  readonly rivals?: readonly Rival[];
  readonly backends: readonly WantedBackend[];
  /** Secrets that the served certificate is in. */
  readonly secrets: readonly NamedSecret[];
}

/** Where the certificate of a host is. */
export interface NamedSecret {
  readonly object: ObjectName;
  readonly namespace: string;
  /** Absent: none is named, and the gateway has to have one of its own. */
  readonly secret?: string;
  readonly unusable?: UnusableSecret;
}

/** Older than `spec.ingressClassName`, and taken still. */
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';

interface Rule {
  readonly ingress: Ingress;
  readonly host: string | undefined;
  readonly hostFit: number;
  readonly path: string;
  readonly pathType: string;
  readonly backend: AnyBackend;
}

/** A request as rules look at it. */
interface Asked {
  readonly host: string;
  readonly path: string;
  readonly isTls?: boolean;
}

/** One front for each class, or each of its load balancers, and one for each Ingress of the host that nobody serves. */
export function ingressFronts({ ingresses, classes }: IngressObjects, asked: Asked): readonly RoutedFront[] {
  const { host } = asked;
  const known = (classes ?? []).map(({ metadata }) => metadata?.name ?? '').sort();
  const hasDefault = (classes ?? []).some(
    ({ metadata, spec }) =>
      metadata?.annotations?.[DEFAULT_CLASS] === 'true' || takesClassless(spec?.controller),
  );
  const controllers = new Map(
    (classes ?? []).map(({ metadata, spec }) => [metadata?.name, spec?.controller]),
  );
  const groups = Map.groupBy(ingresses, (one) => {
    const name = classOf(one) ?? '';
    return JSON.stringify([name, balancerOf(one, { name, controller: controllers.get(name) })]);
  });
  return [...groups.values()].flatMap((group): readonly RoutedFront[] => {
    const name = (group[0] && classOf(group[0])) ?? '';
    // An old annotation names a class without there being an object of it.
    const isKnown = name === '' ? hasDefault : known.includes(name) || group.some((one) => isAnnotated(one));
    const isServed = classes === undefined || isKnown;
    const addresses = addressesOf(group);
    if (isServed || addresses.length > 0)
      return [front({ name, group, addresses, controller: controllers.get(name) }, asked)];
    return group
      .filter((one) => rulesOf(one, host).some(({ hostFit: fit }) => fit > 0))
      .map((one) => unserved(one, name, known));
  });
}

function classOf({ metadata, spec }: Ingress): string | undefined {
  return spec?.ingressClassName ?? metadata?.annotations?.[CLASS_ANNOTATION];
}

function isAnnotated({ metadata }: Ingress): boolean {
  return metadata?.annotations?.[CLASS_ANNOTATION] !== undefined;
}

function unserved(ingress: Ingress, wanted: string, known: readonly string[]): RoutedFront {
  const why = wanted === '' ? 'class' : 'unknown-class';
  return {
    name: `Ingress ${ingress.metadata?.namespace}/${ingress.metadata?.name}`,
    addresses: [],
    namesHost: true,
    troubles: [{ kind: 'no-controller', object: objectOf(ingress), why, wanted, known }],
    backends: [],
    secrets: [],
  };
}

/** All Ingresses of one class, or of one of its load balancers. */
interface Served {
  readonly name: string;
  readonly group: readonly Ingress[];
  readonly addresses: readonly string[];
  /** By its IngressClass. */
  readonly controller: string | undefined;
}

function front({ name, group, addresses, controller }: Served, asked: Asked): RoutedFront {
  const { host, path } = asked;
  const all = group.flatMap((one) => rulesOf(one, host));
  const rules = all.filter(({ ingress }) => !isCanary(ingress));
  const ways: PathWays = {
    isNginx: controller === INGRESS_NGINX,
    areExpressions: rules.some(({ ingress }) => hasExpressions(ingress)),
    isTls: asked.isTls === true,
  };
  const fitting = all.filter((rule) => pathFits(rule, path, ways)).sort(closest);
  const best = fitting.find(({ ingress }) => !isCanary(ingress));
  const shares = fitting.filter(({ ingress }) => isCanary(ingress) && hasShare(ingress)).slice(0, 1);
  const fallback = best === undefined ? fallbackOf(group, rules) : undefined;
  const backend = best?.backend ?? fallback?.spec?.defaultBackend;
  const ingress = best?.ingress ?? fallback;
  const common = {
    name: name === '' ? 'Ingresses of the default class' : `Ingresses of class ${name}`,
    addresses,
    namesHost: rules.some(({ hostFit: fit }) => fit > 0),
  };
  if (ingress === undefined || backend === undefined)
    return { ...common, troubles: [noRule(group, all, path)], backends: [], secrets: [] };
  const object = objectOf(ingress);
  const by = { object, rule: best === undefined ? 'its default backend' : ruleText(best) };
  return {
    ...common,
    troubles: [],
    by,
    ...(best === undefined ? {} : rivalsPart(best, fitting)),
    backends: [
      ...wanted(ingress, backend, controller),
      ...(best === undefined ? [] : shares).flatMap((share) =>
        wanted(share.ingress, share.backend, controller).map((one) => ({
          ...one,
          by: { object: objectOf(share.ingress), rule: `${ruleText(share)}, a canary` },
        })),
      ),
    ].map((one, _i, { length }) => ({ ...one, of: length })),
    secrets: secretsOf(ingress, rules, host),
  };
}

/** Rules of other Ingresses for the very same host and path, that lead elsewhere: one of them alone can count. */
function rivalsPart(best: Rule, fitting: readonly Rule[]): { rivals?: readonly Rival[] } {
  const rivals = fitting.filter(
    (one) =>
      one.ingress !== best.ingress &&
      !isCanary(one.ingress) &&
      one.host === best.host &&
      one.path === best.path &&
      one.pathType === best.pathType &&
      backendText(one) !== backendText(best) &&
      !areApart(one.ingress, best.ingress) &&
      !areDivided(one.ingress, best.ingress),
  );
  return rivals.length === 0
    ? {}
    : { rivals: rivals.map((one) => ({ object: objectOf(one.ingress), to: backendText(one) })) };
}

/** Each has a load balancer of its own, as those of GKE, and of AWS without a group: neither takes the other's requests. */
function areApart(one: Ingress, other: Ingress): boolean {
  const [addresses, others] = [addressesOf([one]), addressesOf([other])];
  return addresses.length > 0 && others.length > 0 && !addresses.some((address) => others.includes(address));
}

/** `Service shop/web:80`. */
function backendText({ ingress, backend: { service, resource } }: Rule): string {
  const { namespace } = objectOf(ingress);
  return service === undefined
    ? `${resource?.kind ?? 'resource'} ${namespace}/${resource?.name ?? ''}`
    : `Service ${namespace}/${service.name}:${service.port?.number ?? service.port?.name ?? ''}`;
}

type AnyBackend = NonNullable<NonNullable<Ingress['spec']>['defaultBackend']>;

/** None where it is no Service. */
function wanted(
  ingress: Ingress,
  { service }: AnyBackend,
  controller: string | undefined,
): readonly WantedBackend[] {
  if (service === undefined || service.port?.name === IN_ANNOTATION) return [];
  const { namespace } = objectOf(ingress);
  const port = String(service.port?.number ?? service.port?.name ?? '');
  const mayBeTarget = controller === INGRESS_NGINX;
  return [{ namespace, name: service.name, port, of: 1, ...(mayBeTarget ? { mayBeTarget } : {}) }];
}

/** That of an Ingress with rules for the host, of one without rules, or of any. */
function fallbackOf(group: readonly Ingress[], rules: readonly Rule[]): Ingress | undefined {
  const all = group.filter((one) => one.spec?.defaultBackend !== undefined && !isCanary(one));
  return (
    all.find((one) => rules.some(({ ingress }) => ingress === one)) ??
    all.find(({ spec }) => (spec?.rules ?? []).length === 0) ??
    all[0]
  );
}

/** Of the entries for the host in all Ingresses that have rules for it: one is enough. Without one, none is named. */
function secretsOf(taken: Ingress, rules: readonly Rule[], host: string): readonly NamedSecret[] {
  const ingresses = [...new Set([taken, ...rules.map(({ ingress }) => ingress)])];
  if (ingresses.some((one) => isPassedThrough(one) || hasCertificateElsewhere(one))) return [];
  const named = ingresses.flatMap((one) =>
    (one.spec?.tls ?? [])
      .filter(
        ({ hosts = [] }) =>
          hosts.length === 0 || hosts.some((name) => hostFit(name, host, 'one') !== undefined),
      )
      .flatMap(({ secretName }) => secretName ?? [])
      .map((secret) => ({ object: objectOf(one), namespace: objectOf(one).namespace, secret })),
  );
  return named.length === 0 ? [{ object: objectOf(taken), namespace: objectOf(taken).namespace }] : named;
}

function rulesOf(ingress: Ingress, host: string): readonly Rule[] {
  return (ingress.spec?.rules ?? []).flatMap((rule) => {
    const aliases = rule.host === undefined || rule.host === '' ? [] : aliasesOf(ingress);
    const fits = [rule.host, ...aliases].flatMap((name) => hostFit(name, host, 'one') ?? []);
    if (fits.length === 0) return [];
    const fit = Math.max(...fits);
    return (rule.http?.paths ?? []).map(({ path = '/', pathType, backend }) => ({
      ingress,
      host: rule.host,
      hostFit: fit,
      path,
      pathType,
      backend,
    }));
  });
}

/** How a controller looks at paths. */
interface PathWays {
  readonly isNginx: boolean;
  readonly areExpressions: boolean;
  readonly isTls: boolean;
}

function pathFits({ path: own, pathType, ingress }: Rule, path: string, ways: PathWays): boolean {
  if (ways.isTls && isPassedThrough(ingress)) return true;
  if (pathType === 'Exact') return own === path;
  if (prefixFits(own, path)) return true;
  const isTaken = isPattern(own) && patternFits(own, path);
  if (ways.areExpressions && isTaken) return true;
  if (pathType !== 'ImplementationSpecific') return false;
  // What it means is the controller's own: ingress-nginx compares the beginning, others know patterns too.
  return path.startsWith(own) || (isTaken && !ways.isNginx);
}

/** The host that is named most closely, then the longest path, then an exact one; of two that are the same, the older. */
function closest(a: Rule, b: Rule): number {
  return (
    b.hostFit - a.hostFit ||
    b.path.length - a.path.length ||
    Number(b.pathType === 'Exact') - Number(a.pathType === 'Exact') ||
    byAge(a.ingress, b.ingress)
  );
}

function noRule(group: readonly Ingress[], rules: readonly Rule[], path: string): Trouble {
  const hosts = [...new Set(group.flatMap(({ spec }) => (spec?.rules ?? []).map(({ host }) => host ?? '*')))];
  return {
    kind: 'no-rule',
    isOfHost: rules.some(({ hostFit: fit }) => fit > 0),
    near:
      rules.length > 0
        ? rules.map(
            (rule) =>
              `${ruleText(rule)} of ${rule.ingress.metadata?.namespace}/${rule.ingress.metadata?.name}`,
          )
        : hosts.map((host) => `host ${host}`),
    isPattern: rules.some((rule) => isPattern(rule.path) && patternFits(rule.path, path)),
  };
}

function ruleText({ host, path, pathType }: Rule): string {
  return `${host === undefined || host === '' ? 'any host' : `host ${host}`}, path ${path} (${pathType})`;
}

function addressesOf(group: readonly Ingress[]): readonly string[] {
  const all = group.flatMap(({ status }) =>
    (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? []),
  );
  return [...new Set(all)];
}

function objectOf({ metadata }: Ingress): ObjectName {
  return { kind: 'Ingress', namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}
