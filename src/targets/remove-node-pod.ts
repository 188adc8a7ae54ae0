/** Takes node pods away again: one that nobody uses any more, one that has ended, one that never came up. */
import { setTimeout as delay } from 'node:timers/promises';
import { ChannelError } from '../channels/channel.ts';
import { TextOutput } from '../channels/output.ts';
import { PodExecChannel } from '../channels/pod-exec.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import { podsPath } from '../kube/paths.ts';
import type { Pod } from '../model/kube-objects.ts';
import { errorWords } from '../model/sentence.ts';
import { otherHoldersCommand } from './hold.ts';
import { identityOf } from './identity.ts';
import { asNodePod, NODE_CONTAINER, type NodePod } from './node-pod.ts';
import { isGone } from './renewed-channel.ts';

/** Pauses between tries when the API server does not answer, or not well; then the user learns of it. */
const RETRY_PAUSES_MS = [500, 1500, 3000];
/** How long one try may take. */
const TRY_MS = 10_000;
/** How long all of them may take: the command is over, and its user waits. */
const REMOVAL_MS = 20_000;
/** How often a pod that changes all the time is looked at again. */
const MAX_LOOKS = 8;

/** It is not known whether somebody else uses the pod, so it was left. */
export class HoldersUnknownError extends Error {
  override readonly name = 'HoldersUnknownError';
  /** Whether to ask again may help: the connection broke, or a server is in trouble. */
  readonly mayPass: boolean;

  constructor(cause: unknown) {
    super(errorWords(cause), { cause });
    const status = cause instanceof ChannelError ? cause.status : undefined;
    this.mayPass = cause instanceof ChannelError && (status === undefined || status >= 500 || status === 429);
  }
}

/** A pod that was looked at: its identity, and the version that it had then. */
interface Seen {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * Deletes a pod at once, if it is still the one that was meant.
 * @param version deletes it only as it was at this version: nobody has begun to use it since
 * @returns false when it has changed since
 */
async function deletePod(
  client: KubeClient,
  pod: Seen,
  limit: AbortSignal,
  version?: string,
): Promise<boolean> {
  const preconditions = { uid: pod.uid, ...(version === undefined ? {} : { resourceVersion: version }) };
  try {
    await client.delete(podsPath(pod.namespace, pod.name), {
      body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions },
      signal: limit,
    });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return true;
    if (error instanceof ApiError && error.status === 409) return false;
    throw error;
  }
}

/**
 * The version of the session's pod at which nobody but this client held it: to be asked for while the last of the work
 * is done. `undefined`: somebody else does, it is to stay, or it is not known.
 */
export async function versionUnheld(
  client: KubeClient,
  pod: Pod,
  holdId: string,
): Promise<string | undefined> {
  const seen = identityOf(pod);
  try {
    const now = await current(client, seen, AbortSignal.timeout(TRY_MS));
    const known = now && asNodePod(now);
    if (now === undefined || known?.keep !== false || known.state !== 'running') return undefined;
    const others = await otherHolders(client, seen, holdId, AbortSignal.timeout(TRY_MS));
    return others === 0 ? identityOf(now).resourceVersion : undefined;
  } catch {
    // It is asked again, and said, when the pod is to go.
    return undefined;
  }
}

/**
 * Removes the session's pod unless another client holds it, who then removes it. A new client takes its hold first and
 * changes the pod afterwards (see node.ts), so a delete at the version at which no other hold was seen cannot hit one.
 * @param holdId this client's own hold
 * @param unheld what {@link versionUnheld} found out of this pod, if it was asked
 * @throws {HoldersUnknownError} it was left
 * @throws the API server's last error when it could not be reached or refused
 */
