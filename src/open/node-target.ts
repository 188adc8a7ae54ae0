/** A node as a target, or a namespace on it. */

import { nodeSubject, podSubject } from '../cluster/subject.ts';
import { KubeView } from '../cluster/view.ts';
import type { KubeClient } from '../kube/client.ts';
import type { SessionFlags } from '../model/args.ts';
import { openNodeSession, readNode } from '../targets/node.ts';
import type { OpenOptions } from '../targets/session.ts';
import type { Sharing } from './connect.ts';
import type { FoundTarget } from './found-target.ts';
import { imageFor } from './image.ts';
import { podOnNode, switchedOnNode } from './switched.ts';

/** @throws {UserError} exit 2 or 3: there is no such node or namespace, or it may not be read */
export async function findNode(
  client: KubeClient,
  flags: SessionFlags,
  name: string,
  signal: AbortSignal,
  { reads }: Sharing,
): Promise<FoundTarget> {
  const { netns } = flags;
  const node = await readNode(client, name, signal);
  const image = imageFor(flags);
  const open = (options: OpenOptions, switching: boolean) =>
    openNodeSession(client, { name, node }, flags, image, {
      ...options,
      switching,
      mayWatch: netns === undefined && flags.watchesKernel === 'if-admitted',
    });
  if (netns === undefined) {
    const subject = nodeSubject(new KubeView(client, signal, [], reads), name, node);
    // All namespaces are watched, and named.
    return { subject, client, open: (options) => open(options, flags.watchesKernel === true) };
  }
  const pod = await podOnNode(client, name, netns, signal);
  const cluster = new KubeView(client, signal, pod ? [pod] : [], reads);
  return {
    subject: pod
      ? podSubject(cluster, pod)
      : { cluster, node: name, isHost: netns === 'host', addresses: [] },
    client,
    open: async (options) => switchedOnNode(client, name, netns, await open(options, true), options),
  };
}
