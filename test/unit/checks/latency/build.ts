/** Facts of a healthy run, with what a test makes of them. */
import type { LatencyFacts, LatencyThresholds, PathFacts } from '../../../../src/checks/latency/facts.ts';
import { distribution } from '../../../../src/checks/shared/statistics.ts';
import type { Destination } from '../../../../src/model/destination.ts';
import type { ProbeResult } from '../../../../src/model/evidence.ts';
import type { HttpTiming } from '../../../../src/parsers/curl.ts';
import type { Counters } from '../../../../src/parsers/proc-net.ts';
import type { TcpSocket } from '../../../../src/parsers/ss.ts';
import type { ConnectTry } from '../../../../src/parsers/tcp-connect.ts';

/** What the flags say that nobody typed. */
export const thresholds: LatencyThresholds = {
  rttFactor: 3,
  rttFloorMs: 10,
  lossWarning: 0.01,
  lossCritical: 0.05,
  retransmitWarning: 0.01,
  retransmitCritical: 0.05,
  bufferbloatFactor: 5,
  slowServerMs: 1000,
};

export function result(id: string, stdout = '', rest: Partial<ProbeResult> = {}): ProbeResult {
  return {
    id,
    command: [id],
    status: 'exited',
    code: 0,
    durationMs: 100,
    stdout,
    stderr: '',
    truncated: false,
    ...rest,
  };
}

export function destination(rest: Partial<Destination> = {}): Destination {
  return {
    id: 'to0',
    label: 'svc/web',
    host: '192.0.2.9',
    port: '80',
    anyPort: false,
    role: 'asked',
    inCluster: true,
    protocol: 'tcp',
    ...rest,
  };
}

/** What was measured on the way to one destination. */
interface PathSpec {
  readonly destination?: Partial<Destination>;
  /** RTTs of the answered echo requests; none where ICMP could not be tried. */
  readonly icmp?: readonly number[] | 'skipped';
  /** Echo requests without an answer. */
  readonly lost?: number;
  /** How many of them in a row. */
  readonly gaps?: readonly number[];
  readonly tries?: readonly ConnectTry[] | 'skipped';
  readonly http?: HttpTiming;
}

export const connected = (ms: number): ConnectTry => ({ ms, outcome: 'connected' });
export const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

/** 100 echo requests of 1 ms and 100 connections of 1.2 ms, unless it is told otherwise. */
export function path(spec: PathSpec = {}): PathFacts {
  const to = destination(spec.destination);
  const icmp = spec.icmp ?? times(100, 1);
  const tries = spec.tries ?? times(100, connected(1.2));
  const rtts = icmp === 'skipped' ? [] : icmp;
  const answered = (tries === 'skipped' ? [] : tries).filter(
    (t) => t.outcome === 'connected' || t.outcome === 'refused',
  );
  return {
    destination: to,
    address: '192.0.2.9',
    port: to.port,
    icmp:
      icmp === 'skipped'
        ? { skipped: { code: 'no-tool', text: 'ping' } }
        : {
            value: {
              rtts,
              sent: rtts.length + (spec.lost ?? 0),
              received: rtts.length,
              gaps: spec.gaps ?? [],
              errors: [],
            },
          },
    tcp:
      tries === 'skipped'
        ? { skipped: { code: 'no-tool', text: 'bash' } }
        : { value: { address: '192.0.2.9', tries } },
    http: spec.http ? { value: spec.http } : undefined,
    rtts: { icmp: distribution(rtts), tcp: distribution(answered.map((t) => t.ms)) },
    results: {
      icmp: result('icmp'),
      tcp: result('tcp'),
      http: spec.http ? result('http', '200 0.001\n') : undefined,
    },
  };
}

interface FactsSpec {
  readonly paths?: readonly PathFacts[];
  /** How much each counter grew. */
  readonly grew?: Counters;
  readonly sockets?: readonly TcpSocket[];
  readonly backlogBytes?: number;
  readonly cpuPressure?: number;
  /** net.ipv4.tcp_ecn, where it asks others for ECN. */
  readonly ecn?: string;
  readonly thresholds?: Partial<LatencyThresholds>;
  readonly isHost?: boolean;
}

export function facts(spec: FactsSpec = {}): LatencyFacts {
  const grew = { 'Tcp.RetransSegs': 0, 'TcpExt.TCPOrigDataSent': 0, 'TcpExt.TCPSynRetrans': 0, ...spec.grew };
  const entries = Object.entries(grew);
  const sockets = spec.sockets ?? [];
  const head = ({ state, sendQueue, local, peer }: TcpSocket) => `${state} 0 ${sendQueue} ${local} ${peer}`;
  return {
    privileges: { uid: 0, capabilities: ['NET_ADMIN', 'NET_RAW'] },
    isHost: spec.isHost ?? false,
    paths: spec.paths ?? [path()],
    counters: {
      before: Object.fromEntries(entries.map(([name]) => [name, 1000])),
      after: Object.fromEntries(entries.map(([name, n]) => [name, 1000 + n])),
      quotes: [result('counters-before'), result('counters-after')],
    },
    sockets: {
      value: sockets,
      result: result(
        'sockets',
        sockets.map((s) => `${head(s)}\n\t cubic rtt:${s.rtt}/1 minrtt:${s.minRtt}\n`).join(''),
      ),
    },
    qdiscs: {
      value: [{ kind: 'tbf', device: 'eth0', handle: '1:', backlogBytes: spec.backlogBytes ?? 0, drops: 0 }],
      result: result('qdiscs'),
    },
    limited: [],
    asksForEcn:
      spec.ecn === undefined ? undefined : { value: spec.ecn, result: result('ecn', `${spec.ecn}\n`) },
    cpuPressure: {
      value: spec.cpuPressure,
      quotes: spec.cpuPressure === undefined ? [] : [result('cpu', 'some avg10=50.00 avg60=0.00\n')],
    },
    thresholds: { ...thresholds, ...spec.thresholds },
  };
}
