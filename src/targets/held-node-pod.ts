/**
 * Gets hold of a pod for a node session, and gives it up again: one pod serves all commands of the moment, and the last
 * of them takes it away.
 */
import { randomBytes } from 'node:crypto';
import { ExecRefusedError } from '../exec/errors.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { podsPath } from '../kube/paths.ts';
import { RBAC_PAGE } from '../model/documentation.ts';
import { UserError } from '../model/errors.ts';
import type { Pod } from '../model/kube-objects.ts';
import { visible } from '../model/visible.ts';
import { progressOf } from './container-progress.ts';
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
import { PodDeletedError } from './pod-watch.ts';
import { deleteCommand, HoldersUnknownError, removeNodePod, removeUnlessHeld } from './remove-node-pod.ts';
import { isGone } from './renewed-channel.ts';
import { listRights } from './rights-words.ts';
import type { OpenOptions } from './session.ts';
import { waitRunning } from './wait.ts';

/** How often a pod that somebody takes away meanwhile is asked for again. */
const MAX_ATTEMPTS = 5;

/** Where a session's pod is, and what it is like. */
export interface NodePlace {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly spec: NodePodSpec;
  readonly timeoutMs: number;
}

/** A pod that runs, and this client's hold on it. */
export interface HeldPod {
  readonly pod: NodePod;
  readonly hold: Hold;
}

/** All node pods of the namespace. A user who may not list them learns everything that is missing at once. */
export async function nodePods(
  { client, namespace }: Pick<NodePlace, 'client' | 'namespace'>,
  signal: AbortSignal | undefined,
): Promise<NodePod[]> {
  try {
    const query = { labelSelector: NODE_POD_SELECTOR };
    const pods = await listAll<Pod>(client, podsPath(namespace), { query, signal });
    return pods.flatMap((pod) => asNodePod(pod) ?? []);
  } catch (error) {
    // The preflight tells this right and all others that are missing.
    if (error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
}

/**
 * Gets hold of a pod: of one that is there, else of a new one.
 * @param seen the namespace's node pods, a moment ago
 * @throws {UserError} exit 3, with what was refused and by whom; nothing is left behind
 */
export async function acquire(
  place: NodePlace,
  options: OpenOptions,
  seen?: readonly NodePod[],
): Promise<HeldPod> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const pods = (attempt === 0 && seen) || (await nodePods(place, options.signal));
    const found = findNodePod(pods, place.spec, Date.now());
    const pod = found ?? (await create(place, pods, options));
    const held = pod && (await holdRunning(place, pod, found === undefined, options));
    if (held) return held;
  }
  throw new UserError(
    `the pods for node "${place.spec.node}" in namespace "${place.namespace}" kept being deleted before they could be used.`,
    3,
  );
}

/** Creates a pod; `undefined` when another client has just made one of that name. */
async function create(
  place: NodePlace,
  pods: readonly NodePod[],
  options: OpenOptions,
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

async function removeUnanswered(place: NodePlace, name: string, creator: string): Promise<void> {
  const pods = await nodePods(place, AbortSignal.timeout(5000)).catch(() => []);
  const mine = pods.find((pod) => pod.name === name && pod.creator === creator);
  if (mine) await discard(place, mine);
}

/** @throws {UserError} exit 3: what is missing or refused, as one sentence */
async function refuse(
  place: NodePlace,
  checked: NodePreflight,
  signal: AbortSignal | undefined,
): Promise<never> {
  const { client, namespace, spec } = place;
  if (checked.missingRights.length > 0) {
    throw new UserError(
      `you may not ${listRights(checked.missingRights)} in namespace "${namespace}", where the pod for node "${spec.node}" would run; nothing was created.`,
      3,
      {
        lacksRights: true,
        hint: `${RBAC_PAGE} has manifests with exactly the rights that are needed; --debug-namespace chooses the namespace.`,
      },
    );
  }
  const reason = checked.profiles.at(-1)?.reason ?? 'refused';
  const other = await admittingNamespace(client, namespace, spec, signal);
  throw new UserError(
    `namespace "${namespace}" admits no pod in a node's network: ${reason}; nothing was created.`,
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
  place: NodePlace,
  pod: NodePod,
  isOwn: boolean,
  options: OpenOptions,
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
  { client, spec }: NodePlace,
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

/**
 * Gives up a pod: removes it, unless it is to stay or somebody else uses it.
 * @param unheld what {@link versionUnheld} found out of it, if it was asked
 */
export async function letGo(
  client: KubeClient,
  { pod, hold }: HeldPod,
  unheld?: Promise<string | undefined>,
): Promise<void> {
  hold.release();
  if (pod.keep) return;
  await removeUnlessHeld(client, pod.pod, hold.id, unheld).catch((error: unknown) =>
    warnLeft(pod.pod, error),
  );
}

/** Removes a pod that this call has made, or says how to. */
async function discard({ client }: NodePlace, { pod }: NodePod): Promise<void> {
  await removeNodePod(client, pod).catch((error: unknown) => warnLeft(pod, error));
}

function warnLeft(pod: Pod, error: unknown): void {
  const what =
    error instanceof HoldersUnknownError
      ? `pod "${identityOf(pod).name}" was left, since another command may be using it (${visible(error.message)})`
      : 'the pod could not be removed';
  process.stderr.write(
    `warning: ${what}; it ends by itself, and this command removes it: ${deleteCommand(identityOf(pod))}\n`,
  );
}
