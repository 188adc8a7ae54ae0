/** The input of the path check: the network namespaces on the way to each pod that is a DEST, and on the way out to each host outside. */

import type { InputContext } from '../../cluster/context.ts';
import { needed } from '../../cluster/reading.ts';
import type { Subject } from '../../cluster/subject.ts';
import type { InputOf } from '../../model/check.ts';
import type { ClusterView } from '../../model/cluster-view.ts';
import type { Destination } from '../../model/destination.ts';
import { UserError } from '../../model/errors.ts';
import type { Pod } from '../../model/kube-objects.ts';
import { parsePrefix } from '../../parsers/ip-prefix.ts';
import { evaluatePolicies } from '../shared/network-policy.ts';
import { readPolicies } from '../shared/prepare-policies.ts';
import type check from './check.ts';
import type { Allowed, PathInput, PathRoute, Place } from './facts.ts';
import { type Outside, outsideOf } from './prepare-outside.ts';

/** Each one may get a container beside it. */
const MAX_DESTINATIONS = 4;

/**
 * Nothing without --both-ends or --deep.
 * @throws {UserError} exit 2: no DEST is a pod, or with --deep a host outside, to which the way could be looked at
 */
export default async function prepare(context: InputContext): Promise<InputOf<typeof check> | undefined> {
  const { args, asked, subject } = context;
  const { cluster } = subject;
  if (args.watch === undefined) return undefined;
  const flag = args.watch === 'deep' ? '--deep' : '--both-ends';
  const isDeep = args.watch === 'deep';
  const pods = asked.filter(({ pod }) => pod !== undefined);
  const outside = isDeep ? await outsideOf(subject, asked) : undefined;
  if (!cluster || (pods.length === 0 && (outside?.destinations ?? []).length === 0)) {
    const orHost = isDeep ? ', or of a pod a host outside of the cluster' : '';
    throw new UserError(
      `${flag} looks at the other end too: it needs --to pod/NAME or --to svc/NAME${orHost}.`,
      2,
      outside?.unread === undefined
        ? {}
        : { hint: `Whether a host is outside is not known: ${outside.unread}.` },
    );
  }
  // A pod of two families is one to look into.
  const count = new Set(pods.map(({ pod }) => `${pod?.namespace}/${pod?.name}`)).size;
  if (count > MAX_DESTINATIONS) {
    throw new UserError(`${flag} watches ${MAX_DESTINATIONS} pods at most, and --to names ${count}.`, 2, {
      hint: 'Name the pod that fails: --to pod/NAME.',
    });
  }
  const [ends, allowed] = await Promise.all([
    Promise.all(pods.map((d) => endOf(cluster, d))),
    isDeep ? allowedOf(cluster, subject, pods) : {},
  ]);
  const input = pathInput(subject, ends, isDeep, outside);
  return Object.keys(allowed).length === 0 ? input : { ...input, allowed };
}

/** More pods of a namespace are not compared. */
const MOST_PODS = 500;

/** What NetworkPolicies allow of a pod for being what it is; nothing where another kind of policy may say otherwise. */
async function allowedOf(
  cluster: ClusterView,
  subject: Subject,
  destinations: readonly Destination[],
): Promise<Record<string, Allowed>> {
  const { pod, addresses } = subject;
  if (pod === undefined || subject.isHost) return {};
  const [policies, all] = await Promise.all([
    readPolicies(subject, destinations),
    cluster.pods(pod.metadata?.namespace ?? ''),
  ]);
  if ((policies.others ?? []).length > 0 || policies.unread.length > 0) return {};
  if (all.value === undefined || all.value.length > MOST_PODS) return {};
  const known = all.value.flatMap(({ spec, status }) =>
    spec?.hostNetwork === true ? [] : (status?.podIPs ?? []).map(({ ip }) => ip),
  );
  const from = { address: addresses[0] ?? '', pod: policies.self };
  return Object.fromEntries(
    destinations.flatMap(({ id, protocol }) => {
      const backends = policies.pods[id] ?? [];
      const verdicts = backends.map((to) =>
        evaluatePolicies(policies.policies, { from, to, port: to.port, protocol }),
      );
      const by = [
        ...new Set(verdicts.flatMap(({ egress, ingress }) => [...egress.allowing, ...ingress.allowing])),
      ];
      const isAllowed = verdicts.length > 0 && verdicts.every(({ verdict }) => verdict === 'allowed');
      return isAllowed ? [[id, { by, addresses: [...new Set([...addresses, ...known])] }] as const] : [];
    }),
  );
}

