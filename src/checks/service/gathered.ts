/** From evidence to facts: what each connection came to. Pure. */

import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import { hasNoServiceRules, parseServiceRules, type ServiceRules } from '../../parsers/service-rules.ts';
import { parseSs } from '../../parsers/ss.ts';
import { endpointKey, type SweptEndpoint } from '../../parsers/sweep.ts';
import type { ConnectTry } from '../../parsers/tcp-connect.ts';
import { connectsOf, read } from '../shared/measured.ts';
import { expectsAnswer, isUnresolved, reachOf } from '../shared/reach-probe.ts';
import { because } from '../shared/reason.ts';
import type {
  Attempt,
  EndpointFacts,
  EndpointInfo,
  ServiceFacts,
  ServiceInfo,
  ServiceInput,
  ServicesFacts,
} from './facts.ts';
import {
  endingId,
  isNamed,
  nameId,
  otherFamilyId,
  REFERENCE_NAME,
  repeats,
  seriesId,
  udpId,
} from './plan.ts';
import { sweptEndpoints } from './sample.ts';

export function servicesFacts(evidence: Evidence, input: ServiceInput): ServicesFacts {
  return {
    services: input.services.map((service) => serviceFacts(evidence, service, input)),
    reference: attempt(evidence['reference-reach'], true),
    referenceName: attempt(evidence[`${REFERENCE_NAME}-reach`], true),
    input,
  };
}

function serviceFacts(evidence: Evidence, info: ServiceInfo, input: ServiceInput): ServiceFacts {
  const answers = expectsAnswer({ protocol: info.protocol, port: String(info.port) });
  const sweep = sweptEndpoints(info.sweep);
  const of = (suffix: string): Attempt => attempt(evidence[`${info.id}-${suffix}-reach`], answers);
  return {
    info,
    endpoints: info.endpoints.map((endpoint, i) => ({
      endpoint,
      isSelf: input.addresses.includes(endpoint.address),
      attempt: endpoint.isSweptOnly === true ? sweptAttempt(endpoint, info, sweep) : of(`endpoint${i}`),
      openPorts: endpoint.otherPorts.filter((port) => of(`endpoint${i}-${port}`).state === 'works'),
      otherFamily: endpoint.otherAddress === undefined ? undefined : of(otherFamilyId(i)),
      ...udpPart(evidence, info, i),
    })),
    virtual:
      info.clusterIp === undefined
        ? []
        : [of('virtual0'), ...others(evidence, info, repeats(info, input) - 1, of)],
    // One whose result was lost says nothing of the name.
    names: isNamed(info)
      ? [0, 1].map((nth) => of(nameId(nth))).filter(({ result }) => result !== undefined)
      : [],
    ending: (info.ending ?? []).map((_, i) => of(endingId(i))),
    lasting: lasting(evidence[`${info.id}-connections-before`], evidence[`${info.id}-connections-after`]),
    connectionsResult: evidence[`${info.id}-connections-after`],
    isLocalOnly:
      info.internalTrafficPolicy === 'Local' &&
      info.ready > 0 &&
      !info.endpoints.some((e) => e.node === input.node),
    rules: rulesOf(evidence[`${info.id}-rules-after`], info),
    earlierRules: rulesOf(evidence[`${info.id}-rules-before`], info),
    rulesResult: evidence[`${info.id}-rules-after`],
    hasNoRules: ['before', 'after'].every(
      (when) =>
        read(evidence[`${info.id}-rules-${when}`], 'sh', (text) => Number(hasNoServiceRules(text))).value ===
        1,
    ),
  };
}

/** As part of an endpoint; a datagram need not be answered. */
function udpPart(evidence: Evidence, { id }: ServiceInfo, nth: number): Pick<EndpointFacts, 'byUdp'> {
  const [same, other] = (['same', 'other'] as const).map((which) =>
    attempt(evidence[`${id}-${udpId(nth, which)}-reach`], false),
  );
  return same?.result === undefined || other?.result === undefined ? {} : { byUdp: { same, other } };
}

/** The connections to a cluster IP after the first one: a series; in an older bundle each by itself. */
function others(
  evidence: Evidence,
  { id }: ServiceInfo,
  count: number,
  of: (suffix: string) => Attempt,
): Attempt[] {
  if (count === 0) return [];
  const result = evidence[seriesId(id)];
  if (result === undefined) return Array.from({ length: count }, (_, i) => of(`virtual${i + 1}`));
  const { value, skipped } = connectsOf(result);
  if (value === undefined) return [unclearAttempt(skipped, result)];
  const { tries, address } = value;
  const stumbled = tries.filter(({ outcome, ms }) => outcome === 'unanswered' || ms >= SLOW_MS);
  const isChance = stumbled.length === 1 && tries.length > 2;
  return tries.map((one) =>
    one.outcome === 'unanswered' && (isChance || one.ms < SLOW_MS)
      ? unclearAttempt(because(`one of ${count + 1} connections got no answer, which may be chance`), result)
      : triedAttempt(one, address, result),
  );
}

