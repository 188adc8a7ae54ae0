/** Lists the network namespaces of a machine. */
import { KubeClient } from '../kube/client.ts';
import type { NetnsListArgs } from '../model/args.ts';
import type { NetworkNamespace } from '../model/namespaces.ts';
import { openLocalSession } from '../targets/local.ts';
import { openNodeSession, readNode } from '../targets/node.ts';
import type { Deadline } from './deadline.ts';
import { imageFor } from './image.ts';
import { localNamespaces, nodeNamespaces } from './namespaces.ts';

/** @throws {UserError} exit 2 or 3 */
export async function listNamespaces(
  { connection, machine, session: flags }: NetnsListArgs,
  deadline: Deadline,
): Promise<readonly NetworkNamespace[]> {
  const { signal, progress } = deadline;
  const options = { signal, onProgress: (text: string) => progress.show(text) };
  if (machine.kind === 'local') {
    const { channel } = await openLocalSession(machine, options);
    return localNamespaces(channel, signal);
  }
  const client = await KubeClient.connect(connection, signal);
  const node = await readNode(client, machine.name, signal);
  const target = { name: machine.name, node };
  const session = await openNodeSession(client, target, flags, imageFor(flags), {
    ...options,
    switching: true,
  });
  try {
    progress.show('reading the namespaces');
    deadline.allow(0);
    return (await nodeNamespaces(client, machine.name, session.channel, signal)).namespaces;
  } finally {
    await session.close();
  }
}
