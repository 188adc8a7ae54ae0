/** By which element of a named set a rule holds for a packet: of nft's sets and maps, and of ipset's. Pure. */
import type { Evidence } from '../../model/evidence.ts';
import type { FilterRule, RuleMatch } from '../../parsers/filter-rules.ts';
import { type IpSet, parseIpsets } from '../../parsers/ipset.ts';
import { read } from './measured.ts';
import { elementAt, type Fields, fits } from './packet.ts';

/** Sets of ipset by their names; empty where they could not be read. */
export type IpSets = ReadonlyMap<string, IpSet>;

/** Of what could not be read there are none. */
export function ipsetsOf(evidence: Evidence): IpSets {
  return read(evidence['ipsets'], 'ipset', parseIpsets).value ?? new Map<string, IpSet>();
}

/** The rule, its text with the element, and with what takes that away. */
export function withElement(rule: FilterRule, fields: Fields, sets: IpSets): FilterRule {
  return rule.source === 'nft' ? ofNft(rule, fields) : ofIpset(rule, fields, sets);
}

function ofNft(rule: FilterRule, fields: Fields): FilterRule {
  const match = rule.matches.find(({ set }) => set !== undefined);
  if (match?.set === undefined) return rule;
  const { name, elements } = match.set;
  const element = match.negated ? undefined : elements[elementAt(match, fields)];
  const note = element === undefined ? `[no element of ${name}]` : `[element ${element} of ${name}]`;
  const text = rule.text.replace(/(?= # handle \d+$)/, () => ` ${note}`);
  if (element === undefined) return match.negated ? { ...rule, text } : rule;
  const { family, table } = rule;
  const elementRemoval = ['nft', 'delete', 'element', family, table, name, `{ ${element} }`];
  return { ...rule, text, elementRemoval };
}

function ofIpset(rule: FilterRule, fields: Fields, sets: IpSets): FilterRule {
  const [, not, name = '', sides = ''] = /(! )?--match-set (\S+) (\S+)/.exec(rule.text) ?? [];
  // What is in no set, its own words say.
  const found = not === undefined ? memberOf(name, sides.split(','), fields, sets) : undefined;
  if (found === undefined) return rule;
  return {
    ...rule,
    text: `${rule.text} [member ${found.member} of ipset ${found.name}]`,
    elementRemoval: ['ipset', 'del', found.name, found.member],
  };
}

/** Sets of sets hold no sets of sets (ipset(8), list:set). */
const MAX_DEPTH = 2;

function memberOf(
  name: string,
  sides: readonly string[],
  fields: Fields,
  sets: IpSets,
  depth = 0,
): { readonly name: string; readonly member: string } | undefined {
  const set = sets.get(name);
  if (set === undefined || depth >= MAX_DEPTH) return undefined;
  if (set.type === 'list:set')
    return set.members
      .map((member) => memberOf(member, sides, fields, sets, depth + 1))
      .find((one) => one !== undefined);
  const kinds = set.type.split(':')[1]?.split(',') ?? [];
  const member = set.members.find((one) => {
    const parts = one.split(',');
    return (
      parts.length === kinds.length &&
      fits(
        parts.flatMap((part, i) => matchesOf(part, kinds[i] ?? '', sides[i] ?? sides[0] ?? 'src')),
        fields,
      )
    );
  });
  return member === undefined ? undefined : { name, member };
}

/** What a part of a member asks for. */
function matchesOf(part: string, kind: string, side: string): RuleMatch[] {
  const isSource = side === 'src';
  if (kind === 'ip' || kind === 'net')
    return [{ field: isSource ? 'saddr' : 'daddr', values: [part], negated: false }];
  if (kind !== 'port') return [];
  const [protocol, port = ''] = part.includes(':') ? part.split(':') : [undefined, part];
  return [
    { field: isSource ? 'sport' : 'dport', values: [port], negated: false },
    ...(protocol === undefined ? [] : [{ field: 'protocol', values: [protocol], negated: false } as const]),
  ];
}
