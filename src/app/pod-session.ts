/** Opens a session on a pod for a command, with progress and with its failures told. */
import { KubeClient } from '../kube/client.ts';
import type { ConnectionFlags, SessionFlags, TargetSpec } from '../model/args.ts';
import { openPodSession, type PodSession } from '../targets/pod.ts';
import { imageFor } from './image.ts';
import type { Progress } from './progress.ts';

/** What every command on a target takes. */
export interface TargetArgs {
  readonly connection: ConnectionFlags;
  readonly target: TargetSpec;
  readonly session: SessionFlags;
}

/** The connection and the session on it. */
export interface Opened {
  readonly client: KubeClient;
  readonly session: PodSession;
}

/** Connects and opens the session. The container stays for the next command; nothing has to be closed. */
export async function openSession(
  args: TargetArgs,
  signal: AbortSignal,
  progress: Progress,
): Promise<Opened> {
  const client = await KubeClient.connect(args.connection);
  const session = await openPodSession(client, args.target, args.session, imageFor(args.session.image), {
    signal,
    onProgress: (text) => progress.show(text),
  });
  return { client, session };
}
