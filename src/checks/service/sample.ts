/** Which endpoints of a large Service are looked at in detail: a fair sample, and those that failed. Pure. */

import type { ProbeScripts } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { ProbeCommand, ProbeResult } from '../../model/evidence.ts';
import { endpointKey, parseSweep, type SweptEndpoint } from '../../parsers/sweep.ts';
import { read, seenOf } from '../shared/measured.ts';

/** Of so many endpoints each is looked at in detail; of more, as many (ours). */
export const SAMPLE = 8;
/** Of those that failed, so many at most: they mostly have one cause, and the run has to end (ours). */
export const MOST_FAILED = 24;
/** A SYN that was lost is sent again after 1 s (RFC 6298, 2.1), and that one may be answered. */
const LIMIT_MS = 1300;
/** 1,000 silent endpoints, each asked twice. */
const LIMIT_SECONDS = 30;

/** The endpoints of the Services that are too large to look at each in detail, by the Service's label. */
export function largeServices(asked: readonly Destination[]): ReadonlyMap<string, readonly Destination[]> {
  const groups = new Map<string, Destination[]>();
  for (const destination of asked) {
    const { service, protocol } = destination;
    if (service?.part !== 'endpoint' || protocol !== 'tcp') continue;
    groups.set(service.label, [...(groups.get(service.label) ?? []), destination]);
  }
  return new Map([...groups].filter(([, endpoints]) => endpoints.length > SAMPLE));
}

/** One connection to each of the endpoints. */
export function sweepProbe(
  id: string,
  endpoints: readonly Destination[],
  scripts: ProbeScripts,
): ProbeCommand {
  const places = endpoints.flatMap(({ host, port }) => [host, port]);
  return {
    id,
    argv: ['bash', '-c', scripts.sweep, 'sweep', String(LIMIT_MS), ...places],
    timeoutSeconds: LIMIT_SECONDS,
    display: ['connect', 'to', 'each', 'of', String(endpoints.length), 'endpoints'],
  };
}

/** What the sweep came to; endpoints whose turn never came are missing. */
export function sweptEndpoints(result: ProbeResult | undefined): ReadonlyMap<string, SweptEndpoint> {
  return seenOf(read(result, 'bash', parseSweep, { endsByTime: true })) ?? new Map();
}

/** Those to look at in detail: up to {@link MOST_FAILED} that did not connect, and of the others some of each node. */
export function chooseEndpoints(
  endpoints: readonly Destination[],
  result: ProbeResult | undefined,
): readonly Destination[] {
  const swept = sweptEndpoints(result);
  const connects = ({ host, port }: Destination): boolean =>
    swept.get(endpointKey(host, port))?.outcome === 'connected';
  const failed = endpoints.filter((one) => !connects(one)).slice(0, MOST_FAILED);
  const chosen = new Set([...fairSample(endpoints.filter(connects)), ...failed]);
  return endpoints.filter((one) => chosen.has(one));
}

/** One of each node in turn, in the order of their addresses, so that two runs look at the same ones. */
function fairSample(endpoints: readonly Destination[]): readonly Destination[] {
  const byNode = new Map<string, Destination[]>();
  for (const one of [...endpoints].sort((a, b) => (a.host < b.host ? -1 : 1))) {
    const node = one.service?.node ?? '';
    byNode.set(node, [...(byNode.get(node) ?? []), one]);
  }
  const sample: Destination[] = [];
  for (let round = 0; sample.length < Math.min(SAMPLE, endpoints.length); round++) {
    for (const group of byNode.values()) {
      const one = group[round];
      if (one !== undefined && sample.length < SAMPLE) sample.push(one);
    }
  }
  return sample;
}
