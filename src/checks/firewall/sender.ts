/** Who sent an ICMP error, in words. Pure. */
import type { Reason } from '../../model/reason.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { tell } from '../shared/reason.ts';
import type { PathFacts } from './facts.ts';

export function senderText({ address, hop, unheard }: PathFacts, sender: string | undefined): string {
  if (sender === undefined)
    return `a host that could not be seen${unheard ? ` (${withoutAdvice(unheard)})` : ''}`;
  if (sameAddress(sender, address)) return `the destination itself (${sender})`;
  if (hop?.source !== undefined && sameAddress(sender, hop.source))
    return `the target's own firewall (${sender})`;
  if (hop?.viaGateway && sameAddress(sender, hop.neighbour)) return `the default gateway ${sender}`;
  return sender;
}

/** How to get the right is said once, for everything that could not be heard. */
function withoutAdvice(reason: Reason): string {
  return reason.code === 'no-right' ? reason.text : tell(reason);
}
