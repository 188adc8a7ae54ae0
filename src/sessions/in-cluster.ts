/** Lists the sessions that commands left behind, and ends them. */
import { KubeClient } from '../kube/client.ts';
import { podsPath } from '../kube/paths.ts';
import type { ClusterTargetSpec, ConnectionFlags } from '../model/args.ts';
import type { Pod } from '../model/kube-objects.ts';
import type { Deadline } from '../open/deadline.ts';
import { PodDeletedError } from '../targets/pod-watch.ts';
import { removeNodePod } from '../targets/remove-node-pod.ts';
import { resolvePod } from '../targets/resolve.ts';
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
  readonly target?: ClusterTargetSpec | undefined;
  readonly allNamespaces: boolean;
}

interface Found {
  readonly client: KubeClient;
  readonly listed: readonly ListedSession[];
  readonly sessions: readonly SessionRow[];
}

/** The sessions of one target, of a namespace or of all. */
export async function findSessions(scope: SessionScope, signal: AbortSignal): Promise<Found> {
  const client = await KubeClient.connect(scope.connection, signal);
  const listed = await listedIn(client, scope, signal);
  return { client, listed, sessions: listed.map(row) };
}

async function listedIn(
  client: KubeClient,
  { target, allNamespaces }: SessionScope,
  signal: AbortSignal,
): Promise<ListedSession[]> {
  if (target && target.kind !== 'node') return sessionsOf(await resolvePod(client, target, signal));
  const all = await listSessions(client, allNamespaces ? undefined : client.namespace, signal);
  return target === undefined ? all : all.filter(({ node }) => node === target.name);
}

function row({ since, node: _node, ...session }: ListedSession): SessionRow {
  return { ...session, since: since ?? '' };
}

/**
 * Ends all running sessions of the scope and waits until the kubelet says so; the pods of nodes are removed, those
 * that have ended too.
 * @throws {UserError} exit 3: one did not end in time
 */
export async function stopSessions(
  scope: SessionScope & { readonly timeoutMs: number },
  { signal, progress }: Deadline,
): Promise<readonly SessionRow[]> {
  progress.show('looking for sessions');
  const { client, listed } = await findSessions(scope, signal);
  const running = listed.filter((s) => s.state === 'running' || s.node !== undefined);
  const left = new Set(running);
  await Promise.all(
    running.map(async (session) => {
      progress.show(endingText(left));
      await end(client, session, scope.timeoutMs, signal);
      left.delete(session);
      progress.show(endingText(left));
    }),
  );
  return running.map(row);
}

function endingText(sessions: ReadonlySet<ListedSession>): string {
  const [first, ...more] = sessions;
  const name = first === undefined ? '' : `${first.namespace}/${first.pod}/${first.container}`;
  return more.length === 0 ? `ending session ${name}` : `ending session ${name} and ${more.length} more`;
}

async function end(
  client: KubeClient,
  session: ListedSession,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, pod, container } = session;
  const found = await client.get<Pod>(podsPath(namespace, pod), { signal });
  if (session.node !== undefined) return removeNodePod(client, found);
  // The exec is cut off by the very end that it asks for; what counts is what the kubelet reports afterwards.
  await stopSession(client, session, signal).catch((error: unknown) => {
    if (signal.aborted) throw error;
  });
  try {
    await waitEnded(client, found, container, { timeoutMs, signal });
  } catch (error) {
    if (!(error instanceof PodDeletedError)) throw error;
  }
}
