/** The input of the mtu check. */

import type { InputContext } from '../../cluster/context.ts';
import { always } from '../../cluster/destinations.ts';
import { familiesOf } from '../../cluster/families.ts';
import { type Endpoint, endpointsOf, isReady } from '../../cluster/services.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { InputOf } from '../../model/check.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import { optionsIn } from '../shared/about.ts';
import { type Unread, unreadPart } from '../shared/unread.ts';
import about from './about.ts';
import type check from './check.ts';
import type { OwnHost } from './facts.ts';

/** As many of the cluster's own pods on other nodes are measured to: one path between nodes is like the next. */
const MAX_PEERS = 2;

export default async function prepare(context: InputContext): Promise<InputOf<typeof check>> {
  const transfer = optionsIn(context.args, about)?.transfer ?? false;
  const gateway = always(context.subject).filter((d) => d.role === 'gateway');
  // A Service's address answers no echo request; what it leads to does.
  const asked = context.asked.filter(
    ({ protocol, service }) => service?.part !== 'virtual' || (transfer && protocol === 'tcp'),
  );
  const { peers, nodes, unread } = await onOtherNodes(context);
  const destinations = [...gateway, ...peers, ...nodes, ...asked];
  const ownHost = ownHostOf(context.subject);
  return {
    destinations,
    transfer,
    ...(nodes.length === 0 ? {} : { nodes: nodes.map(({ id }) => id) }),
    ...(context.subject.isHost && context.subject.cluster ? { forwards: true } : {}),
    ...(ownHost === undefined ? {} : { ownHost }),
    ...unreadPart(unread),
  };
}

function ownHostOf({ isHost, pod, docker }: Subject): OwnHost | undefined {
  if (isHost) return undefined;
  if (docker) {
    const networks = Object.values(docker.container.NetworkSettings.Networks ?? {});
    return { kind: 'docker', addresses: networks.flatMap(({ Gateway }) => Gateway || []) };
  }
  if (!pod) return { kind: 'other', addresses: [] };
  const { hostIP, hostIPs } = pod.status ?? {};
  const all = [hostIP, ...(hostIPs ?? []).map(({ ip }) => ip)].filter((ip) => ip !== undefined);
  return { kind: 'pod', addresses: [...new Set(all)] };
}

/** CoreDNS pods on other nodes than the target's: the overlay lies between them. None without the right to list. */
async function onOtherNodes({ subject }: InputContext): Promise<{
  readonly peers: readonly Destination[];
  /** Of a node alone, those that the peers are on: what lies between nodes is told from what lies between pods. */
  readonly nodes: readonly Destination[];
  readonly unread: readonly Unread[];
}> {
  const { cluster, node, addresses, isHost } = subject;
  if (!cluster) return { peers: [], nodes: [], unread: [] };
  const { value: slices = [], failed } = await cluster.endpointSlices('kube-system', 'kube-dns');
  const families = familiesOf(addresses);
  const nodes = new Set([node]);
  const found = endpointsOf(slices).filter((one) => {
    if (!isReady(one) || nodes.has(one.node)) return false;
    if (families.length > 0 && !families.includes(one.family)) return false;
    return Boolean(nodes.add(one.node));
  });
  const chosen = found.slice(0, MAX_PEERS);
  return {
    peers: chosen.map(peer),
    nodes: isHost ? (await Promise.all(chosen.map((one, i) => itsNode(cluster, one, i)))).flat() : [],
    unread: failed === undefined ? [] : [{ what: 'the path to other nodes', reason: failed }],
  };
}

/** The node of an endpoint by its own address of the family; none where it may not be read. */
async function itsNode(cluster: ClusterView, { node, family }: Endpoint, i: number): Promise<Destination[]> {
  const found = node === undefined ? undefined : (await cluster.node(node)).value;
  const address = found?.status?.addresses?.find(
    (one) => one.type === 'InternalIP' && one.address.includes(':') === (family === 'IPv6'),
  )?.address;
  if (address === undefined) return [];
  const rest = { port: '10250', anyPort: true, role: 'dns', inCluster: true, protocol: 'tcp' } as const;
  return [{ id: `node${i}`, label: `node/${node}`, host: address, ...rest }];
}

function peer({ address, pod = address }: Endpoint, i: number): Destination {
  return {
    id: `peer${i}`,
    label: `pod/${pod} on another node`,
    host: address,
    port: '53',
    anyPort: false,
    role: 'dns',
    inCluster: true,
    protocol: 'tcp',
    pod: { namespace: 'kube-system', name: pod },
  };
}
