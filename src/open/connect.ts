/** The way to the cluster that the connection flags say, and what targets share of it. */
import { SharedReads } from '../cluster/shared-reads.ts';
import { KubeClient } from '../kube/client.ts';
import type { ConnectionFlags } from '../model/args.ts';

export type Connect = (flags: ConnectionFlags, signal?: AbortSignal) => Promise<KubeClient>;

/** The connection of a target in a namespace of its own; absent: it is in the connection's. */
export function connectionIn(connection: ConnectionFlags, namespace: string | undefined): ConnectionFlags {
  return namespace === undefined ? connection : { ...connection, namespace };
}

/** What a target has in common with the others of its run. */
export interface Sharing {
  readonly connect: Connect;
  /** What they ask of the cluster. */
  readonly reads?: SharedReads;
}

/** Of a run on a single target. */
export const ALONE: Sharing = { connect: KubeClient.connect };

/**
 * Of many targets: the kubeconfig is read once, a credential plugin runs once, and a target in another namespace has but
 * another name for the one connection.
 * @param signal ends it for all of them
 */
export function sharing(flags: ConnectionFlags, signal: AbortSignal): Sharing {
  let connecting: Promise<KubeClient> | undefined;
  return {
    reads: new SharedReads(signal),
    connect: async ({ namespace }, ending = signal) => {
      // What ends the first one that waits would end the others: each has the same time.
      connecting ??= KubeClient.connect(flags, ending);
      const client = await connecting;
      return namespace === undefined || namespace === client.namespace
        ? client
        : client.inNamespace(namespace);
    },
  };
}
