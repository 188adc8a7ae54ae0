/** Parses `nft -j list ruleset` down to what can stop a packet. Pure. */
import {
  type Detour,
  type FilterChain,
  type FilterRule,
  type FilterRules,
  type RuleMatch,
  reachableChains,
} from './filter-rules.ts';
import { type JsonObject, objectsIn, parseJson } from './json.ts';

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
  const accepted = new Map<string, Accepted>();
  const heads = entries.flatMap((entry) => chainOf(object(entry['chain'])));
  const rules = entries.flatMap((entry) => ruleOf(object(entry['rule']), heads, counters, accepted));
  const chains = heads.map((chain) => ({
    ...chain,
    ...(accepted.get(`${chain.family} ${chain.table} ${chain.name}`) ?? NOTHING),
  }));
  const ruled = entries.flatMap((entry): JsonObject[] => {
    const rule = object(entry['rule']);
    return rule === undefined ? [] : [rule];
  });
  const output = heads.filter(({ hook }) => hook === 'output').map((c) => `${c.family} ${c.table} ${c.name}`);
  const reached = reachableChains(output, ruled.flatMap(jumpsOf));
  const hooked = new Set(output);
  const passed = new Map<string, Passed>();
  const detours = ruled.flatMap((rule): Detour[] => {
    const place = `${rule['family']} ${rule['table']} ${rule['chain']}`;
    const before = passed.get(place) ?? { spared: [], isKnown: hooked.has(place) };
    passed.set(place, passOf(rule, before));
    return detourOf(rule, counters, reached, before);
  });
  return { chains, rules, detours };
}

/** What has not come to the end of a chain so far. */
interface Passed {
  readonly spared: readonly (readonly RuleMatch[])[];
  /** No rule so far may have taken a packet of root without being in `spared`. */
  readonly isKnown: boolean;
}

