/** The way to the cluster that the connection flags say. */
import { KubeClient } from '../kube/client.ts';
import type { ConnectionFlags } from '../model/args.ts';

export type Connect = (flags: ConnectionFlags, signal?: AbortSignal) => Promise<KubeClient>;

/**
 * One connection for many targets: the kubeconfig is read once, a credential plugin runs once, and a target in another
 * namespace has but another name for it.
 * @param signal ends it for all of them
 */
export function sharedConnection(flags: ConnectionFlags, signal: AbortSignal): Connect {
  let connecting: Promise<KubeClient> | undefined;
  return async ({ namespace }) => {
    connecting ??= KubeClient.connect(flags, signal);
    const client = await connecting;
    return namespace === undefined || namespace === client.namespace ? client : client.inNamespace(namespace);
  };
}
