/** Begins what every command on a target of a cluster begins with, while the command itself is still being loaded. */
import { beginConnecting } from '../kube/transport.ts';
import type { ConnectionFlags } from '../model/args.ts';

/** Resolves when a connection is on its way, if there is to be one. Whatever is wrong is told by who connects with these flags. */
export function connectEarly(flags: ConnectionFlags): Promise<void> {
  return beginConnecting(flags);
}