/** What a rule adds to what is spared by those before it. */
function passOf(rule: JsonObject, before: Passed): Passed {
  const expressions = expressionsOf(rule);
  if (!expressions.some(mayEnd) || expressions.some(isOfOthers)) return before;
  const ends = expressions.some((e) => 'accept' in e || 'return' in e);
  return ends && expressions.every(isUnderstandable)
    ? { ...before, spared: [...before.spared, expressions.flatMap(matchOf)] }
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

function jumpsOf(rule: JsonObject): [string, string][] {
  const place = `${rule['family']} ${rule['table']}`;
  return expressionsOf(rule).flatMap((e): [string, string][] => {
    const target = object(e['jump'] ?? e['goto'])?.['target'];
    return typeof target === 'string' ? [[`${place} ${rule['chain']}`, `${place} ${target}`]] : [];
  });
}

/** A rule that leads to a port of the target itself. */
function detourOf(
  rule: JsonObject,
  counters: ReadonlyMap<string, number>,
  reached: ReadonlySet<string>,
  { spared, isKnown }: Passed,
): Detour[] {
  const expressions = expressionsOf(rule);
  const port = expressions.map(detourPort).find((one) => one !== undefined);
  if (port === undefined) return [];
  const [family, table, chain] = [String(rule['family']), String(rule['table']), String(rule['chain'])];
  return [
    {
      source: 'nft',
      family,
      table,
      chain,
      key: `nft ${family} ${table} ${chain} ${rule['handle']}`,
      port,
      isOfOutput: reached.has(`${family} ${table} ${chain}`),
      packets: packetsOf(expressions, `${family} ${table}`, counters),
      matches: expressions.flatMap(matchOf),
      spared,
      isCertain: isKnown && expressions.every((e) => detourPort(e) !== undefined || isUnderstandable(e)),
      text: ruleText(rule, expressions),
    },
  ];
}

function detourPort(expression: JsonObject): string | undefined {
  if ('redirect' in expression) return String(object(expression['redirect'])?.['port'] ?? '');
  const { addr, port = '' } = object(expression['dnat']) ?? {};
  return typeof addr === 'string' && /^(127\.|::1$)/.test(addr) ? String(port) : undefined;
}

function expressionsOf(rule: JsonObject): JsonObject[] {
  return Array.isArray(rule['expr']) ? objectsIn(rule['expr']) : [];
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

function ruleText(rule: JsonObject, expressions: readonly JsonObject[]): string {
  return `table ${rule['family']} ${rule['table']} chain ${rule['chain']}: ${expressions.map(expressionText).join(' ')} # handle ${rule['handle']}`;
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
  counters: ReadonlyMap<string, number>,
  accepted: Map<string, Accepted>,
): FilterRule[] {
  if (!rule || !Array.isArray(rule['expr'])) return [];
  const expressions = objectsIn(rule['expr']);
  const [family, table, chain] = [String(rule['family']), String(rule['table']), String(rule['chain'])];
  const place = `${family} ${table} ${chain}`;
  const before = accepted.get(place) ?? NOTHING;
  const matches = expressions.flatMap(matchOf);
  const isUnderstood = expressions.every(isUnderstandable);
  if (isUnderstood && expressions.some((e) => 'accept' in e))
    accepted.set(place, { ...before, spared: [...before.spared, matches] });
  else if (expressions.some(mayEnd)) accepted.set(place, { ...before, maySpare: true });
  const verdict = verdictOf(expressions);
  if (verdict === undefined) return [];
  const packets = packetsOf(expressions, `${family} ${table}`, counters);
  return [
    {
      source: 'nft',
      family,
      table,
      chain,
      hook: chains.find((c) => c.family === family && c.table === table && c.name === chain)?.hook,
      key: `nft ${family} ${table} ${chain} ${rule['handle']}`,
      verdict,
      packets,
      matches,
      isUnderstood,
      ...before,
      text: ruleText(rule, expressions),
    },
  ];
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

const FIELDS: Readonly<Record<string, RuleMatch['field']>> = {
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
function isUnderstandable(expression: JsonObject): boolean {
  const [kind = ''] = Object.keys(expression);
  if (NO_CONDITION.has(kind)) return true;
  const found = matchOf(expression);
  const payload = object(object(object(expression['match'])?.['left'])?.['payload']);
  return payload === undefined
    ? found.length > 0
    : FIELDS[`${payload['protocol']} ${payload['field']}`] !== undefined && found.length > 0;
}

function matchOf(expression: JsonObject): RuleMatch[] {
  const match = object(expression['match']);
  if (!match) return [];
  const payload = object(object(match['left'])?.['payload']);
  const meta = object(object(match['left'])?.['meta']);
  const negated = match['op'] === '!=';
  const values = valuesOf(match['right']);
  if (values === undefined) return [];
  if (meta?.['key'] === 'l4proto') return [{ field: 'protocol', values, negated }];
  const tracked = object(object(match['left'])?.['ct']);
  if (tracked?.['key'] === 'state') return [{ field: 'ctstate', values, negated }];
  if (!payload) return [];
  const [protocol, name] = [String(payload['protocol']), String(payload['field'])];
  const field = FIELDS[`${protocol} ${name}`];
  const found: RuleMatch[] = field === undefined ? [] : [{ field, values, negated }];
  // "tcp dport" is for TCP only, also where it stands for "any port but this".
  return protocol === 'tcp' || protocol === 'udp'
    ? [...found, { field: 'protocol', values: [protocol], negated: false }]
    : found;
}

/** Single values, `from-to` and `address/length`; `undefined` for what is none of them (a named set). */
function valuesOf(right: unknown): string[] | undefined {
  if (typeof right === 'number') return [String(right)];
  if (typeof right === 'string') return right.startsWith('@') ? undefined : [right];
  if (Array.isArray(right)) return gather(right);
  const value = object(right);
  if (!value) return undefined;
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

/** One expression in nft's own words, near enough to find the rule again. */
function expressionText(expression: JsonObject): string {
  const [[kind = '', value] = []] = Object.entries(expression);
  switch (kind) {
    case 'match': {
      const { op, left, right } = object(value) ?? {};
      const sign = op === '==' || op === 'in' ? '' : `${op} `;
      return `${operandText(left)} ${sign}${operandText(right)}`;
    }
    case 'counter': {
      const counter = object(value);
      return counter ? `counter packets ${counter['packets']}` : `counter name "${value}"`;
    }
    case 'reject': {
      const reject = object(value);
      if (!reject) return 'reject';
      return reject['type'] === 'tcp reset'
        ? 'reject with tcp reset'
        : `reject with ${reject['type']} type ${reject['expr']}`;
    }
    case 'redirect': {
      const port = object(value)?.['port'];
      return port === undefined ? 'redirect' : `redirect to :${operandText(port)}`;
    }
    case 'xt':
      return String(object(value)?.['name'] ?? 'xt');
    default:
      return kind;
  }
}

function operandText(operand: unknown): string {
  const values = valuesOf(operand);
  if (values !== undefined) return values.length === 1 ? String(values[0]) : `{ ${values.join(', ')} }`;
  const one = object(operand);
  const payload = object(one?.['payload']);
  if (payload) return `${payload['protocol']} ${payload['field']}`;
  const keyed = object(one?.['meta']) ?? object(one?.['ct']);
  if (keyed) return `${one && 'ct' in one ? 'ct ' : ''}${keyed['key']}`;
  return typeof operand === 'string' ? operand : '…';
}

function keyOf(entry: JsonObject, name: string): string {
  return `${entry['family']} ${entry['table']} ${entry[name]}`;
}

function object(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}
