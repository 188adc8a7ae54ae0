/** Which DESTs are hosts outside of the cluster, so that what is sent to them leaves it at the target's own node. */
import { podRanges } from '../../cluster/pod-ranges.ts';
import { MOST_SERVICES } from '../../cluster/published.ts';
import { unreadReason } from '../../cluster/reading.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import { parsePrefix } from '../../parsers/ip-prefix.ts';
import { liesIn } from './inside.ts';

/** Larger clusters are not searched: of their addresses nobody can say that they are none of a node. */
const MOST_NODES = 1000;

/** The hosts outside, and what of the API's ranges and addresses is inside. */
export interface Outside {
  readonly destinations: readonly Destination[];
  /** The ranges of the nodes' pods, and the addresses of nodes, by which an address that a name stands for is known. */
  readonly inside: readonly string[];
  /** Why of a host it is not known, in words that end a sentence. */
  readonly unread?: string;
}

const NONE: Outside = { destinations: [], inside: [] };

/** Nothing of a target that has its node's network, and nothing that may be a pod, a node or a Service as far as the user may read. */
export async function outsideOf(subject: Subject, asked: readonly Destination[]): Promise<Outside> {
  const { cluster, node } = subject;
  const hosts = asked.filter(isPlainHost);
  if (!cluster || !subject.pod || subject.isHost || node === undefined || hosts.length === 0) return NONE;
  const nodes = await cluster.nodes(MOST_NODES);
  if (nodes.value === undefined) return { ...NONE, unread: unreadReason(nodes) };
  if (!nodes.value.isWhole)
    return {
      ...NONE,
      unread: `the cluster has more than ${MOST_NODES} nodes, whose addresses are not all read`,
    };
  const inside = nodes.value.items.flatMap((one) => [
    ...podRanges(one),
    ...(one.status?.addresses ?? []).map(({ address }) => address).filter((address) => parsePrefix(address)),
  ]);
  const answers = await Promise.all(
    hosts.map((one) =>
      parsePrefix(one.host) ? isForeignAddress(cluster, one, inside) : isForeignName(cluster, one),
    ),
  );
  const unread = answers.find((one) => typeof one === 'string');
  return {
    destinations: hosts.filter((_, i) => answers[i] === true),
    inside,
    ...(unread === undefined ? {} : { unread }),
  };
}

function isPlainHost({ protocol, inCluster, ref, service, pod, host }: Destination): boolean {
  const isNamed = ref !== undefined || service !== undefined || pod !== undefined;
  return protocol === 'tcp' && !inCluster && !isNamed && !/^127\.|^::1$|^localhost\.?$/i.test(host);
}

/** Or why it is not known. What a Service takes from outside is led on by the node to another address. */
async function isForeignAddress(
  cluster: ClusterView,
  { host }: Destination,
  inside: readonly string[],
): Promise<boolean | string> {
  if (liesIn(inside, host)) return false;
  const [pods, services, all] = await Promise.all([
    cluster.podsAt(host),
    cluster.servicesAt(host),
    cluster.allServices(MOST_SERVICES),
  ]);
  if (pods.value === undefined) return unreadReason(pods);
  if (services.value === undefined) return unreadReason(services);
  if (all.value === undefined) return unreadReason(all);
  const known = [
    ...pods.value.flatMap(({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip)),
    ...[...services.value, ...all.value.items].flatMap(({ spec, status }) => [
      ...(spec?.clusterIPs ?? [spec?.clusterIP]),
      ...(spec?.externalIPs ?? []),
      ...(status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip),
    ]),
  ].filter((one) => one !== undefined);
  return !liesIn(known, host);
}

/** `web`, `web.shop`, `web-0.web.shop` and what ends as names of Services do are the cluster's. */
async function isForeignName(cluster: ClusterView, { host }: Destination): Promise<boolean> {
  const labels = host.replace(/\.$/, '').split('.');
  if (labels.length < 2 || labels.includes('svc') || labels.slice(-2).join('.') === 'cluster.local')
    return false;
  const [first = '', second = '', third] = labels;
  const asked = await Promise.all([
    cluster.service(second, first),
    ...(third === undefined ? [] : [cluster.service(third, second)]),
  ]);
  return asked.every(({ value }) => !value);
}
