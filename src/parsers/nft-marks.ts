/** Expressions of nft that set a packet's mark, ask for it, or hand the packet to a transparent proxy. Pure. */
import type { Mark, RuleMatch } from './filter-rules.ts';
import type { JsonObject } from './json.ts';
import { elementsOf, keyedMatch, object, type SetScope, setName } from './nft-matches.ts';

/** All bits. */
const ALL = 0xffffffff;

/** The mark that an expression sets, and what it asks for besides; of a map, for each of its elements. */
export function markedBy(
  expression: JsonObject,
  scope: SetScope,
): { readonly mark: Mark; readonly matches: readonly RuleMatch[] }[] {
  const { key, value } = object(expression['mangle']) ?? {};
  if (object(object(key)?.['meta'])?.['key'] !== 'mark') return [];
  if (typeof value === 'number') return [{ mark: { value, mask: ALL }, matches: [] }];
  const or = object(value)?.['|'];
  const bits = Array.isArray(or) ? or.find((one) => typeof one === 'number') : undefined;
  if (typeof bits === 'number') return [{ mark: { value: bits, mask: bits }, matches: [] }];
  const map = object(object(value)?.['map']);
  const pairs = (map && elementsOf(map['data'], scope)) ?? [];
  return pairs.flatMap((pair) => {
    const [element, mark] = Array.isArray(pair) ? pair : [];
    const matches = keyedMatch(map?.['key'], [element], { negated: false, set: setName(map?.['data']) });
    return typeof mark === 'number' ? [{ mark: { value: mark, mask: ALL }, matches }] : [];
  });
}

/** The mark that an expression asks for. */
export function askedMark(expression: JsonObject): Mark | undefined {
  const { op, left, right } = object(expression['match']) ?? {};
  if (op !== '==' || typeof right !== 'number') return undefined;
  if (object(object(left)?.['meta'])?.['key'] === 'mark') return { value: right, mask: ALL };
  const and = object(left)?.['&'];
  const mask = Array.isArray(and) ? and.find((one) => typeof one === 'number') : undefined;
  const isOfMark = Array.isArray(and) && and.some((one) => object(object(one)?.['meta'])?.['key'] === 'mark');
  return isOfMark && typeof mask === 'number' ? { value: right, mask } : undefined;
}

/** The port of the proxy; empty: the packet's own. */
export function proxyPort(expression: JsonObject): string | undefined {
  return 'tproxy' in expression ? String(object(expression['tproxy'])?.['port'] ?? '') : undefined;
}
