/** The commands of the latency check: a snapshot, the probes to all destinations at once, a snapshot. Pure. */
import type { ProbeScripts, StagedPlan } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import { httpProbe } from '../shared/http-probe.ts';
import { SNAPSHOTS } from '../shared/snapshots.ts';
import { strayCapture } from '../shared/stray-answers.ts';
import { isVirtual, nextHopProbe } from '../shared/way.ts';
import type { LatencyInput } from './facts.ts';
import { http2Probes } from './plain-http2.ts';
import { restProbes } from './resting.ts';

/** What is silent is tried three times: for 3.5 s, and for 1.5 s each (tcp-connect.bash one after the other). */
const GRACE_SECONDS = 6;
/** A neighbour that is silent becomes an error after three requests, one a second (kernel: mcast_solicit). */
const NEIGHBOUR_SECONDS = 3;
const SNAPSHOT_LIMIT_SECONDS = 5;
/** So many ways tell whether what goes through the gateway is lost there. */
const WAYS = 3;
/** How long tasks waited for a CPU, and the time at which that was read. */
const CPU_FILES = ['/proc/pressure/cpu', '/proc/uptime'];

export function planLatency(input: LatencyInput, scripts: ProbeScripts): StagedPlan {
  const seconds = Math.ceil((input.count * input.intervalMs) / 1000) + GRACE_SECONDS;
  const half = ((input.count * input.intervalMs) / 2000).toFixed(1);
  return {
    before: [
      snapshot('status', ['cat', '/proc/self/status']),
      snapshot('counters-before', ['cat', '/proc/net/snmp', '/proc/net/netstat']),
      snapshot('cpu-before', ['cat', ...CPU_FILES]),
      snapshot('ecn', SNAPSHOTS.ecn),
    ],
    probe: [
      ...(Object.keys(input.led ?? {}).length === 0 ? [] : [strayCapture]),
      ...input.destinations.flatMap((destination) => probes(destination, input, scripts, seconds)),
      ...ways(input.destinations, scripts),
      sampled('sockets', half, seconds, ['ss', '-tinH']),
      sampled('qdiscs', half, seconds, ['tc', '-j', '-s', 'qdisc', 'show']),
    ],
    after: [
      snapshot('counters-after', ['cat', '/proc/net/snmp', '/proc/net/netstat']),
      snapshot('cpu', ['cat', ...CPU_FILES]),
    ],
  };
}

function snapshot(id: string, argv: readonly string[]): ProbeCommand {
  return { id, argv, timeoutSeconds: SNAPSHOT_LIMIT_SECONDS };
}

/** By which next hop some destinations are reached. */
function ways(destinations: readonly Destination[], scripts: ProbeScripts): ProbeCommand[] {
  const others = destinations.filter(({ role }) => role !== 'gateway');
  if (others.length === destinations.length) return [];
  return others.slice(0, WAYS).map(({ id, host }) => nextHopProbe(id, host, scripts, false));
}

/** Queues and round trips are worth looking at while there is traffic: in the middle of the probes. */
function sampled(id: string, afterSeconds: string, limit: number, argv: readonly string[]): ProbeCommand {
  return {
    id,
    argv: ['sh', '-c', 'sleep "$1"; shift; exec "$@"', 'nettools-sample', afterSeconds, ...argv],
    timeoutSeconds: limit,
    display: argv,
  };
}

function probes(
  destination: Destination,
  input: LatencyInput,
  scripts: ProbeScripts,
  seconds: number,
): ProbeCommand[] {
  const { id, host, port, url } = destination;
  const { count, intervalMs, enoughConnects } = input;
  const pace = (intervalMs / 1000).toString();
  const deadline = seconds - GRACE_SECONDS + NEIGHBOUR_SECONDS;
  return [
    ...(isVirtual(destination)
      ? []
      : [
          {
            id: `${id}-icmp`,
            argv: [
              'sh',
              '-c',
              scripts.ping,
              'ping',
              host,
              String(count),
              String(intervalMs),
              String(deadline),
            ],
            timeoutSeconds: seconds,
            display: ['ping', '-n', '-c', String(count), '-i', pace, host],
          },
        ]),
    {
      id: `${id}-tcp`,
      argv: [
        'bash',
        '-c',
        scripts.tcpConnect,
        'tcp-connect',
        host,
        port,
        String(count),
        String(intervalMs),
        String((seconds - 1) * 1000),
        ...(enoughConnects === undefined ? [] : [String(enoughConnects)]),
      ],
      timeoutSeconds: seconds,
      display: ['tcp-connect', host, port, String(count)],
    },
    ...(url === undefined ? [] : [httpProbe(`${id}-http`, url)]),
    ...http2Probes(destination, input.http2?.[id], scripts),
    ...restProbes(destination, input.restMs, scripts),
  ];
}
