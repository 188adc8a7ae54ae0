/** Words that several rules of the gateway check use. Pure. */
import type { Condition } from '../../model/gateway-api.ts';
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

/** What a controller says of an object, in words that end a sentence. */
export function conditionText({ type, reason, message }: Condition): string {
  const said = message === undefined || message === '' ? '' : `: "${message.slice(0, 200)}"`;
  return `its controller says ${type} is False (${reason ?? 'no reason given'})${said}`;
}
