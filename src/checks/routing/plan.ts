/** The commands of the routing check: tables and counters, a few probes to all destinations at once, counters. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import { ANSWER_FILTERS } from '../shared/answer-ways.ts';
import { oddSockets, snapshot } from '../shared/snapshots.ts';
import { firstEcho, wayProbes } from '../shared/way.ts';
import type { RoutingInput } from './facts.ts';

/** No input is in it: the shell is there for the names of the interfaces. */
const OF_INTERFACES = [
  'sh',
  '-c',
  // Without IPv6 there are no files of it.
  'grep -sH . /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv4/conf/*/src_valid_mark /proc/sys/net/ipv4/conf/*/proxy_arp /proc/sys/net/ipv6/conf/*/accept_ra /proc/sys/net/ipv6/conf/*/forwarding',
] as const;
const FORWARDING = ['sh', '-c', 'grep -H . /proc/sys/net/ipv[46]/conf/*/forwarding'] as const;

const BRIDGE_CALLS = ['sh', '-c', 'grep -H . /proc/sys/net/bridge/bridge-nf-call-ip*tables'] as const;

/** What makes a node a router of its pods. */
const OF_HOST: StagedPlan['before'] = [
  { id: 'forwarding', argv: FORWARDING, timeoutSeconds: 5 },
  { id: 'bridge-calls', argv: BRIDGE_CALLS, timeoutSeconds: 5 },
  snapshot('iptables'),
  snapshot('iptablesLegacy', 'iptables-legacy'),
];

export function planRouting(input: RoutingInput, scripts: ProbeScripts): StagedPlan {
  return {
    before: [
      snapshot('counters', 'counters-before'),
      snapshot('addresses'),
      snapshot('routes'),
      snapshot('rules'),
      snapshot('rules6'),
      { id: 'rp-filter', argv: OF_INTERFACES, timeoutSeconds: 5 },
      ...(input.pod.hostNetwork ? [...OF_HOST, snapshot('neighbours', 'neighbours-before')] : []),
    ],
    probe: [
      ...input.destinations.filter(({ role }) => role === 'asked').flatMap((one) => firstEcho(one, scripts)),
      ...input.destinations.flatMap((destination) => wayProbes(destination, scripts, false)),
    ],
    after: [
      snapshot('counters', 'counters-after'),
      ...(input.pod.hostNetwork ? [snapshot('neighbours'), oddSockets(scripts)] : []),
      ...(input.probed === undefined ? [] : ANSWER_FILTERS),
    ],
  };
}
