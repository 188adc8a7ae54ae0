/** A packet, and whether it is what the conditions of a rule ask for. Pure. */
import type { RuleMatch } from '../../parsers/filter-rules.ts';
import { contains, parsePrefix } from '../../parsers/ip-prefix.ts';

/** A packet of the probe, as far as it is known. */
export interface Packet {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly source: string | undefined;
}

/** As the target sends it. */
export function outgoing({ protocol, address, port, source }: Packet): Fields {
  return { protocol, daddr: address, dport: port, saddr: source, ctstate: ['new'] };
}

/** What answers it. */
export function incoming({ protocol, address, port, source }: Packet): Fields {
  return { protocol, saddr: address, sport: port, daddr: source, ctstate: ['established'] };
}

export interface Fields {
  readonly protocol: string;
  /** What connection tracking may call it. */
  readonly ctstate?: readonly string[] | undefined;
  readonly saddr?: string | undefined;
  readonly daddr?: string | undefined;
  readonly sport?: number | undefined;
  readonly dport?: number | undefined;
}

/** Whether a packet may be what all of a rule's conditions ask for. */
export function fits(matches: readonly RuleMatch[], fields: Fields): boolean {
  return matches.every((match) => {
    const actual = fields[match.field];
    // What is not known of the packet may be as the rule wants it.
    if (actual === undefined) return true;
    return isOneOf(match, actual);
  });
}

/** Whether a packet is what all of the conditions ask for, as far as anybody can tell. */
export function holdsAll(matches: readonly RuleMatch[], fields: Fields): boolean {
  return matches.every((match) => fields[match.field] !== undefined) && fits(matches, fields);
}

function isOneOf({ values, negated }: RuleMatch, actual: string | number | readonly string[]): boolean {
  const some = typeof actual === 'object' ? actual : [String(actual)];
  return some.some((one) => values.some((value) => holds(value, one)) !== negated);
}

function holds(value: string, actual: string): boolean {
  if (value === actual) return true;
  const range = /^(\d+)-(\d+)$/.exec(value);
  if (range) return Number(actual) >= Number(range[1]) && Number(actual) <= Number(range[2]);
  const prefix = parsePrefix(value);
  const address = parsePrefix(actual);
  // A bare number is not an address: "53" would be one of IPv6.
  if (!/[.:]/.test(value)) return false;
  return prefix !== undefined && address !== undefined && contains(prefix, address);
}
