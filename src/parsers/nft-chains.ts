/**
 * Parses `nft -j list ruleset` into chains as those of iptables, so that one walk follows both: base chains under the
 * names of their hooks, verdict maps as one rule for each element, named sets as their elements. Pure.
 */

import { socketAddress } from '../model/socket-address.ts';
import type { MatchField } from './filter-rules.ts';
import type { IptablesChain, IptablesMatch, IptablesRule } from './iptables-tables.ts';
import { type JsonObject, objectsIn, parseJson } from './json.ts';
import {
  elementsOf,
  expressionsOf,
  fieldOf,
  impliedBy,
  keyText,
  type NftSets,
  object,
  type SetScope,
  setsOf,
  valuesOf,
} from './nft-matches.ts';
import { expressionText } from './nft-text.ts';

/** The chains that begin at one hook of one table: a packet passes each of them, whatever another one decided. */
export interface NftBase {
  readonly family: 'ip' | 'ip6' | 'inet';
  readonly table: string;
  /** Its own name; among the chains it is under that of its hook, such as `FORWARD`. */
  readonly chain: string;
  readonly hook: string;
  /** What iptables calls a table with this place and purpose. */
  readonly kind: 'raw' | 'mangle' | 'nat' | 'filter';
  readonly chains: ReadonlyMap<string, IptablesChain>;
}

const FAMILIES = ['ip', 'ip6', 'inet'] as const;
/** Tables that iptables writes by nft, which it shows itself; their chains are named as the hooks, in capitals. */
const IPTABLES = new Set(['filter', 'nat', 'mangle', 'raw', 'security']);

/**
 * The base chains that packets of one family pass; `undefined` when the text is not nft's JSON.
 * @param family of the packets
 */
export function parseNftChains(stdout: string, family: 'ip' | 'ip6'): NftBase[] | undefined {
  const list = object(parseJson(stdout))?.['nftables'];
  if (!Array.isArray(list)) return undefined;
  const entries = objectsIn(list);
  const sets = setsOf(entries);
  const rules = new Map<string, IptablesRule[]>();
  for (const entry of entries) {
    const rule = object(entry['rule']);
    if (!rule) continue;
    const place = placeOf(rule, rule['chain']);
    rules.set(place, [...(rules.get(place) ?? []), ...rulesOf(rule, family, sets)]);
  }
  const heads = entries.flatMap((entry): JsonObject[] => {
    const chain = object(entry['chain']);
    return chain ? [chain] : [];
  });
  return heads.flatMap((head): NftBase[] => {
    const { family: own, table, name, hook, type, prio, policy } = head;
    const known = FAMILIES.find((one) => one === own);
    if (known === undefined || (known !== 'inet' && known !== family) || typeof hook !== 'string') return [];
    if (IPTABLES.has(String(table)) && String(name) === hook.toUpperCase()) return [];
    const chains = new Map<string, IptablesChain>();
    for (const other of heads) {
      if (other['family'] !== own || other['table'] !== table || typeof other['hook'] === 'string') continue;
      const label = String(other['name']);
      chains.set(label, chainOf(label, rules.get(placeOf(other, label)), undefined));
    }
    const top = hook.toUpperCase();
    chains.set(top, chainOf(top, rules.get(placeOf(head, name)), policy === 'drop' ? 'DROP' : 'ACCEPT'));
    return [
      { family: known, table: String(table), chain: String(name), hook, kind: kindOf(type, prio), chains },
    ];
  });
}

function chainOf(
  name: string,
  rules: readonly IptablesRule[] | undefined,
  policy: string | undefined,
): IptablesChain {
  return { name, policy, packets: 0, rules: rules ?? [] };
}

/** By its priority, as the kernel numbers them (NF_IP_PRI_RAW, NF_IP_PRI_MANGLE, NF_IP_PRI_NAT_DST). */
function kindOf(type: unknown, prio: unknown): NftBase['kind'] {
  if (type === 'nat') return 'nat';
  const number = Number(prio);
  if (number < -200) return 'raw';
  return number < -100 ? 'mangle' : 'filter';
}

function placeOf(entry: JsonObject, name: unknown): string {
  return `${entry['family']} ${entry['table']} ${name}`;
}

/** They do something, and let the packet go on. */
const NO_CONDITION = new Set(['counter', 'log', 'mangle', 'notrack', 'ct helper', 'ct timeout']);

/** What a rule asks, and does. */
type Parts = Pick<IptablesRule, 'matches' | 'target' | 'isGoto' | 'targetWords'>;

/** The rule as rules of iptables; none where it is about packets of the other family. */
function rulesOf(rule: JsonObject, family: 'ip' | 'ip6', sets: NftSets): IptablesRule[] {
  const expressions = expressionsOf(rule);
  const scope: SetScope = { sets, place: `${rule['family']} ${rule['table']}` };
  const counter = object(expressions.find((e) => 'counter' in e)?.['counter']);
  const packets = Number(counter?.['packets'] ?? 0);
  const words = expressions.filter((e) => !('counter' in e)).map(expressionText);
  const comment = typeof rule['comment'] === 'string' ? [`comment "${rule['comment']}"`] : [];
  const text = `table ${rule['family']} ${rule['table']} chain ${rule['chain']}: ${[...words, ...comment].join(' ')} # handle ${rule['handle']}`;
  let all: Parts[] = [{ matches: [], target: '', isGoto: false, targetWords: [] }];
  for (const expression of expressions) {
    const more = partsOf(expression, family, scope);
    all = all.flatMap((one) =>
      one.target !== ''
        ? [one]
        : more.map((other) => ({ ...other, matches: [...one.matches, ...other.matches] })),
    );
  }
  return all.map((one) => ({
    ...one,
    packets,
    text,
    ...(counter === undefined ? { isUncounted: true } : {}),
  }));
}

