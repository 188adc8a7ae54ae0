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
  return matches.every((match) =>
    match.negated ? isOpen(match, fields) || mayBeNone(match, fields) : elementAt(match, fields) >= 0,
  );
}

/** Whether a packet is what all of the conditions ask for, as far as anybody can tell. */
export function holdsAll(matches: readonly RuleMatch[], fields: Fields): boolean {
  return matches.every(
    (match) => partsOf(match).every(({ field }) => isKnown(field, fields)) && fits([match], fields),
  );
}

/** Which of a condition's values the packet has, or may have: -1 for none. */
export function elementAt(match: RuleMatch, fields: Fields): number {
  const parts = partsOf(match);
  return match.values.findIndex((_, i) =>
    parts.every(({ field, values }) => {
      const actual = field === undefined ? undefined : fields[field];
      const value = values[i];
      // What is not known of the packet may be as the rule wants it.
      if (actual === undefined || value === undefined) return true;
      const some = typeof actual === 'object' ? actual : [String(actual)];
      return some.some((one) => holds(value, one));
    }),
  );
}

function partsOf({ field, values, and = [] }: RuleMatch): NonNullable<RuleMatch['and']> {
  return [{ field, values }, ...and];
}

function isKnown(field: RuleMatch['field'] | undefined, fields: Fields): boolean {
  return field !== undefined && fields[field] !== undefined;
}

/** Of what the packet may be called, one name is in no element: it is enough for a negation that it may hold. */
function mayBeNone(match: RuleMatch, fields: Fields): boolean {
  const states = fields.ctstate ?? [];
  const ways = states.length < 2 ? [fields] : states.map((one) => ({ ...fields, ctstate: [one] }));
  return ways.some((way) => elementAt(match, way) < 0);
}

/** Nothing is known of a part that a negation speaks of, so that it may hold. */
function isOpen(match: RuleMatch, fields: Fields): boolean {
  return match.negated && partsOf(match).some(({ field }) => !isKnown(field, fields));
}

function holds(value: string, actual: string): boolean {
  if (value === actual) return true;
  const range = /^(\d+)-(\d+)$/.exec(value);
  if (range) return Number(actual) >= Number(range[1]) && Number(actual) <= Number(range[2]);
  // A bare number is not an address: "53" would be one of IPv6.
  if (!/[.:]/.test(value)) return false;
  const address = parsePrefix(actual);
  const [from, to] = value.split('-').map(parsePrefix);
  if (address === undefined || from === undefined) return false;
  if (to === undefined) return contains(from, address);
  return from.family === address.family && from.value <= address.value && address.value <= to.value;
}
