/**
 * The node target: from a node's name to a channel into the node's own network namespace, by a pod of the host network
 * that is pinned to it, used together by all commands of the moment, and removed with the last of them.
 */
import { randomBytes } from 'node:crypto';
import type { Channel } from '../channels/channel.ts';
import { PodExecChannel } from '../channels/pod-exec.ts';
import { ExecRefusedError } from '../exec/errors.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { podsPath } from '../kube/paths.ts';
import type { Node, Pod } from '../kube/types.ts';
import type { SessionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { TargetInfo } from '../model/report.ts';
import { version } from '../model/version.ts';
import { Hold } from './hold.ts';
import { identityOf } from './identity.ts';
import {
  asNodePod,
  buildNodePod,
  findNodePod,
  KEEP,
  LAST_USE,
  NODE_CONTAINER,
  NODE_POD_SELECTOR,
  type NodePod,
  type NodePodSpec,
  nodePodName,
} from './node-pod.ts';
import { admittingNamespace, type NodePreflight, nodePreflight } from './node-preflight.ts';
import { nodeAddress, nodeProblem } from './node-state.ts';
import { listRights } from './pod.ts';
import { PROFILE_TEXT, type Profile } from './profiles.ts';
import { deleteCommand, removeNodePod, removeUnlessHeld, sweep } from './remove-node-pod.ts';
import { hasEnded, RenewedChannel } from './renewed-channel.ts';
import type { OpenOptions, Session } from './session.ts';
import { PodDeletedError, progressOf, waitRunning } from './wait.ts';

/** How often a pod that somebody takes away meanwhile is asked for again. */
const MAX_ATTEMPTS = 5;

/** How long a pod outlives a client that was killed and could not take it away. */
const ORPHAN_SECONDS = 60;
/**
 * How long beyond `--idle` a pod may live: a second net below the keeper, and the longest that a shell on a node stays
 * open. More than most incidents take, and less than a forgotten shell would.
 */
const DEADLINE_SECONDS = 3600;

/** How to open a node. */
export interface NodeOptions extends OpenOptions {
  /** Commands switch into other network namespaces of the node: the pod sees the node's processes. */
  readonly switching: boolean;
}

/** A node: its name, and what {@link readNode} said of it. */
interface NodeTarget {
  readonly name: string;
  readonly node: Node | undefined;
}

/** A node session: what any session is, and how the node's pod can be used to switch. */
export interface NodeSession extends Session {
  readonly profile: Profile;
  /** The namespace and name of its pod. */
  readonly pod: { readonly namespace: string; readonly name: string };
}

/**
 * Opens the session: uses the pod of another command that runs, else preflight, create and a watch.
 * @throws {UserError} exit 2 or 3, with what was refused and by whom; nothing is left behind
 */
export async function openNodeSession(
  client: KubeClient,
  target: NodeTarget,
  flags: SessionFlags,
  image: string,
  options: NodeOptions,
): Promise<NodeSession> {
  const { name, node } = target;
  const place = {
    client,
    namespace: flags.debugNamespace ?? client.namespace,
    spec: nodePodSpec(name, flags, image, options.switching),
    timeoutMs: flags.timeoutMs,
  };
  const problem = node && nodeProblem(node, image);
  if (problem !== undefined) throw new UserError(problem, 3);
  const pods = await nodePods(place, options.signal);
  await sweep(client, pods);
  const held = await acquire(place, options, pods);
  return new OpenNodeSession(place, options, held, {
    kind: 'node',
    name,
    address: (node && nodeAddress(node)) || held.pod.pod.status?.hostIP || '',
  });
}

/** What this session's pod has to be like. @throws {UserError} exit 2: the flags contradict each other */
export function nodePodSpec(
  node: string,
  flags: SessionFlags,
  image: string,
  switching: boolean,
): NodePodSpec {
  if (flags.container !== undefined) throw new UserError('a node has no containers: leave out -c.', 2);
  if (switching && flags.profile !== 'auto' && flags.profile !== 'netadmin') {
    throw new UserError(
      `to switch into a namespace takes more rights than --profile ${flags.profile} has: leave it out.`,
      2,
    );
  }
  const asked = Math.max(1, Math.ceil(flags.idleMs / 1000));
  return {
    node,
    image,
    imagePullPolicy: flags.imagePullPolicy ?? 'IfNotPresent',
    pullSecret: flags.pullSecret,
    choice: flags.profile,
    switching,
    // While a client lives, its hold keeps the pod from being idle.
    idleSeconds: flags.keep ? asked : Math.min(asked, ORPHAN_SECONDS),
    deadlineSeconds: DEADLINE_SECONDS + asked,
    keep: flags.keep,
    toolVersion: version,
  };
}

/** A node as the API has it; `undefined` without the right to read it. @throws {UserError} exit 3: no such node */
export async function readNode(
  client: KubeClient,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Node | undefined> {
  try {
    return await client.get<Node>(`/api/v1/nodes/${encodeURIComponent(name)}`, { signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    if (error instanceof ApiError && error.status === 404) {
      throw new UserError(`no node "${name}" in the cluster.`, 3, { hint: 'kubectl get nodes lists them.' });
    }
    throw error;
  }
}

/** Where a session's pod is, and what it is like. */
interface Place {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly spec: NodePodSpec;
  readonly timeoutMs: number;
}

/** A pod that runs, and this client's hold on it. */
interface HeldPod {
  readonly pod: NodePod;
  readonly hold: Hold;
}

/** All node pods of the namespace. Whoever may not list them is told all that is missing at once. */
export async function nodePods(
  { client, namespace }: Pick<Place, 'client' | 'namespace'>,
  signal: AbortSignal | undefined,
): Promise<NodePod[]> {
  try {
    const query = { labelSelector: NODE_POD_SELECTOR };
    const { items } = await client.get<{ items: Pod[] }>(podsPath(namespace), { query, signal });
    return items.flatMap((pod) => asNodePod(pod) ?? []);
  } catch (error) {
    // The preflight tells this right and all others that are missing.
    if (error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
}

/** Gets hold of a pod: of one that is there, else of a new one. @param seen the namespace's node pods, a moment ago */
async function acquire(place: Place, options: NodeOptions, seen?: readonly NodePod[]): Promise<HeldPod> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const pods = (attempt === 0 && seen) || (await nodePods(place, options.signal));
    const found = findNodePod(pods, place.spec, Date.now());
    const pod = found ?? (await create(place, pods, options));
    const held = pod && (await holdRunning(place, pod, found === undefined, options));
    if (held) return held;
  }
  throw new UserError(
    `the pods for node "${place.spec.node}" in namespace "${place.namespace}" were deleted again and again before they could be used.`,
    3,
  );
}

/** Creates a pod; `undefined` when another client has just made one of that name. */
async function create(
  place: Place,
  pods: readonly NodePod[],
  options: NodeOptions,
): Promise<NodePod | undefined> {
  const { client, namespace, spec } = place;
  options.onProgress('checking what is allowed');
  const checked = await nodePreflight(client, namespace, spec, options.signal);
  const profile = checked.profile ?? (await refuse(place, checked, options.signal));
  options.onProgress(`starting a pod on ${spec.node} (profile ${profile})`);
  const name = nodePodName(pods, spec, profile);
  const creator = randomBytes(8).toString('hex');
  try {
    const made = await client.post<Pod>(podsPath(namespace), buildNodePod(name, spec, profile, creator), {
      signal: options.signal,
    });
    return asNodePod(made);
  } catch (error) {
    if (error instanceof ApiError && error.status === 409) return undefined;
    // The preflight allowed this very pod; whatever is said now is news, and the server's own words.
    if (error instanceof ApiError && error.status < 500) {
      throw new UserError(`the pod was refused: ${error.message}`, 3, { cause: error });
    }
    // It may have been made although no answer came.
    await removeUnanswered(place, name, creator);
    throw error;
  }
}

async function removeUnanswered(place: Place, name: string, creator: string): Promise<void> {
  const pods = await nodePods(place, AbortSignal.timeout(5000)).catch(() => []);
  const mine = pods.find((pod) => pod.name === name && pod.creator === creator);
  if (mine) await discard(place, mine);
}

/** @throws {UserError} exit 3: what is missing or refused, as one sentence */
async function refuse(place: Place, checked: NodePreflight, signal: AbortSignal | undefined): Promise<never> {
  const { client, namespace, spec } = place;
  if (checked.missingRights.length > 0) {
    throw new UserError(
      `you may not ${listRights(checked.missingRights)} in namespace "${namespace}", where the pod for node "${spec.node}" would run; nothing was made.`,
      3,
      {
        hint: 'docs/rbac.md has manifests with exactly the rights that are needed; --debug-namespace chooses the namespace.',
      },
    );
  }
  const reason = checked.profiles.at(-1)?.reason ?? 'refused';
  const other = await admittingNamespace(client, namespace, spec, signal);
  throw new UserError(
    `namespace "${namespace}" takes no pod in a node's network: ${reason}; nothing was made.`,
    3,
    {
      hint:
        other === undefined
          ? '--debug-namespace chooses another namespace.'
          : `--debug-namespace ${other} would be allowed.`,
    },
  );
}

/**
 * Waits until the pod runs, takes a hold on it, and then changes it: whoever saw no hold deletes it only unchanged, so
 * that from here on nobody takes it away. `undefined` when somebody has done so before.
 */
async function holdRunning(
  place: Place,
  pod: NodePod,
  isOwn: boolean,
  options: NodeOptions,
): Promise<HeldPod | undefined> {
  const { client, spec } = place;
  if (!isOwn && progressOf(pod.pod, NODE_CONTAINER).kind === 'failed') {
    // Its client died before it could take it away.
    await discard(place, pod);
    return undefined;
  }
  try {
    await waitRunning(client, pod.pod, NODE_CONTAINER, spec.image, {
      timeoutMs: place.timeoutMs,
      signal: options.signal,
      onProgress: (text) => options.onProgress(`starting a pod on ${spec.node}: ${text}`),
    });
  } catch (error) {
    if (error instanceof PodDeletedError) return undefined;
    if (isOwn) await discard(place, pod);
    throw error;
  }
  const where = { namespace: pod.namespace, pod: pod.name, container: NODE_CONTAINER };
  let hold: Hold;
  try {
    hold = await Hold.take(client, where, options.signal);
  } catch (error) {
    if (error instanceof ExecRefusedError && isGone(error)) return undefined;
    if (isOwn) await discard(place, pod);
    throw error;
  }
  try {
    const patched = await touch(place, pod, hold, options.signal);
    if (patched !== undefined) return { pod: patched, hold };
    hold.release();
    return undefined;
  } catch (error) {
    await letGo(client, { pod, hold });
    throw error;
  }
}

/** Changes the pod's version; `undefined`: it is gone, or about to be. */
async function touch(
  { client, spec }: Place,
  { namespace, name, pod }: NodePod,
  hold: Hold,
  signal: AbortSignal | undefined,
): Promise<NodePod | undefined> {
  const annotations = {
    [LAST_USE]: `${new Date().toISOString()} ${hold.id}`,
    ...(spec.keep ? { [KEEP]: 'true' } : {}),
  };
  try {
    const patched = asNodePod(
      await client.patch<Pod>(podsPath(namespace, name), { metadata: { annotations } }, { signal }),
    );
    const isThere = patched?.state === 'running' && patched.pod.metadata?.uid === pod.metadata?.uid;
    return isThere ? patched : undefined;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** Gives up a pod: removes it, unless it is to stay or somebody else uses it. */
async function letGo(client: KubeClient, { pod, hold }: HeldPod): Promise<void> {
  hold.release();
  if (pod.keep) return;
  await removeUnlessHeld(client, pod.pod, hold.id).catch(() => warnLeft(pod.pod));
}

/** Removes a pod that this call has made, or says how to. */
async function discard({ client }: Place, { pod }: NodePod): Promise<void> {
  await removeNodePod(client, pod).catch(() => warnLeft(pod));
}

function warnLeft(pod: Pod): void {
  process.stderr.write(
    `warning: the pod could not be removed; it ends by itself, and this removes it: ${deleteCommand(identityOf(pod))}\n`,
  );
}

/** The container has ended, or the whole pod is gone. */
function isGone(refusal: { readonly message: string; readonly status?: number | undefined }): boolean {
  return refusal.status === 404 || hasEnded(refusal);
}

class OpenNodeSession implements NodeSession {
  readonly channel: Channel;
  readonly info: TargetInfo;
  readonly notes: readonly string[];
  readonly profile: Profile;
  readonly #place: Place;
  readonly #options: NodeOptions;
  #held: HeldPod;
  #closed: Promise<void> | undefined;

  constructor(place: Place, options: NodeOptions, held: HeldPod, info: TargetInfo) {
    this.#place = place;
    this.#options = options;
    this.#held = held;
    this.info = info;
    this.profile = held.pod.profile;
    this.notes = notesOn(place.spec, held.pod);
    this.channel = new RenewedChannel(this.#channelOf(held), () => this.#renew(), isGone);
  }

  get pod(): { readonly namespace: string; readonly name: string } {
    return this.#held.pod;
  }

  close(): Promise<void> {
    this.#closed ??= letGo(this.#place.client, this.#held);
    return this.#closed;
  }

  #channelOf({ pod }: HeldPod): Channel {
    return new PodExecChannel(this.#place.client, {
      namespace: pod.namespace,
      pod: pod.name,
      container: NODE_CONTAINER,
    });
  }

  /** The pod has been deleted by hand, or has reached its deadline. */
  async #renew(): Promise<Channel> {
    this.#held.hold.release();
    this.#held = await acquire(this.#place, this.#options);
    return this.#channelOf(this.#held);
  }
}

function notesOn(spec: NodePodSpec, { profile, namespace, name }: NodePod): string[] {
  const weaker =
    profile !== 'netadmin' && spec.choice === 'auto'
      ? [`profile ${profile}, the strongest that is allowed here (${PROFILE_TEXT[profile]})`]
      : [];
  const kept = spec.keep
    ? [`pod ${namespace}/${name} stays for the next command, until it is idle for ${spec.idleSeconds} s`]
    : [];
  return [...weaker, ...kept];
}
