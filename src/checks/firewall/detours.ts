/** Rules of the target that lead what it sends to a port of its own, as those of a service mesh's sidecar do. Pure. */
import type { Detour } from '../../parsers/filter-rules.ts';
import { fits, holdsAll, outgoing, type Packet } from '../shared/packet.ts';
import type { Led } from '../shared/rule-hits.ts';

/**
 * The rule that took the probe. One that counts nothing did if it is all that decides; where more may decide, it is
 * named for what was answered only: then the destination is not known to have answered. A connection to the target itself
 * goes there anyway, unless a rule surely leads it to another port.
 * @param sent connections
 */
export function detourOf(
  all: readonly Led[],
  packet: Packet,
  { sent, isAnswered }: { readonly sent: number; readonly isAnswered: boolean },
): Led | undefined {
  const { address, source, port } = packet;
  if (/^(127\.|::1$)/.test(address)) return undefined;
  const otherFamily = address.includes(':') ? 'ip' : 'ip6';
  const sentPacket = outgoing(packet);
  return all.find(({ rule, packets }) => {
    if (!rule.isOfOutput || rule.family === otherFamily || !fits(rule.matches, sentPacket)) return false;
    if (rule.spared.some((matches) => holdsAll(matches, sentPacket))) return false;
    if (address === source && (!rule.isCertain || rule.port === '' || rule.port === String(port)))
      return false;
    return packets === undefined ? rule.isCertain || isAnswered : packets >= sent;
  });
}

/** `port 15001`. */
export function portText({ port }: Detour): string {
  return port === '' ? 'port of the same number' : `port ${port}`;
}
