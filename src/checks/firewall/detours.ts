/** Rules of the target that lead what it sends to a port of its own, as those of a service mesh's sidecar do. Pure. */
import type { Detour, FilterRules } from '../../parsers/filter-rules.ts';
import { fits, type Packet } from './rule-hits.ts';

/** A rule that took the connection, for certain: its counter grew by as much as was sent. */
export interface TakenDetour {
  readonly rule: Detour;
  readonly packets: number;
}

/** What grew between two snapshots of one tool. */
export function grownDetours(before: FilterRules, after: FilterRules): TakenDetour[] {
  const past = new Map(before.detours.map((rule) => [rule.key, rule.packets]));
  return after.detours.flatMap((rule) => {
    const from = past.get(rule.key);
    return rule.packets === undefined || from === undefined || rule.packets <= from
      ? []
      : [{ rule, packets: rule.packets - from }];
  });
}

/** The rule that took the probe; a connection to the target itself goes there anyway. @param sent connections */
export function detourOf(
  all: readonly TakenDetour[],
  { protocol, address, port, source }: Packet,
  sent: number,
): TakenDetour | undefined {
  if (/^(127\.|::1$)/.test(address) || address === source) return undefined;
  const isV6 = address.includes(':');
  const packet = { protocol, daddr: address, dport: port, saddr: source, ctstate: ['new'] };
  return all.find(
    ({ rule, packets }) =>
      packets >= sent &&
      rule.isOfOutput &&
      (isV6 ? rule.family !== 'ip' : rule.family !== 'ip6') &&
      fits(rule.matches, packet),
  );
}

/** `port 15001`. */
export function portText({ rule: { port } }: TakenDetour): string {
  return port === '' ? 'port of the same number' : `port ${port}`;
}
