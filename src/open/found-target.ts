/** What a TARGET was found to be. */

import type { Subject } from '../cluster/subject.ts';
import type { KubeClient } from '../kube/client.ts';
import { UserError } from '../model/errors.ts';
import type { OpenOptions, Session } from '../targets/session.ts';

/** A target that is there; so far nothing has been changed. */
export interface FoundTarget {
  readonly subject: Subject;
  /** Of the subject's cluster, for sessions beside the target. */
  readonly client?: KubeClient;
  /** Opens a session, which the caller has to close. */
  open(options: OpenOptions): Promise<Session>;
}

/** @throws {UserError} exit 2: --netns was given for a target that is not a machine; `hint` says why it needs none */
export function refuseNetns(netns: string | undefined, hint: string): void {
  if (netns === undefined) return;
  throw new UserError('--netns switches namespaces on a machine: TARGET must be node/NAME or local.', 2, {
    hint,
  });
}
