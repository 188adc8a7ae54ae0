/** Which Ingress takes a request, as https://kubernetes.io/docs/concepts/services-networking/ingress/ has it. Pure. */
import type { IngressObjects } from '../../model/gateway-api.ts';
import type { Ingress } from '../../model/kube-objects.ts';
import type { ObjectName, TakenBy, Trouble } from './facts.ts';
import { hostFit, isPattern, patternFits, prefixFits } from './hosts.ts';

/** A backend before it is looked up. */
export interface WantedBackend {
  readonly namespace: string;
  readonly name: string;
  readonly port: string;
  readonly of: number;
}

/** A front before its backend is looked up. */
export interface RoutedFront {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly namesHost: boolean;
  readonly troubles: readonly Trouble[];
  readonly by?: TakenBy;
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
  readonly backend: NonNullable<NonNullable<Ingress['spec']>['defaultBackend']>;
}

/** One front for each class, and one for each Ingress of the host that nobody serves. */
export function ingressFronts(
  { ingresses, classes }: IngressObjects,
  host: string,
  path: string,
): readonly RoutedFront[] {
  const groups = new Map<string, Ingress[]>();
  for (const one of ingresses)
    groups.set(classOf(one) ?? '', [...(groups.get(classOf(one) ?? '') ?? []), one]);
  const known = (classes ?? []).map(({ metadata }) => metadata?.name ?? '').sort();
  const hasDefault = (classes ?? []).some(
    ({ metadata }) => metadata?.annotations?.[DEFAULT_CLASS] === 'true',
  );
  return [...groups].flatMap(([name, group]): readonly RoutedFront[] => {
    // An old annotation names a class without there being an object of it.
    const isKnown = name === '' ? hasDefault : known.includes(name) || group.some((one) => isAnnotated(one));
    const isServed = classes === undefined || isKnown;
    const addresses = addressesOf(group);
    if (isServed || addresses.length > 0) return [front(name, group, addresses, host, path)];
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

function front(
  name: string,
  group: readonly Ingress[],
  addresses: readonly string[],
  host: string,
  path: string,
): RoutedFront {
  const rules = group.flatMap((one) => rulesOf(one, host));
  const [best] = rules.filter((rule) => pathFits(rule, path)).sort(closest);
  const fallback = group.find(({ spec }) => spec?.defaultBackend !== undefined);
  const backend = best?.backend ?? fallback?.spec?.defaultBackend;
  const ingress = best?.ingress ?? fallback;
  const common = {
    name: name === '' ? 'Ingresses of the default class' : `Ingresses of class ${name}`,
    addresses,
    namesHost: rules.some(({ hostFit: fit }) => fit > 0),
  };
  if (ingress === undefined || backend === undefined)
    return { ...common, troubles: [noRule(group, rules, path)], backends: [], secrets: [] };
  const object = objectOf(ingress);
  const by = { object, rule: best === undefined ? 'its default backend' : ruleText(best) };
  const { service } = backend;
  return {
    ...common,
    troubles: [],
    by,
    backends:
      service === undefined
        ? []
        : [
            {
              namespace: object.namespace,
              name: service.name,
              port: String(service.port?.number ?? service.port?.name ?? ''),
              of: 1,
            },
          ],
    secrets: secretsOf(ingress, object, host),
  };
}

/** Of the entries for the host; without one, none is named. */
function secretsOf({ spec }: Ingress, object: ObjectName, host: string): readonly NamedSecret[] {
  const { namespace } = object;
  const entries = (spec?.tls ?? []).filter(
    ({ hosts = [] }) => hosts.length === 0 || hosts.some((one) => hostFit(one, host, 'one') !== undefined),
  );
  const named = entries.flatMap(({ secretName }) => secretName ?? []);
  return named.length === 0
    ? [{ object, namespace }]
    : named.map((secret) => ({ object, namespace, secret }));
}

function rulesOf(ingress: Ingress, host: string): readonly Rule[] {
  return (ingress.spec?.rules ?? []).flatMap((rule) => {
    const fit = hostFit(rule.host, host, 'one');
    if (fit === undefined) return [];
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

function pathFits({ path: wanted, pathType }: Rule, path: string): boolean {
  if (pathType === 'Exact') return wanted === path;
  return prefixFits(wanted, path);
}

/** The host that is named most closely, then the longest path, then an exact one. */
function closest(a: Rule, b: Rule): number {
  return (
    b.hostFit - a.hostFit ||
    b.path.length - a.path.length ||
    Number(b.pathType === 'Exact') - Number(a.pathType === 'Exact')
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
