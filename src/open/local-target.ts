/** This machine, a namespace of it or of a process as a target. */

import type { SessionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { type LocalSpec, openLocalSession } from '../targets/local.ts';
import { type FoundTarget, refuseNetns } from './found-target.ts';
import { openSwitchedLocal } from './switched.ts';

/** Of this machine; it belongs to no cluster, whatever the kubeconfig says. */
export function findLocal(target: LocalSpec, { netns, container }: SessionFlags): FoundTarget {
  if (container !== undefined) {
    throw new UserError('-c names a container of a pod, but TARGET is on this machine: leave it out.', 2);
  }
  if (netns === undefined) {
    return {
      subject: { isHost: target.kind === 'local', addresses: [] },
      open: (options) => openLocalSession(target, options),
    };
  }
  if (target.kind !== 'local') refuseNetns(netns, 'netns:NAME and pid:N already are namespaces.');
  return {
    subject: { isHost: netns === 'host', addresses: [] },
    open: (options) => openSwitchedLocal(netns, options),
  };
}
