/** Hosts of URLs that are the cluster's own: whoever asks for a server by its Service asks for no rule of a gateway. */
import { clusterIps } from '../../cluster/services.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Service } from '../../model/kube-objects.ts';
import { selectorOf } from './prepare-addresses.ts';

/** `shop`, `shop.shop`, `shop.shop.svc` and longer, with a dot at the end or without. */
const SERVICE_NAME = /^([a-z0-9-]+)(?:\.([a-z0-9-]+)(\.svc(?:\.[a-z0-9.-]+?)?)?)?\.?$/;

/**
 * Whether it is a pod's address, or the name or address of a Service that is no way into the cluster, as those of gateways
 * are. Of what may not be read, only a name that nothing but Services has.
 */
export async function isOfCluster(cluster: ClusterView, host: string): Promise<boolean> {
  if (/^[\d.]+$|:/.test(host)) return isOwnAddress(cluster, host);
  const [, name, namespace = cluster.namespace, rest] = SERVICE_NAME.exec(host) ?? [];
  if (name === undefined) return false;
  const service = (await cluster.service(namespace, name)).value;
  if (service === undefined || service === null) return rest !== undefined;
  return !(await leadsIn(cluster, service));
}

/** In the namespace of the target, as those of all may not be read. */
async function isOwnAddress(cluster: ClusterView, address: string): Promise<boolean> {
  const [services, pods] = await Promise.all([
    cluster.servicesAt(address, cluster.namespace),
    cluster.podsAt(address, cluster.namespace),
  ]);
  const service = services.value?.find((one) => clusterIps(one).includes(address));
  if (service !== undefined) return !(await leadsIn(cluster, service));
  return (pods.value ?? []).some(({ status }) => status?.podIPs?.some(({ ip }) => ip === address));
}

/** It, or another Service of the same pods, is there for clients outside of the cluster. */
async function leadsIn(cluster: ClusterView, service: Service): Promise<boolean> {
  const all = (await cluster.services(service.metadata?.namespace ?? '')).value ?? [];
  const same = all.filter((one) => selectorOf(one) === selectorOf(service));
  return [service, ...same].some(
    ({ spec }) =>
      spec?.type === 'LoadBalancer' || spec?.type === 'NodePort' || (spec?.externalIPs ?? []).length > 0,
  );
}
