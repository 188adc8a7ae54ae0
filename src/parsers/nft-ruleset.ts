/** Parses `nft -j list ruleset` down to what can stop a packet, or lead it to the target itself. Pure. */
import {
  type Detour,
  type FilterChain,
  type FilterRule,
  type FilterRules,
  type MarkRule,
  type ProxyRule,
  type RuleMatch,
  reachableChains,
} from './filter-rules.ts';
import { type JsonObject, objectsIn, parseJson } from './json.ts';
import { askedMark, markedBy, proxyPort } from './nft-marks.ts';
import { expressionsOf, isUnderstandable, matchOf, object, type SetScope, setsOf } from './nft-matches.ts';
import { ruleText } from './nft-text.ts';
import { mappedJumps, mappedVerdicts } from './nft-verdict-maps.ts';

/** What all rules of a ruleset share. */
interface Book {
  readonly counters: ReadonlyMap<string, number>;
  readonly sets: SetScope['sets'];
}

/** `undefined` when the text is not nft's JSON: cut off, or an error. */
export function parseNftRuleset(stdout: string): FilterRules | undefined {
  const list = object(parseJson(stdout))?.['nftables'];
  if (!Array.isArray(list)) return undefined;
  const entries = objectsIn(list);
  const counters = new Map<string, number>();
  for (const entry of entries) {
    const counter = object(entry['counter']);
    if (counter) counters.set(keyOf(counter, 'name'), Number(counter['packets'] ?? 0));
  }
  const book: Book = { counters, sets: setsOf(entries) };
  const accepted = new Map<string, Accepted>();
  const heads = entries.flatMap((entry) => chainOf(object(entry['chain'])));
  const rules = entries.flatMap((entry) => ruleOf(object(entry['rule']), heads, book, accepted));
  const chains = heads.map((chain) => ({
    ...chain,
    ...(accepted.get(`${chain.family} ${chain.table} ${chain.name}`) ?? NOTHING),
  }));
  const ruled = entries.flatMap((entry): JsonObject[] => {
    const rule = object(entry['rule']);
    return rule === undefined ? [] : [rule];
  });
  const jumps = ruled.flatMap((rule) => jumpsOf(rule, book));
  const at = (hook: string): string[] =>
    heads.filter((c) => c.hook === hook).map((c) => `${c.family} ${c.table} ${c.name}`);
  const output = at('output');
  const reached = reachableChains(output, jumps);
  const hooked = new Set(output);
  const passed = new Map<string, Passed>();
  const before = new Map<JsonObject, Passed>();
  for (const rule of ruled) {
    const place = placeOf(rule);
    const past = passed.get(place) ?? { spared: [], isKnown: hooked.has(place) };
    before.set(rule, past);
    passed.set(place, passOf(rule, past, book));
  }
  const pastOf = (rule: JsonObject): Passed => before.get(rule) ?? { spared: [], isKnown: false };
  // The route is looked for again after chains of this type alone (nft(8), CHAINS).
  const routing = reachableChains(
    entries.flatMap((entry) => {
      const chain = object(entry['chain']);
      return chain?.['type'] === 'route' ? [keyOf(chain, 'name')] : [];
    }),
    jumps,
  );
  const coming = reachableChains(at('prerouting'), jumps);
  return {
    chains,
    rules,
    detours: ruled.flatMap((rule) => detourOf(rule, book, reached, pastOf(rule))),
    marks: ruled.flatMap((rule) => (routing.has(placeOf(rule)) ? marksOf(rule, book, pastOf(rule)) : [])),
    proxies: ruled.flatMap((rule) => (coming.has(placeOf(rule)) ? proxyOf(rule, book) : [])),
  };
}

/** What has not come to the end of a chain so far. */
interface Passed {
  readonly spared: readonly (readonly RuleMatch[])[];
  /** No rule so far may have taken a packet of root without being in `spared`. */
  readonly isKnown: boolean;
}

/** What a rule adds to what is spared by those before it. */
function passOf(rule: JsonObject, before: Passed, book: Book): Passed {
  const expressions = expressionsOf(rule);
  const scope = scopeOf(rule, book);
  if (!expressions.some(mayEnd) || expressions.some(isOfOthers)) return before;
  const ends = expressions.some((e) => 'accept' in e || 'return' in e);
  return ends && expressions.every((e) => isUnderstandable(e, scope))
    ? { ...before, spared: [...before.spared, expressions.flatMap((e) => matchOf(e, scope))] }
    : { ...before, isKnown: false };
}

