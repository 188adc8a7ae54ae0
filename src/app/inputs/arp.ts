/** The input of the arp check. */
import { arp } from '../../checks/arp/check.ts';
import type { Peer } from '../../checks/arp/facts.ts';
import { type PreparedCheck, prepared } from '../../checks/registry.ts';
import type { KubeClient } from '../../kube/client.ts';
import { podsPath } from '../../kube/paths.ts';
import type { Pod } from '../../kube/types.ts';
import type { InputContext } from './context.ts';
import { always } from './destinations.ts';
import { nodeNetwork } from './node-network.ts';

/** A sample: asking all pods of a node would be a scan. */
const MAX_PEERS = 4;
/** More pods than that are not listed; a node has 110 by default. */
const LIMIT = '150';

export async function prepareArp(context: InputContext): Promise<PreparedCheck> {
  const { args, asked, subject } = context;
  const { tableShare } = args.thresholds;
  // A node's own neighbours are not its pods: it has a link to each of them, and routes.
  const peers = subject.isHost ? [] : await peersOf(context);
  const cluster = await nodeNetwork(context);
  return prepared(arp, {
    destinations: [...always(subject), ...asked],
    peers,
    tableShare,
    ...(subject.isHost ? { isHost: true } : {}),
    ...(cluster === undefined ? {} : { cluster }),
  });
}

/**
 * Pods that are on the same link, if pods of a node share one; the target's route tells later whether they do. Only of
 * the target's namespace: what belongs together talks to each other, and a pod that is deleted just now would be silent.
 */
async function peersOf(context: InputContext): Promise<Peer[]> {
  const { subject, asked } = context;
  const { client, pod, node } = subject;
  if (client === undefined || pod === undefined || node === undefined) return [];
  const known = new Set([...subject.addresses, ...asked.map((d) => d.host)]);
  return ((await podsOn(client, node, context.signal)) ?? [])
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

/** `undefined`: they may not be read. */
async function podsOn(client: KubeClient, node: string, signal: AbortSignal): Promise<Pod[] | undefined> {
  const query = { fieldSelector: `spec.nodeName=${node}`, limit: LIMIT };
  try {
    return (await client.get<{ items: Pod[] }>(podsPath(client.namespace), { query, signal })).items;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
