/**
 * Masks the values in the query of each URL in a text: `?token=…` is as good as a password, and reports and bundles are
 * passed on. Names stay, so that requests can be told apart. A match begins at a question mark only, so that a hostile
 * text costs no more than its length.
 */
export function maskQuery(text: string): string {
  return text.replace(/\?[\w.~%+[\]-]{1,64}=[^\s"'<>#]*/g, (query) => query.replace(/=[^&]*/g, `=${MASK}`));
}

/** Two values that it stands for need not be the same. */
export const MASK = '[redacted]';

/** The same for every string of plain JSON. */
export function maskQueries<T>(value: T): T {
  if (value === undefined) return value;
  const mask = (_key: string, one: unknown): unknown => (typeof one === 'string' ? maskQuery(one) : one);
  return JSON.parse(JSON.stringify(value, mask)) as T;
}
