/** What the user may do, asked once for many targets. */
import { findMissingRights, type Right } from '../targets/preflight.ts';

/** Of {@link findMissingRights}. */
export type AskRights = typeof findMissingRights;

/** What is allowed in a whole namespace is asked once for all its pods; only what is not is asked for each by its name. */
export function rightsOnce(): AskRights {
  const known = new Map<string, Promise<Right[]>>();
  return async (client, rights, namespace, name, signal) => {
    const key = JSON.stringify([namespace, rights]);
    const asking = known.get(key) ?? findMissingRights(client, rights, namespace, undefined, signal);
    known.set(key, asking);
    // What has failed for one target may be answered for the next.
    asking.catch(() => known.delete(key));
    const missing = await asking;
    if (name === undefined || missing.length === 0) return missing;
    return findMissingRights(client, missing, namespace, name, signal);
  };
}
