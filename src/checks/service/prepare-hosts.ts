/**
 * Services by the hosts of URLs and of HOST:PORT: kube-proxy refuses what is sent to one without a ready endpoint, and
 * translates no port of a headless one.
 */
import { familiesOf, familyOf } from '../../cluster/families.ts';
import { clusterIps, endpointsOf, isReady, servicePort } from '../../cluster/services.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import type { Pod } from '../../model/kube-objects.ts';
import type { AskedService } from './prepare-info.ts';

/** `shop`, `shop.ns` and `shop.ns.svc`, which search domains complete. */
const RELATIVE = /^([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc)?)?$/;
/**
 * With the cluster's domain, which is not known here, and perhaps the dot at its end, by which no search domain is tried.
 * That of several clusters together (KEP-1645) has endpoints of all of them.
 */
const WHOLE = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.(?!clusterset\.)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.?$/;

export function hasClusterDns({ spec }: Pod): boolean {
  const policy = spec?.dnsPolicy ?? 'ClusterFirst';
  return policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && spec?.hostNetwork !== true);
}

/** The Service that the target means by a host. */
function nameIn(
  host: string,
  { cluster, pod }: Pick<Subject, 'cluster' | 'pod'>,
): { readonly name: string; readonly namespace: string } | undefined {
  const text = host.toLowerCase();
  const isAlias = pod?.spec?.hostAliases?.some(({ hostnames = [] }) => hostnames.includes(text)) === true;
  if (/^[\d.]+$/.test(text) || isAlias) return undefined;
  // Another resolver than the cluster's knows no search domains of it, and may know the name as somebody else's.
  const isSearched = pod !== undefined && hasClusterDns(pod);
  const [, name, namespace = cluster?.namespace] =
    (isSearched ? RELATIVE.exec(text) : undefined) ?? WHOLE.exec(text) ?? [];
  return name === undefined || namespace === undefined ? undefined : { name, namespace };
}

/**
 * Those that have no ready endpoint for the port, and headless ones whose pods have it under another number, each under
 * its DEST's own label; of the others there is nothing to say that other checks do not. What may not be read is not among
 * them.
 * @param before how many Services there are already
 */
export async function troubledServices(
  subject: Pick<Subject, 'cluster' | 'addresses' | 'pod'>,
  destinations: readonly Destination[],
  before: number,
): Promise<readonly AskedService[]> {
  const { cluster } = subject;
  if (!cluster) return [];
  const hosts = destinations.filter((one) => one.ref === undefined && one.pod === undefined && !one.anyPort);
  const found = await Promise.all(hosts.map((one) => troubledService(cluster, subject, one)));
  return found.flatMap((one, i) => (one === undefined ? [] : [{ ...one, id: `svc${before + i}` }]));
}

async function troubledService(
  cluster: ClusterView,
  subject: Pick<Subject, 'cluster' | 'addresses' | 'pod'>,
  { host, port, protocol, label }: Destination,
): Promise<Omit<AskedService, 'id'> | undefined> {
  const named = nameIn(host, subject);
  const service = named && (await cluster.service(named.namespace, named.name)).value;
  if (!named || !service || service.spec?.type === 'ExternalName') return undefined;
  const chosen = servicePort(service, port, protocol);
  const slices = (await cluster.endpointSlices(named.namespace, named.name)).value;
  if (chosen === undefined || slices === undefined) return undefined;
  const ips = clusterIps(service);
  const ready = endpointsOf(slices, chosen).filter(isReady);
  const isUnmapped =
    ips.length === 0 && protocol === 'tcp' && ready.every((one) => String(one.port) !== port);
  if (ready.length > 0 && !isUnmapped) return undefined;
  const clusterIp = ips.find((ip) => familiesOf(subject.addresses).includes(familyOf(ip))) ?? ips[0];
  return {
    label,
    ref: { kind: 'service', ...named, port },
    protocol,
    clusterIp,
    family: clusterIp === undefined ? undefined : familyOf(clusterIp),
    isOtherFamily: false,
    isHost: true,
  };
}
