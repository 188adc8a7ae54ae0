/** Other interfaces to which a route to a destination leads: whether it answers by them. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeCommand, ProbeResult } from '../../model/evidence.ts';
import { type OtherWays, parseOtherWays } from '../../parsers/other-ways.ts';
import { type Measured, read } from '../shared/measured.ts';

/** Where a target may have several interfaces. */
export interface Uplinks {
  /** The one of the cluster's own network, as the CNI plugins have told the API; absent: they have not. */
  readonly cluster?: string;
}

/** What is known of one destination. */
export interface OtherWaysFacts extends Uplinks {
  readonly ways: Measured<OtherWays>;
  readonly result: ProbeResult | undefined;
}

/** Of this many destinations, each a process on the target: what is silent is so for all that go one way. */
const MOST = 2;
/** 1.5 s for a plain connection, and two of each of two others. */
const LIMIT_SECONDS = 7;

function otherWaysId({ id }: Pick<Destination, 'id'>): string {
  return `${id}-ways`;
}

export function otherWaysProbes(
  destinations: readonly Destination[],
  uplinks: Uplinks | undefined,
  scripts: ProbeScripts,
): ProbeCommand[] {
  if (uplinks === undefined) return [];
  return destinations
    .filter(({ protocol }) => protocol === 'tcp')
    .slice(0, MOST)
    .map((one) => ({
      id: otherWaysId(one),
      argv: ['bash', '-c', scripts.otherWays, 'other-ways', one.host, one.port],
      timeoutSeconds: LIMIT_SECONDS,
      display: ['other-ways', one.host, one.port],
    }));
}

export function otherWaysFacts(
  evidence: Evidence,
  destination: Pick<Destination, 'id'>,
  uplinks: Uplinks | undefined,
): OtherWaysFacts | undefined {
  const result = evidence[otherWaysId(destination)];
  if (uplinks === undefined || result === undefined) return undefined;
  return { ...uplinks, ways: read(result, 'bash', parseOtherWays), result };
}

/** What was tried in vain, as a part of a sentence; empty: nothing. */
export function inVainClause(facts: OtherWaysFacts | undefined): string {
  const silent = (facts?.ways.value?.others ?? []).filter(({ outcome }) => outcome === 'silent');
  if (silent.length === 0) return '';
  const each = silent.map(({ device, route }) => `${device} (${route})`);
  return `; by ${each.join(' and ')}, where a route leads to it too, it is silent as well`;
}