export async function removeUnlessHeld(
  client: KubeClient,
  pod: Pod,
  holdId: string,
  unheld?: Promise<string | undefined>,
): Promise<void> {
  const seen = identityOf(pod);
  const version = await unheld;
  const isDone = async (limit: AbortSignal): Promise<boolean> => {
    const now = await current(client, seen, oneTry(limit));
    if (now === undefined || asNodePod(now)?.keep === true) return true;
    if (asNodePod(now)?.state === 'running' && (await otherHolders(client, seen, holdId, oneTry(limit))) > 0)
      return true;
    return deletePod(client, seen, oneTry(limit), identityOf(now).resourceVersion);
  };
  await persistently(async (limit) => {
    if (version !== undefined && (await deletePod(client, seen, oneTry(limit), version))) return;
    for (let look = 0; look < MAX_LOOKS; look++) if (await isDone(limit)) return;
    throw new Error(`pod "${seen.name}" keeps changing`);
  });
}

/** Removes a pod whoever uses it: one that has ended or cannot start, or that the user wants to be gone. */
export async function removeNodePod(client: KubeClient, pod: Pod): Promise<void> {
  const seen = identityOf(pod);
  await persistently(async (limit) => {
    // Only the uid was asked for: a conflict says that this pod is gone and another has its name.
    await deletePod(client, seen, oneTry(limit));
  });
}

/** Removes what has ended and what will never start; what cannot be removed is left for the next time. */
export async function sweep(client: KubeClient, pods: readonly NodePod[]): Promise<void> {
  const ended = pods.filter((pod) => pod.state === 'ended');
  await Promise.all(
    ended.map(({ pod }) =>
      deletePod(client, identityOf(pod), AbortSignal.timeout(TRY_MS)).catch(() => false),
    ),
  );
}

/** How a user removes it by hand. */
export function deleteCommand({ namespace, name }: Seen): string {
  return `kubectl delete pod ${name} -n ${namespace} --grace-period=0 --force`;
}

/** `undefined`: it is gone, or another pod has its name. */
async function current(
  client: KubeClient,
  { namespace, name, uid }: Seen,
  signal: AbortSignal,
): Promise<Pod | undefined> {
  try {
    const pod = await client.get<Pod>(podsPath(namespace, name), { signal });
    return identityOf(pod).uid === uid ? pod : undefined;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/**
 * How many others hold the pod; 0 also when its container has ended, or it is gone: then nobody can.
 * @throws {HoldersUnknownError} it could not be asked, which says nothing of who uses it
 */
async function otherHolders(
  client: KubeClient,
  pod: Seen,
  holdId: string,
  signal: AbortSignal,
): Promise<number> {
  const channel = new PodExecChannel(client, {
    namespace: pod.namespace,
    pod: pod.name,
    container: NODE_CONTAINER,
  });
  const [stdout, stderr] = [new TextOutput(64), new TextOutput(200)];
  let code: number;
  try {
    code = await channel.run(otherHoldersCommand(holdId), {
      stdout,
      stderr,
      signal,
    });
  } catch (error) {
    if (error instanceof ChannelError && error.kind !== 'lost' && isGone(error)) return 0;
    throw new HoldersUnknownError(error);
  }
  const count = stdout.text.trim();
  if (code === 0 && /^\d+$/.test(count)) return Number(count);
  throw new HoldersUnknownError(new Error(stderr.text.trim().split('\n').at(-1) || `exit code ${code}`));
}

/** The limit of one try, within that of all. */
function oneTry(limit: AbortSignal): AbortSignal {
  return AbortSignal.any([limit, AbortSignal.timeout(TRY_MS)]);
}

/**
 * Tries again, a few times, what failed for a reason that may pass: no answer, or a server in trouble.
 * @param work is given the limit of all its tries
 */
async function persistently(work: (limit: AbortSignal) => Promise<void>): Promise<void> {
  const limit = AbortSignal.timeout(REMOVAL_MS);
  for (const pause of [...RETRY_PAUSES_MS, undefined]) {
    try {
      return await work(limit);
    } catch (error) {
      const isFinal =
        error instanceof HoldersUnknownError
          ? !error.mayPass
          : error instanceof ApiError && error.status < 500 && error.status !== 429;
      if (isFinal || pause === undefined || limit.aborted) throw error;
      await delay(pause, undefined, { signal: limit }).catch(() => {
        throw error;
      });
    }
  }
}
