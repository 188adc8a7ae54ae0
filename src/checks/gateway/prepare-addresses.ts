/** Which addresses are one gateway's: a Service has several, and the API names one of them as where an Ingress is. */
import { clusterIps } from '../../cluster/services.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Service } from '../../model/kube-objects.ts';
import type { Front } from './facts.ts';

/**
 * Addresses by which the same pods are reached as by the host of a URL, where it is a Service of the cluster, by its name or
 * its cluster IP; empty: it is none, or that may not be read.
 */
export async function addressesAt(cluster: ClusterView, host: string): Promise<readonly string[]> {
  const [, name, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.|$)/.exec(host) ?? [];
  const found =
    name === undefined || namespace === undefined
      ? await byAddress(cluster, host)
      : (await cluster.service(namespace, name)).value;
  if (found === undefined || found === null) return [];
  const others = await cluster.services(found.metadata?.namespace ?? '');
  const same = (others.value ?? []).filter((one) => selectorOf(one) === selectorOf(found));
  return [...new Set([found, ...same].flatMap(addressesOf))];
}

async function byAddress(cluster: ClusterView, host: string): Promise<Service | undefined> {
  if (!/^[\d.]+$|:/.test(host)) return undefined;
  return (await cluster.servicesAt(host)).value?.[0];
}

/** Of the same pods; a Service without a selector is like no other. */
export function selectorOf({ metadata, spec }: Service): string {
  const pairs = Object.entries(spec?.selector ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length === 0 ? `of ${metadata?.name}` : JSON.stringify(pairs);
}

function addressesOf(service: Service): readonly string[] {
  const { spec, status } = service;
  const balanced = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? []);
  return [...clusterIps(service), ...(spec?.externalIPs ?? []), ...balanced];
}

/** The front with all addresses of its Service, where one of them is its own. */
export function withAddresses(front: Front, around: readonly string[]): Front {
  const isThere = front.addresses.some((one) => around.includes(one));
  return isThere ? { ...front, addresses: [...new Set([...front.addresses, ...around])] } : front;
}
