/** Names that are those of Services, as the API says. */
import { clusterIps } from '../../cluster/services.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Service } from '../../model/kube-objects.ts';
import type { KnownService } from './facts.ts';

/** `shop`, `shop.shop`, `shop.shop.svc`, `shop.shop.svc.cluster.local`, with a dot at the end or without, in lower case. */
const SERVICE_NAME = /^([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc(?:\.[a-z0-9.-]+?)?)?)?\.?$/;
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
  if (name === undefined) return undefined;
  // Of another namespace only where there is one: as good as always it is a host on the internet.
  if (namespace !== own && !(await cluster.namespaceObject(namespace)).value) return undefined;
  const service = (await cluster.service(namespace, name)).value;
  return service && isNamed(service) ? { namespace, name, ...agePart(service, nowMs) } : undefined;
}

/** It has a record whatever its endpoints are. */
function isNamed(service: Service): boolean {
  return service.spec?.type === 'ExternalName' || clusterIps(service).length > 0;
}

function agePart({ metadata }: Service, nowMs: number): { ageSeconds?: number } {
  // JSON carries strings where client-node's types say Date.
  const ageMs = nowMs - Date.parse(String(metadata?.creationTimestamp));
  return ageMs < FRESH_MS ? { ageSeconds: Math.max(0, Math.round(ageMs / 1000)) } : {};
}
