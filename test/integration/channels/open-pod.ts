import { PodExecChannel } from '../../../src/channels/pod-exec.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { kubeconfig } from '../../cluster/paths.ts';
import type { OpenChannel } from './subject.ts';

/** Exec into a container of the test cluster. @param place `NAMESPACE/POD/CONTAINER` */
export const open: OpenChannel = async (place) => {
  const [namespace = '', pod = '', container = ''] = place.split('/');
  const client = await KubeClient.connect({ kubeconfig, namespace });
  return { channel: new PodExecChannel(client, { namespace, pod, container }), close: () => client.close() };
};