function unclearAttempt(skipped: Reason, result: ProbeResult | undefined): Attempt {
  return { reach: { skipped }, result, state: 'unclear', isUnresolved: false, isSlow: false };
}

/** One connection of a series, with its own lines. */
function triedAttempt(
  { outcome, ms, error }: ConnectTry,
  address: string | undefined,
  result: ProbeResult,
): Attempt {
  const said = error ?? (outcome === 'refused' ? 'Connection refused' : 'Connection timed out');
  const isConnected = outcome === 'connected';
  const lines = isConnected ? '' : `: connect: ${said}\n`;
  const kind = isConnected
    ? ({ outcome: 'connected' } as const)
    : outcome === 'unanswered'
      ? ({ outcome: 'unanswered' } as const)
      : ({ outcome: 'failed', error: said } as const);
  const value = { address, unresolved: undefined, routes: [], tries: [{ ms, ...kind }] };
  return {
    reach: { value },
    result: { ...result, stdout: `${lines}${isConnected ? 'ok' : 'failed'} ${Math.round(ms * 1000)}\n` },
    state: stateOf({ value }, true),
    isUnresolved: false,
    isSlow: isConnected && ms >= SLOW_MS,
  };
}

/** Less is a handshake and a question: it says nothing of where the client's load goes. */
const LEAST_BYTES = 1000;

/**
 * By their own ends, which no other connection to the same place has. One that was in use before and rests for the moment
 * of the run carries its share all the same, and so does one that took another's place; where none is in use, nothing is
 * known of them.
 */
function lasting(before: ProbeResult | undefined, after: ProbeResult | undefined): readonly string[] {
  const sockets = (result: ProbeResult | undefined) =>
    read(result, 'ss', (text, { code }) => (code === 0 ? parseSs(text) : undefined)).value ?? [];
  const earlier = new Map(sockets(before).map((one) => [one.local, one]));
  const open = sockets(after).filter(
    ({ state, acknowledged }) => state === 'ESTAB' && acknowledged >= LEAST_BYTES,
  );
  const isInUse = open.some(({ local, acknowledged }) => {
    const known = earlier.get(local);
    return known !== undefined && known.acknowledged >= LEAST_BYTES && acknowledged > known.acknowledged;
  });
  return isInUse ? open.map(({ local }) => local) : [];
}

function rulesOf(result: ProbeResult | undefined, info: ServiceInfo): ServiceRules | undefined {
  const { clusterIp } = info;
  if (clusterIp === undefined) return undefined;
  // A part of the rules would make the others look gone.
  return read(result, 'sh', (text) => parseServiceRules(text, { ...info, clusterIp })).value;
}

/** A little under the initial retransmission time-out of 1 s (RFC 6298, 2.1). */
const SLOW_MS = 900;

function attempt(result: ProbeResult | undefined, answers: boolean): Attempt {
  const reach = reachOf(result);
  const last = reach.value?.tries.at(-1);
  const isSlow = last?.outcome === 'connected' && last.ms >= SLOW_MS;
  return { reach, result, state: stateOf(reach, answers), isUnresolved: isUnresolved(result), isSlow };
}

/** The one connection of the sweep; what it did not come to is not measured. */
function sweptAttempt(
  { address, port }: EndpointInfo,
  { sweep }: ServiceInfo,
  swept: ReadonlyMap<string, SweptEndpoint>,
): Attempt {
  const one = swept.get(endpointKey(address, port));
  if (one === undefined || sweep === undefined) {
    return unclearAttempt(because('the time was over before its turn'), undefined);
  }
  const { outcome, ms, error, line } = one;
  const kind =
    outcome === 'connected'
      ? 'connected'
      : outcome === 'silent'
        ? ('unanswered' as const)
        : ('failed' as const);
  const reach = {
    value: {
      address,
      unresolved: undefined,
      routes: [],
      tries: [{ ms, outcome: kind, ...(kind === 'failed' && error !== undefined ? { error } : {}) }],
    },
  } as const;
  return {
    reach,
    result: { ...sweep, stdout: `${line}\n` },
    state: stateOf(reach, true),
    isUnresolved: false,
    isSlow: outcome === 'connected' && ms >= SLOW_MS,
  };
}

function stateOf({ value }: Attempt['reach'], answers: boolean): Attempt['state'] {
  const last = value?.tries.at(-1);
  switch (last?.outcome) {
    case undefined:
      return 'unclear';
    case 'connected':
    case 'answered':
      return 'works';
    case 'failed':
      return last.error === 'Connection refused' ? 'refused' : 'fails';
    case 'silent':
      return answers ? 'silent' : 'unclear';
    case 'unanswered':
      return 'silent';
  }
}
