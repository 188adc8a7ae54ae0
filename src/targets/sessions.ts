/** The sessions that exist: listing them, and ending one. */
import { discard } from '../channels/output.ts';
import { PodExecChannel } from '../channels/pod-exec.ts';
import { compactScript } from '../channels/script.ts';
import type { KubeClient } from '../kube/client.ts';
import { listAll } from '../kube/list.ts';
import { podsPath } from '../kube/paths.ts';
import type { ContainerStatus, Pod } from '../model/kube-objects.ts';
import { sessionContainers, statusOf } from './ephemeral.ts';
import { asNodePod, NODE_CONTAINER } from './node-pod.ts';
import STOP from './stop.sh';

/** A session's container and the pod that it is in. */
export interface ListedSession {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly profile: string;
  readonly image: string;
  readonly idleSeconds: number;
  readonly state: 'running' | 'waiting' | 'ended';
  /** When it started or ended, RFC 3339, where the kubelet has reported it. */
  readonly since: string | undefined;
  /** The node that the pod was made for; the whole pod is then the session's and goes with it. */
  readonly node?: string;
}

/**
 * All sessions of a namespace (`undefined`: of all that the user may list).
 * @param selector of the pods' labels; absent: all pods
 */
export async function listSessions(
  client: KubeClient,
  namespace: string | undefined,
  signal?: AbortSignal,
  selector?: string,
): Promise<ListedSession[]> {
  const path = namespace === undefined ? '/api/v1/pods' : podsPath(namespace);
  const query: Record<string, string> = selector === undefined ? {} : { labelSelector: selector };
  return listAll<Pod, ListedSession>(client, path, { query, signal }, (pods) => pods.flatMap(sessionsOf));
}

/** The sessions of one pod. Pure. */
export function sessionsOf(pod: Pod): ListedSession[] {
  const place = { namespace: pod.metadata?.namespace ?? '', pod: pod.metadata?.name ?? '' };
  const node = asNodePod(pod);
  const own: ListedSession[] = node
    ? [
        {
          ...place,
          container: NODE_CONTAINER,
          profile: node.profile,
          image: node.image,
          idleSeconds: node.idleSeconds,
          ...stateOf(statusOf(pod, NODE_CONTAINER)),
          node: node.node,
        },
      ]
    : [];
  const ephemeral = sessionContainers(pod).map(({ name, profile, image, idleSeconds, status }) => ({
    ...place,
    container: name,
    profile,
    image,
    idleSeconds,
    ...stateOf(status),
  }));
  return [...own, ...ephemeral];
}

function stateOf(status: ContainerStatus | undefined): Pick<ListedSession, 'state' | 'since'> {
  const { running, terminated } = status?.state ?? {};
  const since = running?.startedAt ?? terminated?.finishedAt;
  return {
    state: running ? 'running' : terminated ? 'ended' : 'waiting',
    // JSON carries a string where client-node's type says Date.
    since: since === undefined ? undefined : String(since),
  };
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
    container: session.container,
  });
  const sink = discard();
  await channel.run(['sh', '-c', compactScript(STOP), 'nettools-stop'], {
    stdout: sink,
    stderr: sink,
    signal,
  });
}
