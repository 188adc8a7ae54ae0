/**
 * The node target: from a node's name to a channel into the node's own network namespace, by a pod of the host network
 * that is pinned to it, used together by all commands of the moment, and removed with the last of them.
 */

import type { Channel } from '../channels/channel.ts';
import { PodExecChannel } from '../channels/pod-exec.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { advice, kubectl } from '../model/advice.ts';
import type { SessionFlags } from '../model/args.ts';
import { type Budget, FULL_BUDGET } from '../model/budget.ts';
import { UserError } from '../model/errors.ts';
import type { Node } from '../model/kube-objects.ts';
import type { TargetInfo } from '../model/report.ts';
import { version } from '../model/version.ts';
import { LEAST_BUDGET } from './budget.ts';
import { acquire, type HeldPod, letGo, type NodePlace, nodePods } from './held-node-pod.ts';
import { NODE_CONTAINER, type NodePod, type NodePodSpec } from './node-pod.ts';
import { nodeAddress, nodePressure, nodeProblem } from './node-state.ts';
import { PROFILE_TEXT } from './profiles.ts';
import { sweep, versionUnheld } from './remove-node-pod.ts';
import { isGone, RenewedChannel } from './renewed-channel.ts';
import type { OpenOptions, Session } from './session.ts';

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
  /** A BPF program is loaded where admission lets a pod have the rights for it. */
  readonly mayWatch?: boolean;
}

/** A node: its name, and what {@link readNode} said of it. */
interface NodeTarget {
  readonly name: string;
  readonly node: Node | undefined;
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
): Promise<Session> {
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
  const [held, from] = await acquired(place, options, pods);
  const info: TargetInfo = {
    kind: 'node',
    name,
    address: (node && nodeAddress(node)) || held.pod.pod.status?.hostIP || '',
  };
  return new NodeSession(from, options, held, info, nodePressure(node));
}

/** The pod, and what it is like: with the rights to load a program, where those may be had. */
async function acquired(
  place: NodePlace,
  options: NodeOptions,
  pods: readonly NodePod[],
): Promise<[HeldPod, NodePlace]> {
  if (options.mayWatch) {
    const watching = { ...place, spec: { ...place.spec, watching: true } };
    try {
      return [await acquire(watching, options, pods), watching];
    } catch (error) {
      // Whoever may not make pods may make none without these rights either.
      if (!(error instanceof UserError) || error.lacksRights === true) throw error;
    }
  }
  return [await acquire(place, options, pods), place];
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
      `--netns needs more privileges than --profile ${flags.profile} grants: omit --profile.`,
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
    watching: flags.watchesKernel === true,
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
      throw new UserError(`no node "${name}" in the cluster.`, 3, {
        hint: advice`${kubectl`get nodes`} lists them.`,
      });
    }
    throw error;
  }
}

class NodeSession implements Session {
  readonly channel: Channel;
  readonly info: TargetInfo;
  readonly budget: Budget;
  readonly notes: readonly string[];
  readonly #place: NodePlace;
  readonly #options: NodeOptions;
  #held: HeldPod;
  /** Of the pod that was held when it was asked. */
  #unheld: { readonly held: HeldPod; readonly version: Promise<string | undefined> } | undefined;
  #closed: Promise<void> | undefined;

  /** @param shortOf what the node has little of */
  constructor(
    place: NodePlace,
    options: NodeOptions,
    held: HeldPod,
    info: TargetInfo,
    shortOf: readonly string[],
  ) {
    this.#place = place;
    this.#options = options;
    this.#held = held;
    this.info = info;
    this.budget = shortOf.length === 0 ? FULL_BUDGET : LEAST_BUDGET;
    const short = shortOf.map(
      (what) =>
        `node ${info.name} is short of ${what}: fewer probes run at a time, and its kubelet may evict the pod they run in`,
    );
    this.notes = [...short, ...notesOn(place.spec, held.pod)];
    this.channel = new RenewedChannel(this.#channelOf(held), () => this.#renew(), isGone);
  }

  closeSoon(): void {
    const { client } = this.#place;
    const held = this.#held;
    if (held.pod.keep) return;
    this.#unheld ??= { held, version: versionUnheld(client, held.pod.pod, held.hold.id) };
  }

  close(): Promise<void> {
    const unheld = this.#unheld?.held === this.#held ? this.#unheld.version : undefined;
    this.#closed ??= letGo(this.#place.client, this.#held, unheld);
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
    ? [
        `pod ${namespace}/${name} stays for the next command, until it has been idle for ${spec.idleSeconds} s`,
      ]
    : [];
  return [...weaker, ...kept];
}
