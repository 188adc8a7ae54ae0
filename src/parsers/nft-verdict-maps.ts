/** Verdict maps of nft (`vmap`), whose elements say what becomes of a packet. Pure. */
import type { RuleMatch } from './filter-rules.ts';
import type { JsonObject } from './json.ts';
import {
  bare,
  elementsOf,
  isKnownKey,
  keyedMatch,
  object,
  type SetScope,
  setName,
  valuesOf,
} from './nft-matches.ts';

/** Elements of one map that have the same verdict, as the rule that they are together. */
export interface MappedVerdict {
  /** `drop`, `accept`, `return`, `jump`, `goto`, … */
  readonly verdict: string;
  /** Of a jump. */
  readonly target: string | undefined;
  /** One of the elements is the packet's. */
  readonly matches: readonly RuleMatch[];
  /** All that they ask for is in `matches`. */
  readonly isUnderstood: boolean;
  /** Of an element that counts by itself; such a one stands alone. */
  readonly packets: number | undefined;
  /** `@vm { drop }`; of a map without a name its elements. */
  readonly text: string;
}

/** Of a map without a name, so many are shown. */
const MOST_SHOWN = 4;

/** Empty for an expression that is none, or a map that is not known. */
export function mappedVerdicts(expression: JsonObject, scope: SetScope): MappedVerdict[] {
  const vmap = object(expression['vmap']);
  const pairs = vmap && elementsOf(vmap['data'], scope);
  if (vmap === undefined || pairs === undefined) return [];
  const all = pairs.flatMap((pair) => {
    const [key, verdict] = Array.isArray(pair) ? pair : [];
    const [kind = '', value] = Object.entries(object(verdict) ?? {})[0] ?? [];
    return kind === '' ? [] : [{ key, kind, target: object(value)?.['target'] }];
  });
  const name = setName(vmap['data']);
  const groups = Map.groupBy(all, ({ key, kind, target }) =>
    counterOf(key) === undefined ? `${kind} ${target}` : JSON.stringify([kind, bare(key)]),
  );
  return [...groups.values()].flatMap((group): MappedVerdict[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { kind, target } = first;
    const matches = keyedMatch(
      vmap['key'],
      group.map(({ key }) => key),
      { negated: false, set: name },
    );
    const verdict = typeof target === 'string' ? `${kind} ${target}` : kind;
    const shown = group.slice(0, MOST_SHOWN).map(({ key }) => `${elementText(key)} : ${verdict}`);
    const rest = group.length > MOST_SHOWN ? ', …' : '';
    return [
      {
        verdict: kind,
        target: typeof target === 'string' ? target : undefined,
        matches,
        isUnderstood: matches.length > 0 && isKnownKey(vmap['key']),
        packets: counterOf(first.key),
        text: name === undefined ? `{ ${shown.join(', ')}${rest} }` : `@${name} { ${verdict} }`,
      },
    ];
  });
}

/** Chains that a map leads to. */
export function mappedJumps(expression: JsonObject, scope: SetScope): string[] {
  const vmap = object(expression['vmap']);
  const pairs = (vmap && elementsOf(vmap['data'], scope)) ?? [];
  return pairs.flatMap((pair): string[] => {
    const verdict = object(Array.isArray(pair) ? pair[1] : undefined);
    const target = object(verdict?.['jump'] ?? verdict?.['goto'])?.['target'];
    return typeof target === 'string' ? [target] : [];
  });
}

function counterOf(key: unknown): number | undefined {
  const packets = object(object(object(key)?.['elem'])?.['counter'])?.['packets'];
  return typeof packets === 'number' ? packets : undefined;
}

/** `198.18.1.1 . 8080` */
function elementText(key: unknown): string {
  const concat = object(bare(key))?.['concat'];
  const parts = Array.isArray(concat) ? concat : [bare(key)];
  return parts.map((part) => valuesOf(part)?.join(', ') ?? String(part)).join(' . ');
}
