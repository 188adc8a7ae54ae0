/** From evidence to facts: how the request was answered, and by whom it can have been. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { type HttpTiming, parseCurl } from '../../parsers/curl.ts';
import { parseTls } from '../../parsers/tls.ts';
import { firstLine, type Measured, read } from '../shared/measured.ts';
import { reachOf } from '../shared/reach-probe.ts';
import { because } from '../shared/reason.ts';
import type { AskedRequest, Front, GatewayFacts, GatewayInput, RequestFacts } from './facts.ts';
import { backendId, triedEndpoints } from './plan.ts';

/** CURLE_PEER_FAILED_VERIFICATION */
const CURL_UNTRUSTED = 60;
/** CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, CURLE_RECV_ERROR */
const CURL_UNSERVED = [7, 35, 56];

function endedWith(result: ProbeResult | undefined, codes: readonly number[]): boolean {
  return result?.status === 'exited' && codes.includes(result.code);
}

/** Whoever signed it, a certificate for the host is none that stands in for all names. */
function trustOf(
  trust: ProbeResult | undefined,
  presented: ProbeResult | undefined,
): Pick<RequestFacts, 'isUntrusted' | 'unnamed'> {
  if (!endedWith(trust, [CURL_UNTRUSTED])) return { isUntrusted: false };
  // An older bundle does not have it.
  if (presented === undefined) return { isUntrusted: true };
  const { value, skipped } = read(presented, 'openssl', parseTls);
  if (value === undefined) return { isUntrusted: false, unnamed: skipped };
  return value.names.length === 0
    ? { isUntrusted: false, unnamed: because('openssl was shown none') }
    : { isUntrusted: !value.names.some(({ matches }) => matches) };
}

export function gatewayFacts(evidence: Evidence, { requests, denied }: GatewayInput): GatewayFacts {
  return { requests: requests.map((asked) => requestFacts(evidence, asked)), denied };
}

function requestFacts(evidence: Evidence, asked: AskedRequest): RequestFacts {
  const { id } = asked.destination;
  const result = evidence[`${id}-http`];
  const trustResult = evidence[`${id}-trust`];
  const answer = answerOf(result);
  return {
    asked,
    answer,
    result,
    ...trustOf(trustResult, evidence[`${id}-certificate`]),
    isUnserved: endedWith(trustResult, CURL_UNSERVED),
    trustResult,
    fronts: met(asked.fronts, answer.value?.remote),
    tries: triedEndpoints(asked).map(({ address, port, pod }, i) => {
      const tried = evidence[`${backendId(asked, i)}-reach`];
      const last = reachOf(tried).value?.tries.at(-1);
      const isRefused = last?.outcome === 'failed' && last.error === 'Connection refused';
      return { address, port, pod, isRefused, result: tried };
    }),
  };
}

/** With a status, of whatever came after it. */
function answerOf(result: ProbeResult | undefined): Measured<HttpTiming> {
  const timing = read(result, 'curl', parseCurl, { endsByTime: true });
  if (timing.value === undefined) return timing;
  const { code, stderr } = result ?? { code: 0, stderr: '' };
  return timing.value.status > 0
    ? timing
    : { skipped: because(firstLine(stderr) ?? `curl ended with code ${code}`) };
}

/**
 * Whoever has the address that answered; where nobody is known to have it, those whose rules name the host. What names it
 * and that nobody serves is among them in either case.
 */
function met(fronts: readonly Front[], remote: string | undefined): readonly Front[] {
  const there = fronts.filter(({ addresses }) => remote !== undefined && addresses.includes(remote));
  if (there.length === 0) return fronts.filter(({ namesHost }) => namesHost);
  const isServing = there.some(({ troubles }) => troubles.length === 0);
  const unserved = fronts.filter(({ namesHost, addresses }) => namesHost && addresses.length === 0);
  return isServing ? there : [...there, ...unserved];
}
