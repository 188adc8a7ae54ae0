/** What a rule of nft asks of a packet, of its JSON: single values, sets with a name and without, concatenations. Pure. */
import type { MatchField, RuleMatch } from './filter-rules.ts';
import { type JsonObject, objectsIn } from './json.ts';

/** Elements of named sets and maps, by {@link setKey}. */
export type NftSets = ReadonlyMap<string, readonly unknown[]>;

/** Where a rule looks for sets by their names. */
export interface SetScope {
  readonly sets: NftSets;
  /** Family and table. */
  readonly place: string;
}

/** All sets and maps of a ruleset. @param entries of `nft -j list ruleset` */
export function setsOf(entries: readonly JsonObject[]): NftSets {
  const sets = new Map<string, readonly unknown[]>();
  for (const entry of entries) {
    const set = object(entry['set']) ?? object(entry['map']);
    if (set === undefined) continue;
    const { family, table, name, elem } = set;
    sets.set(`${family} ${table} ${name}`, Array.isArray(elem) ? elem : []);
  }
  return sets;
}

/** The elements of `@name`, or of what stands in the rule itself; `undefined`: it is no set, or one that is not known. */
export function elementsOf(operand: unknown, { sets, place }: SetScope): readonly unknown[] | undefined {
  if (typeof operand === 'string' && operand.startsWith('@')) return sets.get(`${place} ${operand.slice(1)}`);
  const set = object(operand)?.['set'];
  return Array.isArray(set) ? set : undefined;
}

/** The name of a set or map; `undefined` where it has none. */
export function setName(operand: unknown): string | undefined {
  return typeof operand === 'string' && operand.startsWith('@') ? operand.slice(1) : undefined;
}

const FIELDS: Readonly<Record<string, MatchField>> = {
  'meta l4proto': 'protocol',
  'ct state': 'ctstate',
  'tcp dport': 'dport',
  'udp dport': 'dport',
  'th dport': 'dport',
  'tcp sport': 'sport',
  'udp sport': 'sport',
  'th sport': 'sport',
  'ip daddr': 'daddr',
  'ip6 daddr': 'daddr',
  'ip saddr': 'saddr',
  'ip6 saddr': 'saddr',
  'ip protocol': 'protocol',
  'ip6 nexthdr': 'protocol',
};
/** They ask for nothing. */
const NO_CONDITION = new Set(['counter', 'accept', 'return', 'drop', 'reject']);

/** Whether the expression asks for nothing, or for what a {@link RuleMatch} says in full. */
export function isUnderstandable(expression: JsonObject, scope: SetScope): boolean {
  const [kind = ''] = Object.keys(expression);
  if (NO_CONDITION.has(kind)) return true;
  return isKnownKey(object(expression['match'])?.['left']) && matchOf(expression, scope).length > 0;
}

/** Whether all parts of a key are fields that a {@link RuleMatch} knows. */
export function isKnownKey(left: unknown): boolean {
  return partsOf(left).every(({ field }) => field !== undefined);
}

/** The conditions of one expression, as far as they are understood. */
export function matchOf(expression: JsonObject, scope: SetScope): RuleMatch[] {
  const match = object(expression['match']);
  if (!match) return [];
  const { left, right, op } = match;
  return keyedMatch(left, elementsOf(right, scope) ?? right, { negated: op === '!=', set: setName(right) });
}

/** That a key is one of these values. @param values a single one, or elements of a set */
export function keyedMatch(
  left: unknown,
  values: unknown,
  { negated, set }: { readonly negated: boolean; readonly set: string | undefined },
): RuleMatch[] {
  const parts = partsOf(left);
  const columns = columnsOf(values, parts.length);
  if (columns === undefined) return [];
  const rows = columns[0] ?? [];
  const elements = rows.map((_, i) => columns.map((column) => column[i]).join(' . '));
  const named = set === undefined ? {} : { set: { name: set, elements } };
  const [first, ...others] = parts.map(({ field }, i) => ({ field, values: columns[i] ?? [] }));
  const implied = [...new Set(parts.flatMap(({ implies = [] }) => implies))].map(
    (protocol): RuleMatch => ({
      field: 'protocol',
      values: [protocol],
      negated: false,
    }),
  );
  if (first === undefined) return [];
  if (others.length === 0)
    return first.field === undefined
      ? implied
      : [{ field: first.field, values: first.values, negated, ...named }, ...implied];
  // Of a key of several parts any that is understood may stand first.
  const known = [first, ...others].find(({ field }) => field !== undefined);
  if (known?.field === undefined) return implied;
  const and = [first, ...others].filter((part) => part !== known);
  return [{ field: known.field, values: known.values, negated, and, ...named }, ...implied];
}

