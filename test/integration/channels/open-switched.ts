import { KubeClient } from '../../../src/kube/client.ts';
import { switchedOnNode } from '../../../src/open/switched.ts';
import { openNodeSession, readNode } from '../../../src/targets/node.ts';
import { kubeconfig } from '../../cluster/paths.ts';
import type { OpenChannel } from './subject.ts';

/** From a node into the network namespace of one of its pods. @param place `NAMESPACE/NODE/POD` */
export const open: OpenChannel = async (place) => {
  const [namespace = '', name = '', pod = ''] = place.split('/');
  const client = await KubeClient.connect({ kubeconfig, namespace });
  const node = await readNode(client, name, undefined);
  const flags = { profile: 'auto', via: 'auto', keep: false, idleMs: 60_000, timeoutMs: 60_000 } as const;
  const options = { switching: true, onProgress: () => undefined };
  const onNode = await openNodeSession(client, { name, node }, flags, 'localhost/nettools:dev', options);
  const session = await switchedOnNode(client, name, `${namespace}/${pod}`, onNode, options);
  const close = async (): Promise<void> => {
    await session.close();
    client.close();
  };
  return { channel: session.channel, close };
};
