/** Lists the sessions that commands left behind, and ends them. */

import { ChannelError } from '../channels/channel.ts';
import { Turns } from '../cluster/turns.ts';
import { KubeClient } from '../kube/client.ts';
import { isLackOfRights, UnreachableError } from '../kube/errors.ts';
import type { ClusterTargetSpec, ConnectionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { Deadline } from '../open/deadline.ts';
import { toUserError } from '../open/failures.ts';
import { readNode } from '../targets/node.ts';
import { PodDeletedError, podIfThere } from '../targets/pod-watch.ts';
import { removeNodePod } from '../targets/remove-node-pod.ts';
import { podChoice, refuseMissingNamespace, resolvePod, withSelector } from '../targets/resolve.ts';
import { type ListedSession, listSessions, sessionsOf, stopSession } from '../targets/sessions.ts';
import { waitEnded } from '../targets/wait.ts';

/** A session as it is printed. */
export interface SessionRow {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly profile: string;
  readonly image: string;
  readonly state: string;
  /** RFC 3339; empty where the kubelet has not reported it. */
  readonly since: string;
  readonly idleSeconds: number;
}

/** Which sessions of a cluster are meant. */
export interface SessionScope {
  readonly connection: ConnectionFlags;
  /** None: all of the namespace, or of all namespaces. */
  readonly targets: readonly ClusterTargetSpec[];
  readonly allNamespaces: boolean;
}

/** One of several targets whose sessions cannot be looked for. */
export interface UnseenTarget {
  readonly target: ClusterTargetSpec;
  readonly error: UserError;
}

interface Found {
  readonly client: KubeClient;
  readonly listed: readonly ListedSession[];
  readonly sessions: readonly SessionRow[];
  /** The others are looked at all the same. */
  readonly unseen: readonly UnseenTarget[];
}

/** How many sessions are ended at the same time: each takes an exec, whose connection the API server holds. */
const ENDED_AT_ONCE = 8;

/**
 * The sessions of all pods that are meant.
 * @throws {UserError} exit 2: a target is none; exit 3: there is none of the targets
 */
export async function findSessions(scope: SessionScope, signal: AbortSignal): Promise<Found> {
  const client = await KubeClient.connect(scope.connection, signal);
  const { listed, unseen } = await listedIn(client, scope, signal);
  const [first] = unseen;
  if (first !== undefined && unseen.length === scope.targets.length) throw first.error;
  if (listed.length === 0 && !scope.allNamespaces) await refuseMissingNamespace(client, signal);
  return { client, listed, sessions: listed.map(row), unseen };
}

async function listedIn(
  client: KubeClient,
  { targets, allNamespaces }: SessionScope,
  signal: AbortSignal,
): Promise<Pick<Found, 'listed' | 'unseen'>> {
  const namespace = allNamespaces ? undefined : client.namespace;
  if (targets.length === 0) return { listed: await listSessions(client, namespace, signal), unseen: [] };
  const found = new Map<string, ListedSession>();
  const unseen: UnseenTarget[] = [];
  for (const target of targets) {
    try {
      for (const one of await sessionsAt(client, target, namespace, signal)) found.set(nameOf(one), one);
    } catch (error) {
      const told = toUserError(error);
      // Wrong usage, a limit that has passed, and an API server that is away are no matter of one target.
      const isOfTarget =
        told instanceof UserError && told.exitCode === 3 && !(error instanceof UnreachableError);
      if (!isOfTarget || signal.aborted) throw error;
      unseen.push({ target, error: told });
    }
  }
  return { listed: [...found.values()], unseen };
}

/** Of a workload or selector all pods count, also those that are not ready. */
async function sessionsAt(
  client: KubeClient,
  target: ClusterTargetSpec,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<ListedSession[]> {
  if (target.kind === 'node') {
    const all = await listSessions(client, namespace, signal);
    const own = all.filter(({ node }) => node === target.name);
    // A node that has gone may have left some; one that never was has none.
    if (own.length === 0) await readNode(client, target.name, signal);
    return own;
  }
  const choice = await podChoice(client, target, signal);
  if ('pod' in choice) return sessionsOf(await resolvePod(client, target, signal));
  return withSelector(choice, () => listSessions(client, namespace, signal, choice.selector));
}

function row({ since, node: _node, ...session }: ListedSession): SessionRow {
  return { ...session, since: since ?? '' };
}

/** `shop/web-0/nettools-1`. */
function nameOf({ namespace, pod, container }: Pick<SessionRow, 'namespace' | 'pod' | 'container'>): string {
  return `${namespace}/${pod}/${container}`;
}

/** What became of the sessions that were to end. */
export interface StoppedSessions {
  /** Their names: namespace, pod and container. */
  readonly stopped: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
  readonly unseen: readonly UnseenTarget[];
}

/**
 * Ends all running sessions of the scope and waits until the kubelet says so; the pods of nodes are removed, those
 * that have ended too. One that does not end keeps none of the others.
 * @throws {UserError} exit 2 or 3: there is no such target
 */
export async function stopSessions(
  scope: SessionScope & { readonly timeoutMs: number },
  { signal, progress }: Deadline,
): Promise<StoppedSessions> {
  progress.show('looking for sessions');
  const { client, listed, unseen } = await findSessions(scope, signal);
  const running = listed.filter((s) => s.state === 'running' || s.node !== undefined);
  const left = new Set(running);
  const turns = new Turns(ENDED_AT_ONCE);
  progress.show(endingText(left));
  const ended = await Promise.allSettled(
    running.map((session) =>
      turns.take(async () => {
        signal.throwIfAborted();
        await end(client, session, scope.timeoutMs, signal);
        left.delete(session);
        progress.show(endingText(left));
      }),
    ),
  );
  const all = running.map((session, i) => ({ name: nameOf(session), end: ended[i] }));
  return {
    stopped: all.flatMap(({ name, end: how }) => (how?.status === 'fulfilled' ? [name] : [])),
    failed: all.flatMap(({ name, end: how }) =>
      how?.status === 'rejected' ? [{ name, error: how.reason as unknown }] : [],
    ),
    unseen,
  };
}

function endingText(sessions: ReadonlySet<ListedSession>): string {
  const [first, ...more] = sessions;
  const name = first === undefined ? '' : nameOf(first);
  return more.length === 0 ? `ending session ${name}` : `ending session ${name} and ${more.length} more`;
}

function isDenied(error: unknown): boolean {
  return error instanceof ChannelError && isLackOfRights(error.status, error.message);
}

async function end(
  client: KubeClient,
  session: ListedSession,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, pod, container } = session;
  const found = await podIfThere(client, namespace, pod, signal);
  // It has gone with its pod.
  if (found === undefined) return;
  if (session.node !== undefined) return removeNodePod(client, found);
  // The exec is cut off by the very end that it asks for; what counts is what the kubelet reports afterwards.
  await stopSession(client, session, signal).catch((error: unknown) => {
    // What it ended with counts no more then.
    signal.throwIfAborted();
    if (isDenied(error)) throw error;
  });
  try {
    await waitEnded(client, found, container, { timeoutMs, signal });
  } catch (error) {
    if (!(error instanceof PodDeletedError)) throw error;
  }
}
