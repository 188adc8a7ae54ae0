/** The input of the mtu check. */

import type { InputContext } from '../../cluster/context.ts';
import { always } from '../../cluster/destinations.ts';
import { familiesOf } from '../../cluster/families.ts';
import { type Endpoint, endpointsOf, isReady } from '../../cluster/services.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { InputOf } from '../../model/check.ts';
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
  const { peers, unread } = await onOtherNodes(context);
  const destinations = [...gateway, ...peers, ...asked];
  const ownHost = ownHostOf(context.subject);
  return {
    destinations,
    transfer,
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
async function onOtherNodes({
  subject,
}: InputContext): Promise<{ readonly peers: readonly Destination[]; readonly unread: readonly Unread[] }> {
  const { cluster, node, addresses } = subject;
  if (!cluster) return { peers: [], unread: [] };
  const { value: slices = [], failed } = await cluster.endpointSlices('kube-system', 'kube-dns');
  const families = familiesOf(addresses);
  const nodes = new Set([node]);
  const found = endpointsOf(slices).filter((one) => {
    if (!isReady(one) || nodes.has(one.node)) return false;
    if (families.length > 0 && !families.includes(one.family)) return false;
    return Boolean(nodes.add(one.node));
  });
  return {
    peers: found.slice(0, MAX_PEERS).map(peer),
    unread: failed === undefined ? [] : [{ what: 'the path to other nodes', reason: failed }],
  };
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
