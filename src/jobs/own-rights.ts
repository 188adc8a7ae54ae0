/** What whoever runs a Job needs to see it through: asked before anything is made. */
import type { KubeClient } from '../kube/client.ts';
import { UserError } from '../model/errors.ts';
import { findMissingRights, type Right } from '../targets/preflight.ts';
import { listRights } from '../targets/rights-words.ts';

/** Beside creating its objects, which a dry-run shows. */
export const FOLLOW_RIGHTS: readonly Right[] = [
  { verb: 'get', resource: 'jobs', group: 'batch' },
  { verb: 'patch', resource: 'jobs', group: 'batch' },
  { verb: 'delete', resource: 'jobs', group: 'batch' },
  { verb: 'list', resource: 'pods' },
  { verb: 'get', resource: 'pods/log' },
];

/** @throws {UserError} exit 3 with what is missing */
export async function refuseWithoutRights(client: KubeClient, signal: AbortSignal): Promise<void> {
  const missing = await findMissingRights(client, FOLLOW_RIGHTS, client.namespace, undefined, signal);
  if (missing.length === 0) return;
  throw new UserError(
    `you may not ${listRights(missing)} in namespace "${client.namespace}"; nothing was changed.`,
    3,
  );
}
