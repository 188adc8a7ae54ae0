/** Which kind a drop is of. Pure. */
import type { DropPlace } from '../../../parsers/drops.ts';
import { harmlessWhy } from './harmless.ts';
import type { DropKind } from './kind.ts';
import { DROP_KINDS } from './kinds/index.ts';

/** `undefined`: it is harmless. */
export function kindOf({
  reason,
  function: name,
}: Pick<DropPlace, 'reason' | 'function'>): DropKind | undefined {
  if (harmlessWhy(reason, name) !== undefined) return undefined;
  return DROP_KINDS.find(
    ({ reasons, functions, alsoIn = {} }) =>
      (Object.hasOwn(alsoIn, reason) && alsoIn[reason]?.includes(name) === true) ||
      (reasons?.includes(reason) !== false && functions?.includes(name) !== false),
  );
}
