/** From evidence to facts: parses each result, and says why what is missing is missing. Pure. */

import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { parseCurl, parseCutAnswer } from '../../parsers/curl.ts';
import { parsePressure } from '../../parsers/pressure.ts';
import { parseCounters } from '../../parsers/proc-net.ts';
import { parseSs, type TcpSocket } from '../../parsers/ss.ts';
import { parseQdiscs } from '../../parsers/tc.ts';
import type { ConnectTry } from '../../parsers/tcp-connect.ts';
import { parseUptime } from '../../parsers/uptime.ts';
import { counterSnapshots } from '../shared/counters.ts';
import { askingEcn } from '../shared/ecn.ts';
import {
  connectsOf,
  echoesOf,
  firstLine,
  type Measured,
  NOT_RUN,
  notRun,
  privilegesOf,
  read,
} from '../shared/measured.ts';
import { because, noTool } from '../shared/reason.ts';
import { smallSegmentsOf } from '../shared/small-segments.ts';
import { distribution } from '../shared/statistics.ts';
import { strayAnswers, strayCapture } from '../shared/stray-answers.ts';
import { hopOf, isVirtual, VIRTUAL } from '../shared/way.ts';
import { limitedFacts } from './cpu-limits.ts';
import {
  answeredMs,
  CURL_TIMED_OUT,
  type LatencyFacts,
  type LatencyInput,
  LEAST_BYTES,
  type PathFacts,
} from './facts.ts';
import { ledToOf } from './led-to.ts';
import { http2Facts } from './plain-http2.ts';
import { restFacts } from './resting.ts';

export function latencyFacts(
  evidence: Evidence,
  input: Pick<
    LatencyInput,
    | 'destinations'
    | 'thresholds'
    | 'proxied'
    | 'led'
    | 'mesh'
    | 'isHost'
    | 'limited'
    | 'restMs'
    | 'fronts'
    | 'http2'
  >,
): LatencyFacts {
  const { destinations, thresholds, isHost = false } = input;
  return {
    privileges: privilegesOf(evidence['status']),
    paths: destinations.map((destination) => pathFacts(evidence, destination, input)),
    counters: counterSnapshots(evidence, 'counters', parseCounters),
    asksForEcn: ecnFacts(evidence['ecn']),
    sockets: { ...socketsOf(evidence['sockets']), result: evidence['sockets'] },
    qdiscs: { value: read(evidence['qdiscs'], 'tc', parseQdiscs).value, result: evidence['qdiscs'] },
    cpuPressure: cpuPressure(evidence['cpu-before'], evidence['cpu']),
    limited: limitedFacts(evidence, input.limited ?? []),
    thresholds,
    isHost,
  };
}

function ecnFacts(result: ProbeResult | undefined): LatencyFacts['asksForEcn'] {
  const value = askingEcn(result);
  return value === undefined || result === undefined ? undefined : { value, result };
}

/** Started by a shell, whose exit code of a command that is not there is 127. */
function socketsOf(result: ProbeResult | undefined): Measured<readonly TcpSocket[]> {
  return read(result, 'ss', (text, { code, stderr, truncated }) => {
    if (code === 127) return noTool('ss');
    return code === 0 || truncated ? parseSs(text) : (firstLine(stderr) ?? `ss ended with code ${code}`);
  });
}

/** Of the run itself where both ends of it were read, or of the last ten seconds. */
function cpuPressure(
  first: ProbeResult | undefined,
  last: ProbeResult | undefined,
): LatencyFacts['cpuPressure'] {
  const [from, to] = [first, last].map((r) => read(r, 'cat', parsePressure).value);
  const [start, end] = [first, last].map((r) => read(r, 'cat', parseUptime).value);
  const quotes = [first, last].filter((r) => r !== undefined);
  if (!to) return { value: undefined, quotes };
  const seconds = start === undefined || end === undefined ? 0 : end - start;
  const waited = from && seconds > 0 ? (to.waitedUs - from.waitedUs) / 1e6 / seconds : 0;
  return { value: Math.min(1, Math.max(to.lastTenSeconds, waited)), quotes };
}