const plain = (matches: readonly IptablesMatch[]): Parts => ({
  matches,
  target: '',
  isGoto: false,
  targetWords: [],
});
const unknown = (what: string): IptablesMatch => ({ option: `nft ${what}`, values: [], negated: false });

/** The ways in which an expression may hold; none: it cannot, of packets of this family. */
function partsOf(expression: JsonObject, family: 'ip' | 'ip6', scope: SetScope): Parts[] {
  const [[kind = '', value] = []] = Object.entries(expression);
  if (NO_CONDITION.has(kind)) return [plain([])];
  if (kind === 'match') {
    const { left, right, op } = object(value) ?? {};
    const matches = matchOf(left, right, op === '!=', family, scope);
    return matches === undefined ? [] : [plain(matches)];
  }
  if (kind === 'vmap') {
    const { key, data } = object(value) ?? {};
    const pairs = elementsOf(data, scope);
    if (pairs === undefined) return [{ ...plain([unknown(kind)]), target: 'QUEUE' }];
    return pairs.flatMap((pair): Parts[] => {
      const [element, verdict] = Array.isArray(pair) ? pair : [];
      const matches = matchOf(key, element, false, family, scope);
      const parts = object(verdict) && verdictOf(object(verdict) ?? {});
      return matches === undefined || !parts ? [] : [{ ...parts, matches }];
    });
  }
  const verdict = verdictOf(expression);
  return [verdict ?? plain([unknown(kind)])];
}

function verdictOf(expression: JsonObject): Parts | undefined {
  const [[kind = '', value] = []] = Object.entries(expression);
  const { target, addr, port } = object(value) ?? {};
  const to = (name: string, ...targetWords: readonly string[]): Parts => ({
    ...plain([]),
    target: name,
    targetWords,
  });
  switch (kind) {
    case 'jump':
    case 'goto':
      return { ...to(String(target)), isGoto: kind === 'goto' };
    case 'accept':
    case 'drop':
    case 'reject':
    case 'return':
    case 'masquerade':
    case 'redirect':
    case 'snat':
      return to(kind.toUpperCase());
    case 'dnat':
      return typeof addr === 'string'
        ? to('DNAT', '--to-destination', port === undefined ? addr : socketAddress(addr, String(port)))
        : to('DNAT');
    case 'queue':
    case 'fwd':
    case 'tproxy':
    case 'synproxy':
    case 'xt':
      return to('QUEUE');
    default:
      return undefined;
  }
}

/** What iptables has an option for, and a `RuleMatch` no field. */
const KEYS: Readonly<Record<string, string>> = {
  'meta iifname': '-i',
  'meta iif': '-i',
  'meta oifname': '-o',
  'meta oif': '-o',
  'meta mark': '--mark',
  'ct direction': '--ctdir',
  'ct proto-dst': '--ctorigdstport',
  'fib type daddr': '--dst-type',
};
const OPTIONS: Readonly<Record<MatchField, string>> = {
  protocol: '-p',
  saddr: '-s',
  daddr: '-d',
  sport: '--sport',
  dport: '--dport',
  ctstate: '--ctstate',
};
/** iptables has them in capitals. */
const IN_CAPITALS = new Set(['--ctstate', '--ctdir', '--dst-type']);

/** Empty where nothing is asked; `undefined`: it never holds of packets of this family. */
function matchOf(
  left: unknown,
  right: unknown,
  negated: boolean,
  family: 'ip' | 'ip6',
  scope: SetScope,
): IptablesMatch[] | undefined {
  const key = keyText(left);
  if (key.startsWith(family === 'ip' ? 'ip6 ' : 'ip ')) return undefined;
  const values = valuesOf(elementsOf(right, scope) ?? right);
  if (key === 'meta nfproto') {
    const isOwn = values?.includes(family === 'ip' ? 'ipv4' : 'ipv6') === true;
    return isOwn === negated ? undefined : [];
  }
  const protocol = impliedBy(key);
  const ofProtocol: IptablesMatch[] =
    protocol === undefined ? [] : [{ option: '-p', values: [protocol], negated: false }];
  const field = fieldOf(key);
  const option = KEYS[key] ?? (field && OPTIONS[field]);
  const words = option === undefined ? undefined : values?.map((value) => spelled(option, value));
  return option === undefined || words === undefined || words.length === 0 || !words.every(isKnown)
    ? [...ofProtocol, unknown(key)]
    : [...ofProtocol, { option, values: option.startsWith('--') ? [words.join(',')] : words, negated }];
}

const isKnown = (word: string | undefined): word is string => word !== undefined;

/** As iptables writes it; `undefined`: it has no word for that. */
function spelled(option: string, value: string): string | undefined {
  switch (option) {
    case '-i':
    case '-o':
      return value.replace(/\*$/, '+');
    case '-s':
    case '-d':
      // Of addresses nothing here knows ranges.
      return value.includes('-') ? undefined : value;
    case '--sport':
    case '--dport':
      return value.replace('-', ':');
    default:
      return IN_CAPITALS.has(option) ? value.toUpperCase() : value;
  }
}
