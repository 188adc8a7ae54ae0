/** The input of the mtu check. */

import type { InputContext } from '../../cluster/context.ts';
import { always } from '../../cluster/destinations.ts';
import { listAll } from '../../kube/list.ts';
import { namespacedPath } from '../../kube/paths.ts';
import { readingOf } from '../../kube/reading.ts';
import type { EndpointSlice } from '../../kube/types.ts';
import type { InputOf } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import { optionsIn } from '../shared/about.ts';
import { unreadPart } from '../unread.ts';
import about from './about.ts';
import type check from './check.ts';

/** As many of the cluster's own pods on other nodes are measured to: one path between nodes is like the next. */
const MAX_PEERS = 2;

export default async function prepare(context: InputContext): Promise<InputOf<typeof check>> {
  const transfer = optionsIn(context.args, about)?.transfer ?? false;
  const gateway = always(context.subject).filter((d) => d.role === 'gateway');
  // A Service's address answers no echo request; what it leads to does.
  const asked = context.asked.filter(
    ({ protocol, service }) => service?.part !== 'virtual' || (transfer && protocol === 'tcp'),
  );
  const dns = await readingOf(dnsSlices(context), context.signal);
  const destinations = [...gateway, ...onOtherNodes(context, dns.value ?? []), ...asked];
  const unread = dns.failed === undefined ? [] : [{ what: 'the path to other nodes', reason: dns.failed }];
  return { destinations, transfer, ...unreadPart(unread) };
}

async function dnsSlices({ subject, signal }: InputContext): Promise<readonly EndpointSlice[]> {
  const { client } = subject;
  if (!client) return [];
  const path = namespacedPath('apis/discovery.k8s.io/v1', 'kube-system', 'endpointslices');
  const query = { labelSelector: 'kubernetes.io/service-name=kube-dns' };
  return listAll<EndpointSlice>(client, path, { query, signal });
}

/** CoreDNS pods on other nodes than the target's: the overlay lies between them. None without the right to list. */
function onOtherNodes({ subject }: InputContext, slices: readonly EndpointSlice[]): Destination[] {
  const nodes = new Set([subject.node]);
  const peers = slices.flatMap((slice) =>
    (slice.endpoints ?? []).flatMap((endpoint) => {
      const address = endpoint.addresses[0];
      if (address === undefined || endpoint.conditions?.ready === false || nodes.has(endpoint.nodeName))
        return [];
      nodes.add(endpoint.nodeName);
      return [{ address, name: endpoint.targetRef?.name ?? address }];
    }),
  );
  return peers.slice(0, MAX_PEERS).map(({ address, name }, i) => ({
    id: `peer${i}`,
    label: `pod/${name} on another node`,
    host: address,
    port: '53',
    anyPort: false,
    role: 'dns',
    inCluster: true,
    protocol: 'tcp',
    pod: { namespace: 'kube-system', name },
  }));
}
