/** Opens a session on a pod for a command, with progress and with its failures told. */
import { KubeClient } from '../kube/client.ts';
import type { Pod } from '../kube/types.ts';
import type { ConnectionFlags, SessionFlags, TargetSpec } from '../model/args.ts';
import { openPodSession, type PodSession, targetPod } from '../targets/pod.ts';
import { imageFor } from './image.ts';
import type { Progress } from './progress.ts';

/** What every command on a target takes. */
export interface TargetArgs {
  readonly connection: ConnectionFlags;
  readonly target: TargetSpec;
  readonly session: SessionFlags;
}

/** The connection and the target's pod; so far nothing has been changed. */
export interface FoundTarget {
  readonly client: KubeClient;
  readonly pod: Pod;
}

/** Connects and finds the target's pod. */
export async function findTarget(args: TargetArgs, signal: AbortSignal): Promise<FoundTarget> {
  const client = await KubeClient.connect(args.connection);
  return { client, pod: await targetPod(client, args.target, signal) };
}

/** Opens the session. The container stays for the next command; nothing has to be closed. */
export async function openSession(
  args: TargetArgs,
  signal: AbortSignal,
  progress: Progress,
  found?: FoundTarget,
): Promise<PodSession> {
  const { client, pod } = found ?? (await findTarget(args, signal));
  return openPodSession(client, pod, args.session, imageFor(args.session.image), {
    signal,
    onProgress: (text) => progress.show(text),
  });
}
