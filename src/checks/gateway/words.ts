/** Words that several rules of the gateway check use. Pure. */
import type { Backend } from './facts.ts';

const SHOWN = 3;

/** `a, b, c, and 4 more`. */
export function manyText(all: readonly string[]): string {
  const more = all.length - SHOWN;
  return [...all.slice(0, SHOWN), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

/** Nothing where it is the only one. */
export function shareText({ of }: Backend): string {
  return of > 1 ? ` (one of ${of} backends)` : '';
}
