/** The commands of the firewall check: counters before, one connection to each destination, counters after. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import { icmpCapture } from '../shared/capture.ts';
import { isLedOn } from '../shared/led-on.ts';
import { reachProbe, socketsProbe } from '../shared/reach-probe.ts';
import { snapshot } from '../shared/snapshots.ts';
import { strayCapture } from '../shared/stray-answers.ts';
import type { FirewallInput } from './facts.ts';
import { greetingProbes } from './greetings.ts';
import { hostsFile, loopbackProbes, ownListeners } from './loopback.ts';
import { otherWaysProbes } from './other-ways.ts';
import { unboundProbes } from './unbound.ts';

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
      snapshot('ip6tables', 'iptables6-before'),
      snapshot('ip6tablesLegacy', 'legacy6-before'),
      snapshot('rules'),
      snapshot('rules6'),
      snapshot('routes'),
      snapshot('transparent'),
      snapshot('conntrack', 'conntrack-before'),
      snapshot('ecn'),
      ...hostsFile(input.destinations),
      ...ownListeners(input),
    ],
    probe: [
      icmpCapture,
      ...(Object.values(input.published ?? {}).some(isLedOn) ? [strayCapture] : []),
      socketsProbe,
      ...input.destinations.map((d) => reachProbe(d, scripts, !d.anyPort)),
      ...loopbackProbes(input.destinations, scripts),
      ...behindHostPorts(input, scripts),
      ...unboundProbes(input, scripts),
    ],
    after: [
      snapshot('counters', 'counters-after'),
      snapshot('counters6', 'counters6-after'),
      snapshot('neighbourTables', 'table-after'),
      snapshot('neighbours'),
      snapshot('nft', 'nft-after'),
      snapshot('iptables', 'iptables-after'),
      snapshot('iptablesLegacy', 'legacy-after'),
      snapshot('ip6tables', 'iptables6-after'),
      snapshot('ip6tablesLegacy', 'legacy6-after'),
      snapshot('ipsets'),
      snapshot('conntrack', 'conntrack-after'),
      // They take room and time, and the sockets of the probes have to be looked at while these wait.
      ...otherWaysProbes(input.destinations, input.uplinks, scripts),
      ...greetingProbes(input.destinations, input.greets, scripts),
    ],
  };
}

/** The id of the connection to the pod itself. */
export function behindId({ id }: Pick<Destination, 'id'>): string {
  return `${id}-pod`;
}

/** Of a hostPort, the pod's own address is tried too: which of both fails tells why. */
function behindHostPorts({ destinations, hostPorts }: FirewallInput, scripts: ProbeScripts): ProbeCommand[] {
  return destinations.flatMap((destination) => {
    const behind = hostPorts?.[destination.id];
    if (behind === undefined || destination.protocol !== 'tcp') return [];
    const { address: host, port } = behind;
    return [
      reachProbe({ id: behindId(destination), host, port: String(port), protocol: 'tcp' }, scripts, false),
    ];
  });
}
