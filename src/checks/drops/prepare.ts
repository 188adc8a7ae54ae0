/** The input of the drops check: what is watched, and who has which address. */

import type { InputContext } from '../../cluster/context.ts';
import { unreadReason } from '../../cluster/reading.ts';
import type { InputOf } from '../../model/check.ts';
import type { Unanswered } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import type { Node, Pod, Service } from '../../model/kube-objects.ts';
import { optionsIn } from '../shared/about.ts';
import about from './about.ts';
import type check from './check.ts';
import type { DropsInput } from './facts.ts';

/** Names of more are not looked up: the input is a part of what --save writes. */
const MOST_PODS = 500;
const MOST_SERVICES = 1000;
const MOST_NODES = 500;
/** Each of them is a question of its own. */
const MOST_ADDRESSES = 8;

/** Where a container that sees a node's processes finds the node's files. */
const NODE_ROOT = '/proc/1/root';

export default async function prepare({
  subject,
  args,
  asked,
}: InputContext): Promise<InputOf<typeof check> | undefined> {
  const options = optionsIn(args, about);
  const { cluster, node, pod, isHost, addresses } = subject;
  if (options === undefined) return isWatchedMeanwhile({ subject, args }) ? MEANWHILE : undefined;
  const isMachine = isHost && pod === undefined;
  const { namespace = '', name = '' } = pod?.metadata ?? {};
  const peers = asked.map(({ host, port, anyPort }) => ({ host, port: anyPort ? 0 : Number(port) || 0 }));
  const [pods, services, nodes, peersOf, ...others] = cluster
    ? await Promise.all([
        node === undefined ? undefined : cluster.podsOnNode(node, MOST_PODS),
        cluster.allServices(MOST_SERVICES),
        cluster.nodes(MOST_NODES),
        // Who speaks to a pod is mostly of its own namespace, on whatever node.
        pod === undefined ? undefined : cluster.pods(namespace),
        ...addressesOf(asked).map((address) => cluster.podsAt(address)),
      ])
    : [];
  const unread = [pods, services, nodes, peersOf].filter(
    (one): one is Unanswered => one?.error !== undefined,
  );
  return {
    durationMs: options.durationMs,
    scope: isMachine ? 'machine' : 'own',
    isHost,
    ...(pod === undefined ? {} : { [isHost ? 'hostPod' : 'pod']: `${namespace}/${name}` }),
    root: cluster === undefined ? '' : NODE_ROOT,
    peers,
    own: !isHost && pod !== undefined && peers.length > 0 ? addresses : [],
    // Whose address it is most of all comes last.
    names: Object.fromEntries([
      ...(nodes?.value?.items ?? []).flatMap(nodeNames),
      ...(services?.value?.items ?? []).flatMap(serviceNames),
      ...(peersOf?.value ?? []).slice(0, MOST_PODS).flatMap(podNames),
      ...(pods?.value?.items ?? []).flatMap(podNames),
      ...others.flatMap((one) => one.value ?? []).flatMap(podNames),
      ...asked.flatMap(askedNames),
      ...(pod && !isHost ? podNames(pod) : []),
    ]),
    ...(unread.length === 0 ? {} : { namesSkipped: [...new Set(unread.map(unreadReason))].join('; ') }),
  };
}

/** Of a diagnosis of a node, the node's own network: flows to a DEST are watched with --deep, wherever they are. */
const MEANWHILE: DropsInput = {
  durationMs: 0,
  scope: 'own',
  isHost: true,
  root: '',
  peers: [],
  own: [],
  names: {},
};

function isWatchedMeanwhile({ subject, args }: Pick<InputContext, 'subject' | 'args'>): boolean {
  const { cluster, node, pod, isHost } = subject;
  return (
    cluster !== undefined &&
    node !== undefined &&
    pod === undefined &&
    isHost &&
    args.session.watchesKernel === 'if-admitted' &&
    args.session.netns === undefined
  );
}

/** Those of which DEST does not say whose they are. */
function addressesOf(asked: readonly Destination[]): string[] {
  const unnamed = asked.filter(({ host, pod, service }) => isAddress(host) && !pod && !service);
  return [...new Set(unnamed.map(({ host }) => host))].slice(0, MOST_ADDRESSES);
}

function isAddress(host: string): boolean {
  return /^\d+(\.\d+){3}$|:/.test(host);
}

function podNames({ metadata, spec, status }: Pod): [string, string][] {
  // One in its node's network has the node's address.
  if (spec?.hostNetwork === true || status?.phase === 'Succeeded' || status?.phase === 'Failed') return [];
  return (status?.podIPs ?? []).map(({ ip }) => [ip, `${metadata?.namespace}/${metadata?.name}`]);
}

function serviceNames({ metadata, spec }: Service): [string, string][] {
  return (spec?.clusterIPs ?? [])
    .filter((ip) => ip !== 'None')
    .map((ip) => [ip, `svc ${metadata?.namespace}/${metadata?.name}`]);
}

function nodeNames({ metadata, status }: Node): [string, string][] {
  return (status?.addresses ?? [])
    .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
    .map(({ address }) => [address, metadata?.name ?? '']);
}

function askedNames({ host, pod, ref, service }: Destination): [string, string][] {
  if (pod !== undefined) return [[host, `${pod.namespace}/${pod.name}`]];
  return ref?.kind === 'service' && service?.part === 'virtual'
    ? [[host, `svc ${ref.namespace}/${ref.name}`]]
    : [];
}
