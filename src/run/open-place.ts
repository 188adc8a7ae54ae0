/** Opens the places beside a target that checks ask for. */
import { BareExecChannel } from '../channels/bare-exec.ts';
import { podsPath } from '../kube/paths.ts';
import type { RunOptions } from '../model/args.ts';
import type { Pod } from '../model/kube-objects.ts';
import type { Where } from '../model/place.ts';
import type { FoundTarget } from '../open/found-target.ts';
import { imageFor } from '../open/image.ts';
import { openPod } from '../open/pod-target.ts';
import { findTarget } from '../open/target.ts';
import { openDockerHost } from '../targets/docker.ts';
import { openLocalSession } from '../targets/local.ts';
import { whyNoExec } from '../targets/room-for-exec.ts';
import type { Session } from '../targets/session.ts';
import type { PlaceSession } from './places.ts';

/** @throws {UserError} exit 2 or 3 */
export async function openPlaceBeside(
  { subject, client }: FoundTarget,
  { connection, session }: Pick<RunOptions, 'connection' | 'session'>,
  where: Exclude<Where, { kind: 'target' }>,
  signal: AbortSignal,
): Promise<PlaceSession> {
  // -c, --netns and a program in the kernel are about the target, not about this place.
  const { container: _container, netns: _netns, watchesKernel: _kernel, ...flags } = session;
  const options = { signal, onProgress: () => undefined };
  switch (where.kind) {
    case 'pod': {
      if (!client) throw new Error('it is a pod, but the target belongs to no cluster');
      // As it is now: this run may have added a container to it.
      const pod = await client.get<Pod>(podsPath(where.namespace, where.name), { signal });
      const opened = await openPod(client, pod, flags, options);
      // In the pod itself there is nothing to say that the target's own session has not said.
      return opened.info.via === 'node' ? opened : withoutNotes(opened);
    }
    case 'container': {
      const { namespace, pod: name, container: own } = where;
      if (!client) throw new Error('it is a pod, but the target belongs to no cluster');
      const pod = await client.get<Pod>(podsPath(namespace, name), { signal });
      const why = await whyNoExec(client, pod, own, signal);
      if (why !== undefined) throw new Error(why);
      return {
        channel: new BareExecChannel(client, { namespace, pod: name, container: own }),
        close: async () => undefined,
      };
    }
    case 'node': {
      const target = { kind: 'node', name: where.name } as const;
      const asked = where.watching ? { ...flags, watchesKernel: 'if-admitted' as const } : flags;
      const found = await findTarget({ connection, target, session: asked }, signal);
      return withoutNotes(await found.open(options));
    }
    case 'machine':
      return withoutNotes(await openLocalSession({ kind: 'local' }, options));
    case 'docker-host': {
      const { docker } = subject;
      if (!docker) throw new Error('the target is not a Docker container');
      return openDockerHost(docker.client, docker.container, session, imageFor(session), signal);
    }
  }
}

/** A session is more than its fields: it is not to be spread. */
function withoutNotes(session: Session): PlaceSession {
  return {
    channel: session.channel,
    budget: session.budget,
    closeSoon: () => session.closeSoon?.(),
    close: () => session.close(),
  };
}