/** It asks for a user that the probes are not: they run as root where rules can be read. */
function isOfOthers(expression: JsonObject): boolean {
  const match = object(expression['match']);
  const key = object(object(match?.['left'])?.['meta'])?.['key'];
  const right = match?.['right'];
  return (
    (key === 'skuid' || key === 'skgid') && match?.['op'] === '==' && typeof right === 'number' && right !== 0
  );
}

/** What the rules of a chain so far accept. */
type Accepted = Pick<FilterChain, 'spared' | 'maySpare'>;

const NOTHING: Accepted = { spared: [], maySpare: false };

/** Whether a packet for which the rule holds may not come to the next one. */
function mayEnd(expression: JsonObject): boolean {
  return ['accept', 'jump', 'goto', 'return', 'queue', 'vmap', 'xt', 'fwd', 'dup'].some(
    (kind) => kind in expression,
  );
}

function jumpsOf(rule: JsonObject, book: Book): [string, string][] {
  const place = `${rule['family']} ${rule['table']}`;
  const scope = scopeOf(rule, book);
  return expressionsOf(rule).flatMap((e): [string, string][] => {
    const target = object(e['jump'] ?? e['goto'])?.['target'];
    const targets = typeof target === 'string' ? [target] : mappedJumps(e, scope);
    return targets.map((one) => [`${place} ${rule['chain']}`, `${place} ${one}`]);
  });
}

/** The chain that a rule is in. */
function placeOf(rule: JsonObject): string {
  return keyOf(rule, 'chain');
}

function scopeOf(rule: JsonObject, { sets }: Book): SetScope {
  return { sets, place: `${rule['family']} ${rule['table']}` };
}

/** What is said of each rule alike. */
function headOf(rule: JsonObject, { counters }: Book) {
  const [family, table, chain] = [String(rule['family']), String(rule['table']), String(rule['chain'])];
  const expressions = expressionsOf(rule);
  return {
    source: 'nft',
    family,
    table,
    chain,
    key: `nft ${family} ${table} ${chain} ${rule['handle']}`,
    packets: packetsOf(expressions, `${family} ${table}`, counters),
    text: ruleText(rule, expressions),
  } as const;
}

/** A rule that leads to a port of the target itself. */
function detourOf(
  rule: JsonObject,
  book: Book,
  reached: ReadonlySet<string>,
  { spared, isKnown }: Passed,
): Detour[] {
  const expressions = expressionsOf(rule);
  const scope = scopeOf(rule, book);
  const port = expressions.map(detourPort).find((one) => one !== undefined);
  if (port === undefined) return [];
  return [
    {
      ...headOf(rule, book),
      port,
      isOfOutput: reached.has(placeOf(rule)),
      matches: expressions.flatMap((e) => matchOf(e, scope)),
      spared,
      isCertain:
        isKnown && expressions.every((e) => detourPort(e) !== undefined || isUnderstandable(e, scope)),
    },
  ];
}

/** A rule that sets the mark; of one that takes it from a map, one for each of its elements. */
function marksOf(rule: JsonObject, book: Book, { spared, isKnown }: Passed): MarkRule[] {
  const expressions = expressionsOf(rule);
  const scope = scopeOf(rule, book);
  const at = expressions.findIndex((e) => markedBy(e, scope).length > 0);
  const [marking, asking] = [expressions[at], expressions.slice(0, Math.max(at, 0))];
  if (marking === undefined) return [];
  const isCertain = isKnown && asking.every((e) => isUnderstandable(e, scope));
  const matches = asking.flatMap((e) => matchOf(e, scope));
  const head = headOf(rule, book);
  return markedBy(marking, scope).map(({ mark, matches: own }, i) => ({
    ...head,
    key: `${head.key} ${i}`,
    mark,
    matches: [...matches, ...own],
    spared,
    isCertain,
  }));
}

/** A rule that hands what comes in to a proxy. */
function proxyOf(rule: JsonObject, book: Book): ProxyRule[] {
  const expressions = expressionsOf(rule);
  const scope = scopeOf(rule, book);
  const port = expressions.map(proxyPort).find((one) => one !== undefined);
  if (port === undefined) return [];
  const asks = expressions.map(askedMark).find((one) => one !== undefined);
  return [{ ...headOf(rule, book), port, asks, matches: expressions.flatMap((e) => matchOf(e, scope)) }];
}

