/** The commands of the interfaces check: counters, packets to all destinations at once, counters. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import { snapshot } from '../snapshots.ts';
import { isVirtual } from '../way.ts';
import type { InterfacesInput } from './facts.ts';

/** Enough packets for a share of one in a hundred to show, in a second and a half. */
const ECHOES = 60;
const INTERVAL_MS = 25;

export function planInterfaces(input: InterfacesInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: [snapshot('addresses'), snapshot('routes'), snapshot('links', 'links-before')],
    probe: input.destinations
      .filter((destination) => !isVirtual(destination))
      .map(({ id, host }) => ({
        id: `${id}-packets`,
        argv: ['sh', '-c', scripts.ping, 'ping', host, String(ECHOES), String(INTERVAL_MS), '2'],
        timeoutSeconds: 4,
        display: ['ping', '-n', '-c', String(ECHOES), host],
      })),
    after: [snapshot('links', 'links-after')],
  };
}
