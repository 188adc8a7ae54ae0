/** What names a pod that the API server has answered with. Pure. */
import type { Pod } from '../model/kube-objects.ts';

/** The server sets all of these; client-node's types only say that a pod to be created may lack them. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Where a watch of it goes on. */
  readonly resourceVersion: string;
}

export function identityOf(pod: Pod): PodIdentity {
  const { namespace = '', name = '', uid = '', resourceVersion = '' } = pod.metadata ?? {};
  return { namespace, name, uid, resourceVersion };
}
