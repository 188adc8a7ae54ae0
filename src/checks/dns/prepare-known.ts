/** Names that are those of Services, as the API says. */
import { changedMs, clusterIps } from '../../cluster/services.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Service } from '../../model/kube-objects.ts';
import { isAddressAlias } from '../shared/address-alias.ts';
import type { KnownService } from './facts.ts';

/** `shop`, `shop.shop`, `shop.shop.svc`, `shop.shop.svc.cluster.local`, with a dot at the end or without, in lower case. */
const SERVICE_NAME = /^([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\.[a-z0-9.-]+?)?)?)?\.?$/;
/** `db-0.db`, and so on: a host of a Service. */
const HOST_NAME = /^([a-z0-9-]+)\.([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\.[a-z0-9.-]+?)?)?)?\.?$/;
/** Longer than caches keep denials: 30 s in CoreDNS' usual Corefile, and as long again in a node's cache before it. */
const FRESH_MS = 60_000;

/** @param nowMs the time; @param own namespace of the target, in which short names are looked for */
export async function servicesOf(
  cluster: ClusterView,
  own: string,
  names: readonly string[],
  nowMs: number,
): Promise<Record<string, KnownService>> {
  const found = await Promise.all(names.map((name) => serviceOf(cluster, own, name, nowMs)));
  return Object.fromEntries(names.flatMap((name, i) => (found[i] === undefined ? [] : [[name, found[i]]])));
}

async function serviceOf(
  cluster: ClusterView,
  own: string,
  asked: string,
  nowMs: number,
): Promise<KnownService | undefined> {
  const [, name, namespace = own] = SERVICE_NAME.exec(asked.toLowerCase()) ?? [];
  const service = name === undefined ? undefined : await readService(cluster, own, namespace, name);
  if (!service || name === undefined) return hostOf(cluster, own, asked, nowMs);
  const known = { namespace, name };
  const addresses = clusterIps(service);
  // It has a record whatever its endpoints are.
  if (service.spec?.type === 'ExternalName')
    return { ...known, ...aliasPart(service), ...agePart(service, nowMs) };
  if (addresses.length > 0) return { ...known, addresses, ...agePart(service, nowMs) };
  return youngHeadless(cluster, known, nowMs);
}

/** Of another namespace only where there is one: as good as always it is a host on the internet. */
async function readService(cluster: ClusterView, own: string, namespace: string, name: string) {
  if (namespace !== own && !(await cluster.namespaceObject(namespace)).value) return undefined;
  return (await cluster.service(namespace, name)).value;
}

/** One of the hosts behind a headless Service. */
async function hostOf(
  cluster: ClusterView,
  own: string,
  asked: string,
  nowMs: number,
): Promise<KnownService | undefined> {
  const [, host, name, namespace = own] = HOST_NAME.exec(asked.toLowerCase()) ?? [];
  if (host === undefined || name === undefined) return undefined;
  const service = await readService(cluster, own, namespace, name);
  if (!service || service.spec?.type === 'ExternalName' || clusterIps(service).length > 0) return undefined;
  return youngHeadless(cluster, { namespace, name, host }, nowMs);
}

/** While it has an endpoint for the name that may be younger than what a cache says; older ones may rightly be gone by now. */
async function youngHeadless(
  cluster: ClusterView,
  known: KnownService,
  nowMs: number,
): Promise<KnownService | undefined> {
  const slices = (await cluster.endpointSlices(known.namespace, known.name)).value ?? [];
  const own = slices.filter(({ endpoints }) =>
    endpoints?.some(
      ({ conditions, hostname }) =>
        conditions?.ready !== false && (known.host === undefined || hostname === known.host),
    ),
  );
  const ageMs = nowMs - Math.max(0, ...own.map(changedMs));
  return ageMs < FRESH_MS ? { ...known, changedSeconds: seconds(ageMs) } : undefined;
}

function aliasPart({ spec }: Service): { alias?: string } {
  const { externalName = '' } = spec ?? {};
  return isAddressAlias(externalName) ? { alias: externalName } : {};
}

function agePart({ metadata }: Service, nowMs: number): { ageSeconds?: number } {
  // JSON carries strings where client-node's types say Date.
  const ageMs = nowMs - Date.parse(String(metadata?.creationTimestamp));
  return ageMs < FRESH_MS ? { ageSeconds: seconds(ageMs) } : {};
}

function seconds(ms: number): number {
  return Math.max(0, Math.round(ms / 1000));
}
