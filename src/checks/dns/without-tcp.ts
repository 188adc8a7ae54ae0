/** Name servers of container engines that do not listen on TCP 53. Pure. */
import { sameAddress } from '../../parsers/ip-prefix.ts';
import type { DnsFacts, ServerFacts } from './facts.ts';
import { isEngines, portHolder } from './port-holder.ts';

/**
 * Podman's own before aardvark-dns 1.12: over UDP it answers all, no answer is truncated, and TCP is refused. It is known by
 * the program that has the port, or, where that cannot be seen, by the address of the gateway of a container's network.
 */
export function isWithoutTcp({ address, udp, tcp }: ServerFacts, facts: DnsFacts): boolean {
  if (udp.reach !== 'answers' || tcp.reach !== 'refused') return false;
  if (udp.queries.some(({ outcome, truncated }) => outcome !== 'answered' || truncated)) return false;
  const holder = portHolder(facts, address);
  const isGateway = facts.input.docker?.gateways?.some((one) => sameAddress(one, address)) === true;
  return holder?.program === undefined ? isGateway : isEngines(holder);
}
