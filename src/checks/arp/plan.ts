/** The commands of the arp check: what matters on the link is provoked and asked, and only then read. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import { snapshot } from '../shared/snapshots.ts';
import { nextHopProbe, wayProbes } from '../shared/way.ts';
import type { ArpInput } from './facts.ts';

export function planArp(input: ArpInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: [
      snapshot('status'),
      snapshot('addresses'),
      snapshot('neighbours', 'neighbours-before'),
      snapshot('neighbourTables', 'table-before'),
    ],
    probe: [
      ...input.destinations.flatMap((destination) => wayProbes(destination, scripts, true)),
      ...input.peers.map(({ id, address }) => nextHopProbe(id, address, scripts, true)),
      {
        id: 'duplicates',
        argv: ['sh', '-c', scripts.duplicates, 'duplicates'],
        timeoutSeconds: 6,
        display: ['arping', '-D', '-c', '2'],
      },
    ],
    after: [
      snapshot('neighbours'),
      snapshot('neighbourTables', 'table-after'),
      ...(input.isHost === true ? [snapshot('vxlans'), snapshot('forwarding'), snapshot('routes')] : []),
    ],
  };
}
