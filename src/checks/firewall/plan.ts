/** The commands of the firewall check: counters before, one connection to each destination, counters after. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import { icmpCapture } from '../shared/capture.ts';
import { reachProbe, socketsProbe } from '../shared/reach-probe.ts';
import { snapshot } from '../shared/snapshots.ts';
import type { FirewallInput } from './facts.ts';
import { hostsFile, loopbackProbes, ownListeners } from './loopback.ts';

export function planFirewall(input: FirewallInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: [
      snapshot('status'),
      snapshot('counters', 'counters-before'),
      snapshot('counters6', 'counters6-before'),
      snapshot('neighbourTables', 'table-before'),
      snapshot('nft', 'nft-before'),
      snapshot('iptables', 'iptables-before'),
      snapshot('iptablesLegacy', 'legacy-before'),
      snapshot('ip6tablesLegacy', 'legacy6-before'),
      snapshot('conntrack', 'conntrack-before'),
      ...hostsFile(input.destinations),
      ...ownListeners(input),
    ],
    probe: [
      icmpCapture,
      socketsProbe,
      ...input.destinations.map((d) => reachProbe(d, scripts, !d.anyPort)),
      ...loopbackProbes(input.destinations, scripts),
    ],
    after: [
      snapshot('counters', 'counters-after'),
      snapshot('counters6', 'counters6-after'),
      snapshot('neighbourTables', 'table-after'),
      snapshot('neighbours'),
      snapshot('nft', 'nft-after'),
      snapshot('iptables', 'iptables-after'),
      snapshot('iptablesLegacy', 'legacy-after'),
      snapshot('ip6tablesLegacy', 'legacy6-after'),
      snapshot('conntrack', 'conntrack-after'),
    ],
  };
}
