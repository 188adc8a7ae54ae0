/** Rights in words. */

import { RBAC_PAGE } from '../model/documentation.ts';
import { UserError } from '../model/errors.ts';
import type { Right } from './preflight.ts';

/** The sentence for rights that lack. Nothing has been changed when it is thrown. @param namespace `undefined`: in all */
export function noRights(missing: readonly Right[], namespace: string | undefined): UserError {
  const place = namespace === undefined ? 'in all namespaces' : `in namespace "${namespace}"`;
  return new UserError(`you may not ${listRights(missing)} ${place}; nothing was changed.`, 3, {
    lacksRights: true,
    hint: `${RBAC_PAGE} has manifests with exactly the rights that are needed.`,
  });
}

/** Rights as prose: `patch pods/ephemeralcontainers, get and create pods/exec`. */
export function listRights(rights: readonly Right[]): string {
  const byResource = new Map<string, string[]>();
  for (const { verb, resource, group } of rights) {
    const name = group === undefined ? resource : `${resource}.${group}`;
    byResource.set(name, [...(byResource.get(name) ?? []), verb]);
  }
  return [...byResource]
    .map(([name, verbs]) => `${verbs.join(', ').replace(/, (\w+)$/, ' and $1')} ${name}`)
    .join(', ');
}
