/** Which finding is for a drop. Pure. */
import type { DropPlace } from '../../parsers/drops.ts';
import { kindOf } from '../shared/drops/classify.ts';

/** The ID of the finding that a drop belongs to; `undefined`: it is harmless. */
export function findingOf(drop: Pick<DropPlace, 'reason' | 'function'>): string | undefined {
  return kindOf(drop)?.meta.id;
}