/** A destination and the pod that it is. */
interface End {
  readonly destination: Destination;
  readonly pod: Pod;
}

/** @throws {UserError} exit 3: the pod has gone */
async function endOf(cluster: ClusterView, destination: Destination): Promise<End> {
  const { namespace = '', name = '' } = destination.pod ?? {};
  const pod = needed(await cluster.pod(namespace, name));
  if (pod === null) throw new UserError(`no pod "${name}" in namespace "${namespace}".`, 3);
  return { destination, pod };
}

/**
 * @param deep the nodes as well
 * @param outside the hosts to which the way is followed out of the target's own node. Pure.
 */
export function pathInput(
  subject: Subject,
  ends: readonly End[],
  deep: boolean,
  outside?: Outside,
): PathInput {
  const places: Place[] = [];
  const idOf = (place: Omit<Place, 'id'>): string => {
    const known = places.find(({ label }) => label === place.label);
    const id = known?.id ?? `p${places.length}`;
    if (!known) places.push({ id, ...place });
    return id;
  };
  const own = subject.pod && podPlace(subject.pod);
  const nodes = new Set<string>();
  // What a pod in its node's network sends is the node's.
  const source = own && !subject.isHost ? own : nodePlace(subject.node ?? '');
  const hosts = outside?.destinations ?? [];
  if (hosts.length > 0 || ends.some(({ destination }) => destination.protocol === 'tcp'))
    idOf({ ...source, isTarget: true });
  const toPods = ends.map(({ destination, pod }): PathRoute => {
    const node = pod.spec?.nodeName ?? '';
    const isHost = pod.spec?.hostNetwork === true;
    const isSameNode = node === subject.node;
    for (const one of [subject.node ?? '', node]) if (one !== '') nodes.add(one);
    const stops: [Omit<Place, 'id'>, PathRoute['places'][number]['role']][] = [];
    // A datagram is not known again on its way: of these, only where they end is looked at.
    if (destination.protocol === 'tcp') {
      stops.push([source, 'source']);
      if (deep && !subject.isHost && !(isSameNode && isHost))
        stops.push([nodePlace(subject.node ?? ''), isSameNode ? 'node' : 'source-node']);
      if (deep && !isHost && !isSameNode) stops.push([nodePlace(node), 'destination-node']);
    }
    if (!isHost) stops.push([podPlace(pod), 'destination']);
    else if (deep) stops.push([nodePlace(node), 'destination']);
    return { destination, places: stops.map(([place, role]) => ({ id: idOf(place), role })) };
  });
  if (!deep) return { places, routes: toPods };
  const { isHost, addresses, node = '' } = subject;
  const wayOut = (destination: Destination): PathRoute => ({
    destination,
    places: [
      { id: idOf(source), role: 'source' },
      { id: idOf(nodePlace(node)), role: 'source-node' },
    ],
    isOutside: true,
  });
  const routes = [...toPods, ...hosts.map(wayOut)];
  // What the kernel drops of a flow is told by its address, which of a name is not known before.
  if (hosts.some(({ host }) => parsePrefix(host))) nodes.add(node);
  const watchers = [...nodes].map((name, i) => ({ id: `d${i}`, node: name }));
  return {
    places,
    routes,
    watchers,
    own: { label: source.label, node, isHost, addresses },
    ...(outside === undefined || hosts.length === 0 ? {} : { inside: outside.inside }),
  };
}

function podPlace({ metadata, spec }: Pod): Omit<Place, 'id'> {
  const { namespace = '', name = '' } = metadata ?? {};
  const onNode = spec?.nodeName === undefined ? {} : { onNode: spec.nodeName };
  return { label: `pod/${name}`, pod: { namespace, name }, ...onNode, isTarget: false };
}

function nodePlace(node: string): Omit<Place, 'id'> {
  return { label: `node/${node}`, node, isTarget: false };
}
