/** The input of the arp check. */

import type { InputContext } from '../../cluster/context.ts';
import { always } from '../../cluster/destinations.ts';
import { publishedAt } from '../../cluster/published.ts';
import type { InputOf } from '../../model/check.ts';
import type { Part, Reading } from '../../model/cluster-view.ts';
import type { Pod } from '../../model/kube-objects.ts';
import { thresholdsIn } from '../shared/about.ts';
import { isOnThisMachine } from '../shared/beside.ts';
import { nodeNetwork } from '../shared/prepare-node-network.ts';
import { unreadPart } from '../shared/unread.ts';
import about from './about.ts';
import type check from './check.ts';
import type { Peer, SharedAddress } from './facts.ts';

/** A sample: asking all pods of a node would be a scan. */
const MAX_PEERS = 4;
/** More pods than that are not listed; a node has 110 by default. */
const LIMIT = 150;
const NOBODY: Part<Pod> = { items: [], isWhole: true };

export default async function prepare(context: InputContext): Promise<InputOf<typeof check>> {
  const { args, asked, subject } = context;
  const { tableShare } = thresholdsIn(args, about);
  // A node's own neighbours are not its pods: it has a link to each of them, and routes.
  const pods = subject.isHost ? { value: NOBODY } : await podsBeside(context);
  const { network, unread } = await nodeNetwork(context);
  const [shared, taken] = await Promise.all([sharedAddresses(context), takenHere(context)]);
  return {
    destinations: [...always(subject), ...asked],
    peers: peersOf(context, pods.value?.items ?? []),
    tableShare,
    ...(subject.isHost ? { isHost: true } : {}),
    ...(network === undefined ? {} : { cluster: network }),
    ...(taken.length === 0 ? {} : { taken }),
    ...(shared.length === 0 ? {} : { shared }),
    ...(isOnThisMachine(subject) ? { isOnThisMachine: true as const } : {}),
    ...unreadPart([
      ...unread,
      ...(pods.failed === undefined ? [] : [{ what: 'other pods on the same link', reason: pods.failed }]),
    ]),
  };
}

/** External IPs and addresses of load balancers: whether they are reached is the firewall check's to say. */
async function takenHere({ subject: { cluster, node, isHost }, asked }: InputContext): Promise<string[]> {
  if (cluster === undefined || !isHost) return [];
  const found = await Promise.all(
    asked.map(async (one) => ({ one, way: await publishedAt({ cluster, node, isHost }, one) })),
  );
  return found.flatMap(({ one, way }) => (way?.isTakenHere === true ? [one.id] : []));
}

/** Each is a question to the API. */
const MAX_ADDRESSES = 3;

/** Of pods that DESTs name. Nothing is said of addresses whose pods may not be listed. */
async function sharedAddresses({ subject, asked }: InputContext): Promise<SharedAddress[]> {
  const { cluster } = subject;
  if (cluster === undefined) return [];
  const all = asked.flatMap(({ ref, host, label }) =>
    ref?.kind === 'pod' ? [{ address: host, subject: label }] : [],
  );
  const once = all.filter(({ address }, i) => all.findIndex((one) => one.address === address) === i);
  const found = await Promise.all(
    once.slice(0, MAX_ADDRESSES).map(async (one) => {
      const pods = ((await cluster.podsAt(one.address)).value ?? []).filter(hasAddress);
      const named = pods.map(({ metadata, spec }) => ({
        name: `${metadata?.namespace}/${metadata?.name}`,
        node: spec?.nodeName ?? '?',
      }));
      return { ...one, pods: named };
    }),
  );
  return found.filter(({ pods }) => pods.length > 1);
}

/** A pod that has ended keeps the address that it had. */
function hasAddress({ metadata, spec, status }: Pod): boolean {
  return (
    status?.phase === 'Running' && metadata?.deletionTimestamp === undefined && spec?.hostNetwork !== true
  );
}

/**
 * Pods that are on the same link, if pods of a node share one; the target's route tells later whether they do. Only of
 * the target's namespace: what belongs together talks to each other, and a pod that is deleted just now would be silent.
 */
function peersOf({ subject, asked }: InputContext, pods: readonly Pod[]): Peer[] {
  const known = new Set([...subject.addresses, ...asked.map((d) => d.host)]);
  return pods
    .filter((other) => isThere(other) && !known.has(other.status?.podIP ?? ''))
    .slice(0, MAX_PEERS)
    .map(({ metadata, status }, i) => ({
      id: `peer${i}`,
      label: `pod/${metadata?.name}`,
      address: status?.podIP ?? '',
    }));
}

/** A pod that is on its way out may leave at any moment, and its address be silent for a good reason. */
function isThere({ metadata, spec, status }: Pod): boolean {
  const ready = status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
  return (
    ready === true &&
    metadata?.deletionTimestamp === undefined &&
    spec?.hostNetwork !== true &&
    status?.podIP?.includes('.') === true
  );
}

async function podsBeside({ subject }: InputContext): Promise<Reading<Part<Pod>>> {
  const { cluster, pod, node } = subject;
  if (cluster === undefined || pod === undefined || node === undefined) return { value: NOBODY };
  return cluster.podsOnNode(node, LIMIT, cluster.namespace);
}
