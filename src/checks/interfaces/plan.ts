/** The commands of the interfaces check: counters, packets to all destinations at once, counters. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import { snapshot } from '../shared/snapshots.ts';
import { isVirtual } from '../shared/way.ts';
import type { InterfacesInput } from './facts.ts';

/** Enough packets for a share of one in a hundred to show, in a second. */
const ECHOES = 60;
const INTERVAL_MS = 16;

export function planInterfaces(input: InterfacesInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: [
      snapshot('addresses'),
      snapshot('routes'),
      snapshot('links', 'links-before'),
      ...host('before', input, scripts),
    ],
    probe: input.destinations
      .filter((destination) => !isVirtual(destination))
      .map(({ id, host }) => ({
        id: `${id}-packets`,
        argv: ['sh', '-c', scripts.ping, 'ping', host, String(ECHOES), String(INTERVAL_MS), '2'],
        timeoutSeconds: 4,
        display: ['ping', '-n', '-c', String(ECHOES), host],
      })),
    after: [snapshot('links', 'links-after'), ...host('after', input, scripts)],
  };
}

/** What only a machine has, whatever namespaces are on it: hardware and queues of its CPUs. */
function host(when: string, input: InterfacesInput, scripts: ProbeScripts): ProbeCommand[] {
  if (!input.hostNetwork) return [];
  return [
    snapshot('softnet', `softnet-${when}`),
    ...(when === 'after' ? [{ id: 'load', argv: ['cat', '/proc/loadavg'], timeoutSeconds: 5 }] : []),
    {
      id: `nics-${when}`,
      argv: ['sh', '-c', scripts.nicCounters, 'nic-counters'],
      timeoutSeconds: 5,
      display: ['ethtool', '-S'],
    },
  ];
}
