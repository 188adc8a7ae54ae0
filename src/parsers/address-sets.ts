/** Parses named sets of addresses, and the rules that let pass what is in them: nft's own, and ipset's. Pure. */

import { type Prefix, parsePrefix } from './ip-prefix.ts';
import { parseIptablesTables } from './iptables-tables.ts';
import { objectOf, objectsIn, parseJson, textOf } from './json.ts';

/** A set that rules ask for. */
export interface AddressSet {
  /** `table ip kube-router set KUBE-SRC-X`; `ipset KUBE-SRC-X`. */
  readonly text: string;
  readonly members: readonly Prefix[];
  /** As the tool shows them. */
  readonly shown: readonly string[];
}

/** A rule that lets pass, marks, or leads on what comes from addresses of a set. */
export interface SetRule {
  readonly set: AddressSet;
  /** Whose address has to be in it. */
  readonly side: 'source' | 'destination';
  readonly text: string;
}

/** What lets a packet on; what is dropped for being in a set is another story. */
const LETS_PASS: readonly string[] = ['accept', 'return', 'jump', 'goto', 'mangle', 'mark'];

/** Of `nft -j list ruleset`; empty when the text is not nft's JSON. */
export function parseNftSetRules(stdout: string): SetRule[] {
  const entries = objectsIn(objectOf(parseJson(stdout))['nftables']);
  const sets = new Map<string, AddressSet>();
  for (const entry of entries) {
    const set = objectOf(entry['set']);
    const place = `${textOf(set['family'])} ${textOf(set['table'])}`;
    const name = textOf(set['name']);
    if (name === undefined || !/addr/.test(JSON.stringify(set['type'] ?? ''))) continue;
    const shown = elementsOf(set['elem']);
    sets.set(`${place} ${name}`, {
      text: `table ${place} set ${name}`,
      members: shown.flatMap((one) => parsePrefix(one) ?? []),
      shown,
    });
  }
  return entries.flatMap((entry): SetRule[] => {
    const rule = objectOf(entry['rule']);
    const expressions = objectsIn(rule['expr']);
    if (!expressions.some((one) => LETS_PASS.some((verdict) => verdict in one))) return [];
    const place = `${textOf(rule['family'])} ${textOf(rule['table'])}`;
    const asked = expressions.flatMap((expression) => {
      const { op, left, right } = objectOf(expression['match']);
      const field = textOf(objectOf(objectOf(left)['payload'])['field']);
      const value = textOf(right);
      return value === undefined || op === '!=' || (field !== 'saddr' && field !== 'daddr')
        ? []
        : [{ field, value }];
    });
    const words = asked.map(({ field, value }) => `ip ${field} ${value}`).join(' ');
    const text = `table ${place} chain ${textOf(rule['chain'])}: ${words} … # handle ${String(rule['handle'])}`;
    return asked.flatMap(({ field, value }): SetRule[] => {
      const set = value.startsWith('@') ? sets.get(`${place} ${value.slice(1)}`) : undefined;
      return set === undefined ? [] : [{ set, side: field === 'saddr' ? 'source' : 'destination', text }];
    });
  });
}

/** Single addresses, prefixes and ranges as text; what else there may be is left out. */
function elementsOf(elements: unknown): string[] {
  if (!Array.isArray(elements)) return [];
  return elements.flatMap((one: unknown): string[] => {
    if (typeof one === 'string') return [one];
    const element = objectOf(one);
    const prefix = objectOf(element['prefix']);
    if (prefix['addr'] !== undefined) return [`${String(prefix['addr'])}/${String(prefix['len'])}`];
    const value = objectOf(element['elem'])['val'];
    return value === undefined ? [] : elementsOf([value]);
  });
}

/** @param save of `ipset save`; @param rules of `iptables-save -c` */
export function parseIpsetRules(save: string, rules = ''): SetRule[] {
  const sets = new Map<string, { readonly text: string; readonly shown: string[] }>();
  for (const line of save.split('\n')) {
    const [verb, name = '', member = ''] = line.split(' ');
    if (verb === 'create') sets.set(name, { text: `ipset ${name}`, shown: [] });
    // Of an address with a port or a second one, the first decides who it is.
    if (verb === 'add') sets.get(name)?.shown.push(member.split(',')[0] ?? '');
  }
  const chains = [...parseIptablesTables(rules)].flatMap(([, table]) => [...table.values()]);
  return chains.flatMap((chain) =>
    chain.rules.flatMap(({ matches, target, text }) => {
      if (target === 'DROP' || target === 'REJECT' || target === '') return [];
      return matches.flatMap(({ option, values, negated }): SetRule[] => {
        const [name = '', sides = ''] = values;
        const set = option === '--match-set' && !negated ? sets.get(name) : undefined;
        const side = sides.startsWith('src') ? 'source' : 'destination';
        if (set === undefined) return [];
        const members = set.shown.flatMap((one) => parsePrefix(one) ?? []);
        return [{ set: { ...set, members }, side, text: `iptables ${text}` }];
      });
    }),
  );
}