function pathFacts(
  evidence: Evidence,
  destination: Destination,
  input: Pick<LatencyInput, 'proxied' | 'led' | 'mesh' | 'restMs' | 'fronts' | 'http2'>,
): PathFacts {
  const proxied = input.proxied?.[destination.id];
  const ledOn = input.led?.[destination.id];
  const mesh = input.mesh?.[destination.id];
  const http2 = http2Facts(evidence, destination, input.http2?.[destination.id]);
  const rest = restFacts(evidence, destination, input.restMs, input.fronts?.[destination.id]);
  const results = {
    icmp: evidence[`${destination.id}-icmp`],
    tcp: evidence[`${destination.id}-tcp`],
    http: evidence[`${destination.id}-http`],
  };
  const icmp =
    results.icmp === undefined && isVirtual(destination) ? { skipped: VIRTUAL } : echoesOf(results.icmp);
  const tcp = connectsOf(results.tcp);
  const answered = answeredMs({ icmp, tcp });
  const http = destination.url === undefined ? undefined : httpOf(results.http);
  const brokenOff = brokenOffOf(http, results.http, tcp);
  const route = hopOf(evidence[`${destination.id}-hop`]).value?.route;
  const gateway = route?.outcome === 'route' ? route.gateway : undefined;
  const small = smallSegmentsOf(evidence, destination.id);
  const ledTo = ledToOf(evidence, { destination, http });
  const address = tcp.value?.address ?? results.icmp?.command.at(-1);
  // tcp-connect HOST PORT COUNT
  const port = results.tcp?.command[2] ?? destination.port;
  const straight =
    ledOn === undefined || address === undefined
      ? undefined
      : strayAnswers(evidence[strayCapture.id], { address, port: Number(port) });
  return {
    destination,
    address,
    port,
    icmp,
    tcp,
    http,
    ...(gateway === undefined ? {} : { gateway }),
    ...(brokenOff === undefined ? {} : { brokenOff }),
    ...(proxied === undefined ? {} : { proxied }),
    ...(ledOn === undefined ? {} : { ledOn }),
    ...(straight === undefined ? {} : { straight }),
    ...(mesh === undefined ? {} : { mesh }),
    ...(http2 === undefined ? {} : { http2 }),
    ...(rest === undefined ? {} : { rest }),
    ...(isNoHttp(results.http) ? { isNoHttp: true } : {}),
    ...endOf(http, results.http),
    ...(small === undefined ? {} : { small }),
    ...(ledTo === undefined ? {} : { ledTo }),
    rtts: { icmp: distribution(answered.icmp), tcp: distribution(answered.tcp) },
    results,
  };
}

/** CURLE_COULDNT_CONNECT */
const CURL_NO_CONNECTION = 7;

/** CURLE_UNSUPPORTED_PROTOCOL, of an answer without a status line: HTTP/0.9 had none (since curl 7.66 no answer to take). */
const CURL_NO_PROTOCOL = 1;

function isNoHttp(result: ProbeResult | undefined): boolean {
  return result?.code === CURL_NO_PROTOCOL && result.stderr.includes('HTTP/0.9');
}

/** How an answer ended whose status line came. */
function endOf(
  http: PathFacts['http'],
  result: ProbeResult | undefined,
): Pick<PathFacts, 'cutAnswer' | 'unended'> {
  if (result === undefined || (http?.value?.firstByteMs ?? null) === null || result.code === 0) return {};
  const cutAnswer = parseCutAnswer(result.code, result.stderr);
  const isUnderWay = cutAnswer?.how === 'stalled' && cutAnswer.received >= LEAST_BYTES;
  if (cutAnswer !== undefined && !isUnderWay) return { cutAnswer };
  return { unended: because(firstLine(result.stderr) ?? `curl ended with code ${result.code}`) };
}

/** How a request ended that got no byte of an answer. */
function brokenOffOf(
  http: PathFacts['http'],
  result: ProbeResult | undefined,
  { value: connects }: PathFacts['tcp'],
): PathFacts['brokenOff'] {
  if (result === undefined || http === undefined) return undefined;
  if (http.value !== undefined) return http.value.firstByteMs === null ? brokenOffBy(result) : undefined;
  // A reset that comes before curl looks at its socket is to curl a connection that failed; connect() made all others.
  const wasMade = (connects?.tries.length ?? 0) > 0 && connects?.tries.every(wasTaken);
  return result.status === 'exited' && result.code === CURL_NO_CONNECTION && wasMade ? 'reset' : undefined;
}

/**
 * The far side took the connection. A reset that answers a SYN is ECONNREFUSED; ECONNRESET is the reset of a connection
 * that stood already when connect() was about to return (tcp_reset in net/ipv4/tcp_input.c).
 */
function wasTaken({ outcome, error }: ConnectTry): boolean {
  return outcome === 'connected' || (outcome === 'error' && error === 'Connection reset by peer');
}

/** And when the far side ends the connection: CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR. */
function brokenOffBy({ status, code, stderr }: ProbeResult): PathFacts['brokenOff'] {
  if (status !== 'exited') return undefined;
  if (code === 52) return 'closed';
  // A server that wants a certificate of the client ends a request with 56 too, by an alert of TLS.
  return (code === 55 || code === 56) && /reset by peer|broken pipe/i.test(stderr) ? 'reset' : undefined;
}

function httpOf(result: ProbeResult | undefined): PathFacts['http'] {
  if (!result) return { skipped: NOT_RUN };
  const reason = notRun(result, 'curl');
  if (reason !== undefined) return { skipped: reason };
  const timing = read(result, 'curl', parseCurl, { endsByTime: true }).value;
  // A server that accepts and stays silent, or ends the connection, has been timed too.
  return timing &&
    (timing.firstByteMs !== null || result.code === CURL_TIMED_OUT || brokenOffBy(result) !== undefined)
    ? { value: timing }
    : { skipped: because(firstLine(result.stderr) ?? `curl ended with code ${result.code}`) };
}
