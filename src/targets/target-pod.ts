/** The pod that a command is about, as it is read before anything else. */

import type { KubeClient } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import type { PodTargetSpec } from '../model/args.ts';
import type { Pod } from '../model/kube-objects.ts';
import { resolvePod, rightsToResolve } from './resolve.ts';
import { noRights } from './rights-words.ts';

/**
 * The pod of a target. A user who may not even read it learns everything that is missing at once, not right by right.
 * @throws {UserError} exit 2 or 3: no such target, or no right to read it
 */
export async function targetPod(
  client: KubeClient,
  target: PodTargetSpec,
  signal: AbortSignal | undefined,
): Promise<Pod> {
  try {
    return await resolvePod(client, target, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const { findMissingRights, SESSION_RIGHTS } = await import('./preflight.ts');
    const rights = [...rightsToResolve(target), ...SESSION_RIGHTS];
    const missing = await findMissingRights(client, rights, client.namespace, undefined, signal);
    throw missing.length > 0 ? noRights(missing, client.namespace) : error;
  }
}
