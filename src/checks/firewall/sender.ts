/** Who sent an ICMP error, in words. Pure. */
import { sameAddress } from '../../parsers/ip-prefix.ts';
import type { PathFacts } from './facts.ts';

export function senderText({ address, hop, unheard }: PathFacts, sender: string | undefined): string {
  // Of the reason, what comes before the advice.
  if (sender === undefined)
    return `a host that could not be seen${unheard ? ` (${unheard.replace(/: .*$/, '')})` : ''}`;
  if (sameAddress(sender, address)) return `the destination itself (${sender})`;
  if (hop?.source !== undefined && sameAddress(sender, hop.source))
    return `the target's own firewall (${sender})`;
  if (hop?.viaGateway && sameAddress(sender, hop.neighbour)) return `the default gateway ${sender}`;
  return sender;
}
