/** The input of the service check: Services, what stands behind them, and why some of it is not ready. */
import type { InputContext } from '../../cluster/context.ts';
import { type Family, familyOf } from '../../cluster/families.ts';
import type { InputOf } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import { endpointKey } from '../../parsers/sweep.ts';
import { type Unread, unreadPart } from '../shared/unread.ts';
import type check from './check.ts';
import type { ServiceInfo } from './facts.ts';
import { hasClusterDns, troubledServices } from './prepare-hosts.ts';
import { type AskedService, type ReadService, readService } from './prepare-info.ts';

/** Nothing to look at where no DEST is a Service, and no host is the name of one that has nobody to send to. */
export default async function prepare({
  subject,
  asked: destinations,
  sweeps,
}: InputContext): Promise<InputOf<typeof check> | undefined> {
  const { cluster, pod, addresses } = subject;
  if (!cluster) return undefined;
  const named = askedServices(destinations, cluster.namespace);
  const asked = [...named, ...(await troubledServices(subject, destinations, named.length))];
  if (asked.length === 0) return undefined;
  const read = await Promise.all(asked.map((one) => readService(cluster, one, subject)));
  const found = read.filter((one) => one !== undefined);
  return {
    services: found.map(({ info }) => swept(info, destinations, sweeps)),
    node: subject.node ?? '',
    addresses,
    hasClusterDns: pod !== undefined && hasClusterDns(pod),
    ...unreadPart(found.flatMap((one) => [...unreadPods(one), ...unseenFamilies(one, found, addresses)])),
  };
}

/** DESTs that one Service was resolved to are one to look at; of two families it was resolved to one for each. */
function askedServices(destinations: readonly Destination[], own: string): readonly AskedService[] {
  const groups = new Map<string, Destination[]>();
  for (const one of destinations.filter(({ ref }) => ref?.kind === 'service')) {
    const label = labelOf(one, own);
    groups.set(label, [...(groups.get(label) ?? []), one]);
  }
  const asked = [...groups].flatMap(([label, group], i): AskedService[] => {
    const [first] = group;
    if (first?.ref === undefined) return [];
    const { ref, protocol, service, host } = first;
    const address = group.find((one) => one.service !== undefined && isAddress(one.host))?.host;
    return [
      {
        id: `svc${i}`,
        label,
        ref,
        protocol,
        clusterIp: service?.part === 'virtual' && isAddress(host) ? host : undefined,
        family: address === undefined ? undefined : familyOf(address),
        isOtherFamily: false,
      },
    ];
  });
  return asked.map((one, i) => {
    const isOther = asked.slice(0, i).some((o) => isSame(o, one) && o.family !== one.family);
    return { ...one, isOtherFamily: isOther };
  });
}

/** The same port of the same Service. */
function isSame(a: AskedService, b: AskedService): boolean {
  const keys = [a, b].map(({ ref, protocol }) => JSON.stringify([ref, protocol]));
  return keys[0] === keys[1];
}

/** As the user calls it; an alias was resolved to a host, which is called otherwise. */
function labelOf({ service, ref, protocol }: Destination, own: string): string {
  const { namespace, name = '', port } = ref ?? {};
  const alias = `svc/${name}${namespace === own ? '' : `.${namespace}`}${port === undefined ? '' : `:${port}`}`;
  return `${service?.label ?? alias}${protocol === 'udp' ? '/udp' : ''}`;
}

function isAddress(host: string): boolean {
  return /^[\d.]+$|:/.test(host);
}

function unreadPods({ info, pods }: ReadService): readonly Unread[] {
  const { failed } = pods ?? {};
  return failed === undefined ? [] : [{ what: `the pods that ${info.label} selects`, reason: failed }];
}

/** The families of a Service over which nothing was sent to it, reported once. */
function unseenFamilies(
  { asked, info, families }: ReadService,
  all: readonly ReadService[],
  own: readonly string[],
): readonly Unread[] {
  if (asked.isOtherFamily || info.ready === 0) return [];
  const seen = all.filter((one) => isSame(one.asked, asked)).map((one) => one.asked.family);
  return families
    .filter((family) => !seen.includes(family))
    .map((family) => ({ what: `${info.label} over ${family}`, reason: unseenReason(family, own) }));
}

function unseenReason(family: Family, own: readonly string[]): string {
  if (own.length === 0) return 'the API does not say which addresses the target has';
  return own.some((address) => familyOf(address) === family)
    ? 'of a headless Service, one address of each pod is looked at'
    : `the target has no ${family} address`;
}

/** Of a large Service, each endpoint has the one connection of the sweep; those among DESTs are looked at in detail. */
function swept(
  service: ServiceInfo,
  asked: readonly Destination[],
  sweeps: ReadonlyMap<string, ProbeResult> | undefined,
): ServiceInfo {
  const sweep = sweeps?.get(service.label);
  if (sweep === undefined) return service;
  const detailed = new Set(asked.map(({ host, port }) => endpointKey(host, port)));
  const endpoints = service.endpoints.map((e) =>
    detailed.has(endpointKey(e.address, e.port)) ? e : { ...e, isSweptOnly: true },
  );
  return { ...service, endpoints, sweep };
}