interface Part {
  readonly field: MatchField | undefined;
  readonly implies?: readonly string[];
}

function partsOf(left: unknown): readonly Part[] {
  const concat = object(left)?.['concat'];
  return Array.isArray(concat) ? concat.map(partOf) : [partOf(left)];
}

function partOf(left: unknown): Part {
  const key = keyText(left);
  const protocol = impliedBy(key);
  return { field: FIELDS[key], ...(protocol === undefined ? {} : { implies: [protocol] }) };
}

/** What a {@link RuleMatch} calls it. @param key of {@link keyText} */
export function fieldOf(key: string): MatchField | undefined {
  return FIELDS[key];
}

/** `tcp` of `tcp dport`, which is for TCP alone also where it stands for "any port but this". @param key of {@link keyText} */
export function impliedBy(key: string): 'tcp' | 'udp' | undefined {
  return (['tcp', 'udp'] as const).find((protocol) => key.startsWith(`${protocol} `));
}

/** What is asked, in the words of nft: `ip saddr`, `meta iifname`, `ct state`, `fib type daddr`. */
export function keyText(left: unknown): string {
  const [[kind = '', value] = []] = Object.entries(object(left) ?? {});
  const { protocol, field, key, result, flags } = object(value) ?? {};
  if (kind === 'payload') return `${protocol} ${field}`;
  if (kind === 'fib') return `fib ${result} ${[flags].flat().join(' ')}`;
  return key === undefined ? kind : `${kind} ${key}`;
}

/** The values of each part of a key; `undefined` for what cannot be read as values (an element for all others). */
function columnsOf(values: unknown, width: number): string[][] | undefined {
  if (width === 1) {
    const single = valuesOf(values);
    return single && [single];
  }
  const rows = (Array.isArray(values) ? values : [values]).map((one) => {
    const concat = object(bare(one))?.['concat'];
    const texts = Array.isArray(concat) ? concat.map(valuesOf) : [];
    return texts.length === width && texts.every((text) => text?.length === 1)
      ? texts.map((text) => text?.[0] ?? '')
      : undefined;
  });
  if (rows.some((row) => row === undefined)) return undefined;
  return Array.from({ length: width }, (_, i) => rows.map((row) => row?.[i] ?? ''));
}

/** An element without what else is known of it: its counter, when it expires. */
export function bare(element: unknown): unknown {
  const value = object(object(element)?.['elem'])?.['val'];
  return value === undefined ? element : value;
}

/** Single values, `from-to` and `address/length`; `undefined` for what is none of them. */
export function valuesOf(right: unknown): string[] | undefined {
  if (typeof right === 'number') return [String(right)];
  if (typeof right === 'string') return right.startsWith('@') || right === '*' ? undefined : [right];
  if (Array.isArray(right)) return gather(right);
  const value = object(bare(right));
  if (!value) return bare(right) === right ? undefined : valuesOf(bare(right));
  if (Array.isArray(value['set'])) return gather(value['set']);
  const prefix = object(value['prefix']);
  if (prefix) return [`${prefix['addr']}/${prefix['len']}`];
  if (Array.isArray(value['range'])) return [`${value['range'][0]}-${value['range'][1]}`];
  return undefined;
}

function gather(items: readonly unknown[]): string[] | undefined {
  const all = items.map(valuesOf);
  return all.every((v) => v !== undefined) ? all.flat() : undefined;
}

/** The expressions of a rule. */
export function expressionsOf(rule: JsonObject): JsonObject[] {
  return Array.isArray(rule['expr']) ? objectsIn(rule['expr']) : [];
}

export function object(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}
