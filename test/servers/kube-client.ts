/** A client of an {@link startApiServer} server, by flags alone. */
import { KubeClient } from '../../src/kube/client.ts';
import type { ConnectionFlags } from '../../src/model/args.ts';

/** The kubeconfig of whoever runs the tests has no part in it. */
const NO_KUBECONFIG = '/dev/null';

export function flagsFor(server: { readonly url: string }): ConnectionFlags {
  return { kubeconfig: NO_KUBECONFIG, server: server.url };
}

export function clientOf(server: { readonly url: string }, namespace = 'default'): Promise<KubeClient> {
  return KubeClient.connect({ ...flagsFor(server), namespace });
}
