/** A watch with all that one may have. */
import type { Outage, Watch, WatchedDestination } from '../../../src/model/watch.ts';
import { finding } from './build.ts';

const STARTED = Date.parse('2026-01-02T03:04:05.000Z');
const STEPS = 180;

const iso = (second: number): string => new Date(STARTED + second * 1000).toISOString();

/** Answered all the time, but for the steps from `lost[0]` to before `lost[1]`. */
function watched(
  destination: string,
  ms: number,
  lost: readonly [number, number] = [0, 0],
): WatchedDestination {
  const [from, to] = lost;
  const missed = to - from;
  const answered = STEPS - missed;
  return {
    destination,
    host: '198.51.100.7',
    port: 5432,
    probe: 'tcp',
    sent: STEPS,
    missed,
    rtt: { min: ms, p50: ms * 1.2, p90: ms * 1.6, p99: ms * 2, max: ms * 9 },
    histogram: [
      { le: ms * 1.5, count: answered - 10 },
      { le: ms * 9, count: answered },
    ],
    rttSum: answered * ms,
    series: Array.from({ length: STEPS }, (_, at) =>
      at >= from && at < to
        ? { sent: 1, missed: 1 }
        : {
            sent: 1,
            missed: 0,
            min: ms,
            median: ms * (1.2 + (at % 7) / 20),
            max: ms * (at % 30 === 9 ? 9 : 2),
          },
    ),
  };
}

export function outageOf(number: number, destination: string, from: number, to: number | undefined): Outage {
  const lastsMs = ((to ?? STEPS) - from) * 1000;
  return {
    number,
    destination,
    from: iso(from),
    lastAnswer: iso(from - 1),
    ...(to === undefined ? {} : { to: iso(to) }),
    durationMs: lastsMs,
    missed: lastsMs / 1000,
    evidence: {
      reason: 'silent',
      error: 'Connection timed out',
      address: '198.51.100.7',
      tries: 2,
      icmp: { sender: '198.51.100.1', type: 3, code: 1 },
      route: { device: 'eth0', gateway: '198.51.100.1' },
      neighbour: { address: '198.51.100.1', state: 'REACHABLE', mac: '02:00:00:00:00:01' },
      link: { up: true, carrier: true },
      dns: { server: '198.51.100.53', name: 'db.shop', answer: 'NOERROR' },
      counters: { TcpExtTCPTimeouts: 2 },
      conntrack: { count: 12, max: 65536 },
      seen: { out: 2, in: 0, arp: 0 },
    },
    findings: [finding('NT-FW-001', 'critical', { subject: destination })],
    diagnosis: {
      at: iso(from + 1),
      verdict: 'fail',
      findings: [
        finding('NT-FW-006', 'critical', { subject: destination }),
        finding('NT-FW-001', 'critical'),
      ],
      late: false,
      bundle: 'outage-1.json',
    },
    pcap: 'outage-1.pcap',
    packets: 42,
  };
}

/** Three minutes of three destinations; one was away for three seconds, and is away at the end. */
export const watch: Watch = {
  apiVersion: 'nettools/v1',
  kind: 'Watch',
  tool: { version: '1.2.3' },
  target: { kind: 'pod', namespace: 'shop', name: 'web-0', node: 'n1', address: '198.51.100.9' },
  startedAt: iso(0),
  durationMs: STEPS * 1000,
  intervalMs: 1000,
  ended: 'over',
  stepMs: 1000,
  verdict: 'fail',
  destinations: [
    watched('svc/db:5432', 0.4, [60, 63]),
    watched('svc/db:5432 → db-0', 0.3),
    { ...watched('cache:6379', 12, [170, 180]), probe: 'icmp' },
    {
      ...watched('nowhere', 1),
      sent: 0,
      missed: 0,
      rtt: undefined as never,
      histogram: [],
      rttSum: 0,
      series: [{ sent: 0, missed: 0 }],
      unmeasured: 'the image has no ping',
    },
  ],
  gaps: [],
  outages: [
    outageOf(1, 'svc/db:5432', 60, 63),
    {
      ...outageOf(2, 'cache:6379', 170, undefined),
      findings: [],
      diagnosis: { at: iso(171), verdict: 'unknown', findings: [], late: true, failed: 'it took too long' },
    },
  ],
  events: [
    { at: iso(60), type: 'miss', destination: 'svc/db:5432', text: 'svc/db:5432: no answer', outage: 1 },
    { at: iso(63), type: 'recovery', destination: 'svc/db:5432', text: 'answers again', outage: 1 },
    { at: iso(180), type: 'end', text: 'the time is up' },
  ],
  folder: 'watch',
};

/** Nothing was seen at all. */
export const blindWatch: Watch = {
  ...watch,
  verdict: 'unknown',
  ended: 'lost',
  destinations: [],
  gaps: [],
  outages: [],
  events: [],
  durationMs: 0,
};

/** Every probe was answered. */
export const quietWatch: Watch = {
  ...watch,
  verdict: 'pass',
  destinations: [watched('svc/db:5432', 0.4)],
  gaps: [],
  outages: [],
  events: [],
};
