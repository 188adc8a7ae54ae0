/** From evidence to facts: parses each result, and tells for what is missing why it is. Pure. */

import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { parseCurl } from '../../parsers/curl.ts';
import { type PingSeries, parsePing } from '../../parsers/ping.ts';
import { parseCounters } from '../../parsers/proc-net.ts';
import { parsePrivileges } from '../../parsers/proc-status.ts';
import { parseSs } from '../../parsers/ss.ts';
import { parseQdiscs } from '../../parsers/tc.ts';
import { type ConnectSeries, parseConnects } from '../../parsers/tcp-connect.ts';
import { distribution } from '../statistics.ts';
import type { LatencyFacts, LatencyThresholds, Measured, PathFacts } from './facts.ts';

export function latencyFacts(
  evidence: Evidence,
  destinations: readonly Destination[],
  thresholds: LatencyThresholds,
): LatencyFacts {
  const before = evidence['counters-before'];
  const after = evidence['counters-after'];
  return {
    privileges: parsePrivileges(evidence['status']?.stdout ?? ''),
    paths: destinations.map((destination) => pathFacts(evidence, destination)),
    counters: {
      before: parseCounters(before?.stdout ?? ''),
      after: parseCounters(after?.stdout ?? ''),
      quotes: [before, after].filter((r) => r !== undefined),
    },
    sockets: { value: parseSs(evidence['sockets']?.stdout ?? ''), result: evidence['sockets'] },
    qdiscs: { value: parseQdiscs(evidence['qdiscs']?.stdout ?? '') ?? [], result: evidence['qdiscs'] },
    thresholds,
  };
}

function pathFacts(evidence: Evidence, destination: Destination): PathFacts {
  const results = {
    icmp: evidence[`${destination.id}-icmp`],
    tcp: evidence[`${destination.id}-tcp`],
    http: evidence[`${destination.id}-http`],
  };
  const icmp = icmpOf(results.icmp);
  const tcp = tcpOf(results.tcp);
  return {
    destination,
    address: tcp.value?.address ?? results.icmp?.command.at(-1),
    // tcp-connect HOST PORT COUNT
    port: results.tcp?.command[2] ?? destination.port,
    icmp,
    tcp,
    http: destination.url === undefined ? undefined : httpOf(results.http),
    rtts: { icmp: distribution(icmp.value?.rtts ?? []), tcp: distribution(answeredMs(tcp.value)) },
    results,
  };
}

/** Why a command gave nothing that applies to every command alike; `undefined` when it ran. */
function notRun(result: ProbeResult | undefined, tool: string): string | undefined {
  if (!result) return 'it was not part of the run';
  if (result.status === 'missing') return `the image has no ${tool}`;
  if (result.status === 'unknown-placeholder') return 'the target has none';
  return undefined;
}

/**
 * ping may not open its socket (iputils, busybox), or the shell may not start it (file capabilities). The same errors
 * of connect() and sendto() come from a firewall or a prohibit route.
 */
const NO_PING_RIGHTS =
  /socket: (Operation not permitted|Permission denied)|lacking privilege|are you root|cap_net_raw|(exec|line \d+): \S*ping: (Operation not permitted|Permission denied)/;

function icmpOf(result: ProbeResult | undefined): Measured<PingSeries> {
  const reason = notRun(result, 'ping');
  if (reason !== undefined || !result) return { skipped: reason ?? '' };
  const series = parsePing(result.stdout);
  if (series && series.sent > 0) return { value: series };
  if (NO_PING_RIGHTS.test(result.stderr)) {
    return {
      skipped: 'ICMP needs NET_RAW or a ping_group_range that holds this user: use --profile netadmin',
    };
  }
  if (/\bping: not found$/m.test(result.stderr)) return { skipped: 'the image has no ping' };
  return { skipped: firstLine(result.stderr) ?? `ping ended with code ${result.code}` };
}

function tcpOf(result: ProbeResult | undefined): Measured<ConnectSeries> {
  const reason = notRun(result, 'bash, which times the connections');
  if (reason !== undefined || !result) return { skipped: reason ?? '' };
  const series = parseConnects(result.stdout, result.durationMs);
  if (series.tries.some((t) => t.outcome !== 'unresolved')) return { value: series };
  if (series.tries.length > 0 || result.stdout.startsWith('unresolved'))
    return { skipped: 'the name does not resolve on the target' };
  return { skipped: firstLine(result.stderr) ?? `the connection test ended with code ${result.code}` };
}

/** curl's exit code (CURLE_OPERATION_TIMEDOUT) when --max-time is over. */
const CURL_TIMED_OUT = 28;

function httpOf(result: ProbeResult | undefined): PathFacts['http'] {
  const reason = notRun(result, 'curl');
  if (reason !== undefined || !result) return { skipped: reason ?? '' };
  const timing = parseCurl(result.stdout);
  // A server that accepts and stays silent has been timed too.
  return timing && (timing.firstByteMs !== null || result.code === CURL_TIMED_OUT)
    ? { value: timing }
    : { skipped: firstLine(result.stderr) ?? `curl ended with code ${result.code}` };
}

function answeredMs(tcp: ConnectSeries | undefined): number[] {
  return (tcp?.tries ?? [])
    .filter((t) => t.outcome === 'connected' || t.outcome === 'refused')
    .map((t) => t.ms);
}

function firstLine(text: string): string | undefined {
  return text
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim()
    .slice(0, 200);
}
