/** What the arp check asks once a gateway that nobody has by right is silent: the other end of the link. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Evidence, ProbeCommand } from '../../model/evidence.ts';
import { peerProbe } from '../shared/beside.ts';
import { isLinkLocal } from '../shared/link-local-gateway.ts';
import { type ArpInput, isSilentGateway, ownAddress, wasHeard } from './facts.ts';
import { arpFacts } from './gathered.ts';
import { otherEndId } from './other-end.ts';

export function followArp(evidence: Evidence, input: ArpInput, scripts: ProbeScripts): ProbeCommand[] {
  if (input.isOnThisMachine !== true) return [];
  const facts = arpFacts(evidence, input);
  // One link for each namespace that a network plugin makes.
  const hop = facts.hops.find((one) => isLinkLocal(one.address) && isSilentGateway(one) && !wasHeard(one));
  const own = hop && ownAddress(facts, hop);
  return hop === undefined || own === undefined
    ? []
    : [peerProbe(otherEndId(hop.device), [hop.device, hop.address, own], scripts)];
}
