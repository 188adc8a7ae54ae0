/** The commands of the latency check: a snapshot, the probes to all destinations at once, a snapshot. Pure. */
import type { ProbeCommand, ProbePlan } from '../../model/evidence.ts';
import { CURL_FORMAT } from '../../parsers/curl.ts';
import type { Destination } from './facts.ts';

/** How to probe. */
export interface LatencyOptions {
  readonly count: number;
  readonly intervalMs: number;
  /** The texts of the probes' scripts, which carry no part of the user's input. */
  readonly scripts: { readonly ping: string; readonly tcpConnect: string };
}

/** A last answer may take this much longer than the last probe. */
const GRACE_SECONDS = 4;
const HTTP_LIMIT_SECONDS = 10;
const SNAPSHOT_LIMIT_SECONDS = 5;

/** How long the probes of a run may take, in seconds. */
export function probeLimitSeconds(options: { readonly count: number; readonly intervalMs: number }): number {
  return Math.ceil((options.count * options.intervalMs) / 1000) + GRACE_SECONDS;
}

export function planLatency(destinations: readonly Destination[], options: LatencyOptions): ProbePlan {
  const seconds = probeLimitSeconds(options);
  const half = ((options.count * options.intervalMs) / 2000).toFixed(1);
  return {
    phases: [
      [
        command('status', ['cat', '/proc/self/status']),
        command('counters-before', ['cat', '/proc/net/snmp', '/proc/net/netstat']),
      ],
      [
        ...destinations.flatMap((destination) => probes(destination, options, seconds)),
        sampled('sockets', half, seconds, ['ss', '-tinH']),
        sampled('qdiscs', half, seconds, ['tc', '-j', '-s', 'qdisc', 'show']),
      ],
      [command('counters-after', ['cat', '/proc/net/snmp', '/proc/net/netstat'])],
    ],
  };
}

function command(id: string, argv: readonly string[]): ProbeCommand {
  return { id, argv, timeoutSeconds: SNAPSHOT_LIMIT_SECONDS };
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

function probes(destination: Destination, options: LatencyOptions, seconds: number): ProbeCommand[] {
  const { id, host, port, url } = destination;
  const { count, intervalMs, scripts } = options;
  const pace = (intervalMs / 1000).toString();
  return [
    {
      id: `${id}-icmp`,
      argv: ['sh', '-c', scripts.ping, 'ping', host, String(count), String(intervalMs), String(seconds - 1)],
      timeoutSeconds: seconds,
      display: ['ping', '-n', '-c', String(count), '-i', pace, host],
    },
    {
      id: `${id}-tcp`,
      argv: ['bash', '-c', scripts.tcpConnect, 'tcp-connect', host, port, String(count), String(intervalMs), String((seconds - 1) * 1000)],
      timeoutSeconds: seconds,
      display: ['tcp-connect', host, port, String(count)],
    },
    ...(url === undefined
      ? []
      : [
          {
            id: `${id}-http`,
            // Timing needs no trust in the certificate; the proxy of the pod's environment is not the path to measure.
            argv: [
              'curl', '-sS', '-g', '-k', '-o', '/dev/null', '--noproxy', '*',
              '--max-time', String(HTTP_LIMIT_SECONDS), '-w', CURL_FORMAT, '--', url,
            ],
            timeoutSeconds: HTTP_LIMIT_SECONDS + 1,
          },
        ]),
  ];
}
