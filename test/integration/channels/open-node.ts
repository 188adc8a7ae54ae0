import { KubeClient } from '../../../src/kube/client.ts';
import { openNodeSession, readNode } from '../../../src/targets/node.ts';
import { kubeconfig } from '../../cluster/paths.ts';
import type { OpenChannel } from './subject.ts';

/** A pod in the network of a node of the test cluster. @param place `NAMESPACE/NODE` */
export const open: OpenChannel = async (place) => {
  const [namespace = '', name = ''] = place.split('/');
  const client = await KubeClient.connect({ kubeconfig, namespace });
  const node = await readNode(client, name, undefined);
  const flags = { profile: 'auto', via: 'auto', keep: false, idleMs: 60_000, timeoutMs: 60_000 } as const;
  const session = await openNodeSession(client, { name, node }, flags, 'localhost/nettools:dev', {
    switching: false,
    onProgress: () => undefined,
  });
  const close = async (): Promise<void> => {
    await session.close();
    client.close();
  };
  return { channel: session.channel, close };
};
