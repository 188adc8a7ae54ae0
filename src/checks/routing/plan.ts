/** The commands of the routing check: tables and counters, a few probes to all destinations at once, counters. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import { snapshot } from '../shared/snapshots.ts';
import { firstEcho, wayProbes } from '../shared/way.ts';
import type { RoutingInput } from './facts.ts';

/** No input is in it: the shell is there for the names of the interfaces. */
const RP_FILTER = ['sh', '-c', 'grep -H . /proc/sys/net/ipv4/conf/*/rp_filter'] as const;
const FORWARDING = ['sh', '-c', 'grep -H . /proc/sys/net/ipv[46]/conf/*/forwarding'] as const;

export function planRouting(input: RoutingInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: [
      snapshot('counters', 'counters-before'),
      snapshot('addresses'),
      snapshot('routes'),
      snapshot('rules'),
      snapshot('rules6'),
      { id: 'rp-filter', argv: RP_FILTER, timeoutSeconds: 5 },
      ...(input.pod.hostNetwork ? [{ id: 'forwarding', argv: FORWARDING, timeoutSeconds: 5 }] : []),
      ...input.destinations.filter(({ role }) => role === 'asked').flatMap((one) => firstEcho(one, scripts)),
    ],
    probe: input.destinations.flatMap((destination) => wayProbes(destination, scripts, false)),
    after: [snapshot('counters', 'counters-after')],
  };
}