function detourPort(expression: JsonObject): string | undefined {
  if ('redirect' in expression) return String(object(expression['redirect'])?.['port'] ?? '');
  const { addr, port = '' } = object(expression['dnat']) ?? {};
  return typeof addr === 'string' && /^(127\.|::1$)/.test(addr) ? String(port) : undefined;
}

/** `undefined`: it counts nothing. @param place family and table */
function packetsOf(
  expressions: readonly JsonObject[],
  place: string,
  counters: ReadonlyMap<string, number>,
): number | undefined {
  const counter = expressions.find((e) => 'counter' in e)?.['counter'];
  return typeof counter === 'string'
    ? counters.get(`${place} ${counter}`)
    : (object(counter)?.['packets'] as number | undefined);
}

function chainOf(chain: JsonObject | undefined): Omit<FilterChain, keyof Accepted>[] {
  if (!chain) return [];
  const { family, table, name, hook, policy } = chain;
  return [
    {
      source: 'nft',
      family: String(family),
      table: String(table),
      name: String(name),
      hook: typeof hook === 'string' ? hook : undefined,
      policy: typeof policy === 'string' ? policy : undefined,
      // nft counts nothing for a chain's policy.
      packets: undefined,
    },
  ];
}

/** @param accepted what the rules before this one accept, by chain; an accepting rule is added */
function ruleOf(
  rule: JsonObject | undefined,
  chains: readonly Omit<FilterChain, keyof Accepted>[],
  book: Book,
  accepted: Map<string, Accepted>,
): FilterRule[] {
  if (!rule || !Array.isArray(rule['expr'])) return [];
  const expressions = objectsIn(rule['expr']);
  const scope = scopeOf(rule, book);
  const place = placeOf(rule);
  const before = accepted.get(place) ?? NOTHING;
  const matches = expressions.flatMap((e) => matchOf(e, scope));
  const head = headOf(rule, book);
  const { family, table, chain } = head;
  const hook = chains.find((c) => c.family === family && c.table === table && c.name === chain)?.hook;
  const mapping = expressions.find((e) => 'vmap' in e);
  const mapped = mapping === undefined ? [] : mappedVerdicts(mapping, scope);
  if (mapped.length > 0) {
    const asking = expressions.filter((e) => e !== mapping);
    const isAsked = asking.every((e) => isUnderstandable(e, scope));
    const of = (verdict: string) => mapped.filter((one) => one.verdict === verdict);
    const isKnown = isAsked && mapped.every((one) => one.isUnderstood && !mayLead(one.verdict));
    accepted.set(
      place,
      isKnown
        ? {
            ...before,
            spared: [...before.spared, ...of('accept').map((one) => [...matches, ...one.matches])],
          }
        : { ...before, maySpare: true },
    );
    return of('drop').map((one) => ({
      ...head,
      hook,
      key: `${head.key} ${one.text}`,
      verdict: 'drop',
      // What a rule counts before its map is its element's only where that is known.
      packets: one.packets ?? (one.isUnderstood ? head.packets : undefined),
      matches: [...matches, ...one.matches],
      isUnderstood: isAsked && one.isUnderstood,
      ...before,
      text: head.text.replace(/vmap .* # handle/, () => `vmap ${one.text} # handle`),
    }));
  }
  const isUnderstood = expressions.every((e) => isUnderstandable(e, scope));
  if (isUnderstood && expressions.some((e) => 'accept' in e))
    accepted.set(place, { ...before, spared: [...before.spared, matches] });
  else if (expressions.some(mayEnd)) accepted.set(place, { ...before, maySpare: true });
  const verdict = verdictOf(expressions);
  if (verdict === undefined) return [];
  return [{ ...head, hook, verdict, matches, isUnderstood, ...before }];
}

/** Whether an element of a map leads a packet elsewhere, from where it may not come back. */
function mayLead(verdict: string): boolean {
  return verdict !== 'accept' && verdict !== 'drop' && verdict !== 'continue';
}

function verdictOf(expressions: readonly JsonObject[]): FilterRule['verdict'] | undefined {
  for (const e of expressions) {
    if ('drop' in e) return 'drop';
    if ('reject' in e) return 'reject';
    // How nft shows a target of iptables that has no expression of its own.
    const target = object(e['xt']);
    if (target?.['type'] === 'target' && target['name'] === 'REJECT') return 'reject';
  }
  return undefined;
}

function keyOf(entry: JsonObject, name: string): string {
  return `${entry['family']} ${entry['table']} ${entry[name]}`;
}
