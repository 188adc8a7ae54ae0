/** Rules of the target that lead what it sends to a port of its own, as those of a service mesh's sidecar do. Pure. */
import type { Detour } from '../../parsers/filter-rules.ts';
import type { Grown } from '../shared/grown-rules.ts';
import { fits, outgoing, type Packet } from '../shared/packet.ts';

/** The rule that took the probe; a connection to the target itself goes there anyway. @param sent connections */
export function detourOf(
  all: readonly Grown<Detour>[],
  packet: Packet,
  sent: number,
): Grown<Detour> | undefined {
  const { address, source } = packet;
  if (/^(127\.|::1$)/.test(address) || address === source) return undefined;
  const otherFamily = address.includes(':') ? 'ip' : 'ip6';
  return all.find(
    ({ rule, packets }) =>
      packets >= sent &&
      rule.isOfOutput &&
      rule.family !== otherFamily &&
      fits(rule.matches, outgoing(packet)),
  );
}

/** `port 15001`. */
export function portText({ port }: Detour): string {
  return port === '' ? 'port of the same number' : `port ${port}`;
}
