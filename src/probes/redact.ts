/** Takes secrets out of evidence before anybody sees it. Pure. */
import { maskQuery } from '../model/mask-query.ts';

/**
 * Values of headers that carry credentials, bearer tokens, and JSON web tokens wherever they stand. Each pattern can begin
 * at one place of what it runs over only: a hostile output must not cost more than its length.
 */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/^([<>* \t]{0,8}(?:(?:proxy-)?authorization|(?:set-)?cookie):)[^\n]*/gim, '$1 [redacted]'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 [redacted]'],
  [/(?<![\w-])eyJ[\w-]{10,}\.[\w-]{5,}\.[\w-]*/g, '[redacted]'],
  [/:\/\/[^/\s:@]+:[^/\s]+@/g, '://[redacted]@'],
];

/** The text without what looks like a secret. */
export function redact(text: string): string {
  return SECRETS.reduce(
    (current, [pattern, replacement]) => current.replace(pattern, replacement),
    maskQuery(text),
  );
}
