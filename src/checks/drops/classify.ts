/** Which rule is for a drop. Pure. */
import type { DropPlace } from '../../parsers/drops.ts';
import { harmlessWhy } from './harmless.ts';
import { DROP_RULES } from './rules/index.ts';

/** The finding that a drop belongs to; `undefined`: it is harmless. */
export function findingOf({
  reason,
  function: name,
}: Pick<DropPlace, 'reason' | 'function'>): string | undefined {
  if (harmlessWhy(reason, name) !== undefined) return undefined;
  return DROP_RULES.find(
    ({ reasons, functions, alsoIn = {} }) =>
      (Object.hasOwn(alsoIn, reason) && alsoIn[reason]?.includes(name) === true) ||
      (reasons?.includes(reason) !== false && functions?.includes(name) !== false),
  )?.meta.id;
}
