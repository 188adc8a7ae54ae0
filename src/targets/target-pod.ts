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
  return tellingAllRights(client, target, client.namespace, signal, () => resolvePod(client, target, signal));
}

/**
 * Looks for what sessions are to be opened at.
 * @param namespace in which the sessions would be; `undefined`: in all of them
 * @throws {UserError} exit 3: with every right that is missing, where `ask` was denied one
 */
export async function tellingAllRights<T>(
  client: KubeClient,
  target: PodTargetSpec,
  namespace: string | undefined,
  signal: AbortSignal | undefined,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const { findMissingRights, SESSION_RIGHTS } = await import('./preflight.ts');
    const rights = [...rightsToResolve(target), ...SESSION_RIGHTS];
    // No name is all namespaces (SelfSubjectAccessReview, resourceAttributes.namespace).
    const missing = await findMissingRights(client, rights, namespace ?? '', undefined, signal);
    throw missing.length > 0 ? noRights(missing, namespace) : error;
  }
}
