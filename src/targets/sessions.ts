/** The sessions that exist: listing them, and ending one. */
import { Writable } from 'node:stream';
import { PodExecChannel } from '../channels/pod-exec.ts';
import { compactScript } from '../channels/script.ts';
import type { KubeClient } from '../kube/client.ts';
import { podsPath } from '../kube/paths.ts';
import type { Pod } from '../kube/types.ts';
import { type SessionContainer, sessionContainers } from './ephemeral.ts';
import STOP from './stop.sh';

/** A session's container and the pod that it is in. */
export interface ListedSession {
  readonly namespace: string;
  readonly pod: string;
  readonly container: SessionContainer;
  readonly state: 'running' | 'waiting' | 'ended';
  /** When it started or ended, RFC 3339, where the kubelet has told. */
  readonly since: string | undefined;
}

/** All sessions of a namespace (`undefined`: of all that the user may list), or of one pod. */
export async function listSessions(
  client: KubeClient,
  namespace: string | undefined,
  signal?: AbortSignal,
): Promise<ListedSession[]> {
  const path = namespace === undefined ? '/api/v1/pods' : podsPath(namespace);
  const { items } = await client.get<{ items: Pod[] }>(path, { signal });
  return items.flatMap(sessionsOf);
}

/** The sessions of one pod. Pure. */
export function sessionsOf(pod: Pod): ListedSession[] {
  return sessionContainers(pod).map((container) => {
    const { running, terminated } = container.status?.state ?? {};
    const since = running?.startedAt ?? terminated?.finishedAt;
    return {
      namespace: pod.metadata?.namespace ?? '',
      pod: pod.metadata?.name ?? '',
      container,
      state: running ? 'running' : terminated ? 'ended' : 'waiting',
      // JSON carries a string where client-node's type says Date.
      since: since === undefined ? undefined : String(since),
    };
  });
}

/** Ends a running session's own process, and with it all that runs in its container. */
export async function stopSession(
  client: KubeClient,
  session: ListedSession,
  signal?: AbortSignal,
): Promise<void> {
  const channel = new PodExecChannel(client, {
    namespace: session.namespace,
    pod: session.pod,
    container: session.container.name,
  });
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  await channel.run(['sh', '-c', compactScript(STOP), 'nettools-stop'], {
    stdout: sink,
    stderr: sink,
    signal,
  });
}
