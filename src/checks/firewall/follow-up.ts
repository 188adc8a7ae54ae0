/** What the firewall check asks once a destination on the target's own link is silent: who has its address. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Evidence, ProbeCommand } from '../../model/evidence.ts';
import { holderProbe } from '../shared/beside.ts';
import type { FirewallInput } from './facts.ts';
import { firewallFacts } from './gathered.ts';
import { holderId } from './holder.ts';

/** Each is a look into all namespaces. */
const MOST = 2;

export function followFirewall(
  evidence: Evidence,
  input: FirewallInput,
  scripts: ProbeScripts,
): ProbeCommand[] {
  if (input.isOnThisMachine !== true) return [];
  const silent = firewallFacts(evidence, input).paths.flatMap(
    ({ cause, hop, neighbour, address, destination, hits, suspects }) => {
      const mac = neighbour?.mac;
      // Of a gateway the MAC address says nothing of who has the address. A rule of the target's own is met first.
      const isNext =
        hop?.viaGateway === false && !address.includes(':') && hits.length === 0 && suspects.length === 0;
      return cause.kind === 'dropped' && isNext && mac !== undefined ? [{ destination, address, mac }] : [];
    },
  );
  return silent
    .slice(0, MOST)
    .map(({ destination, address, mac }) => holderProbe(holderId(destination), address, mac, scripts));
}
