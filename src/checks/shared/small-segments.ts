/** What stalls is asked for again in smaller segments: whether the size of the server's packets decides. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeCommand, ProbeResult } from '../../model/evidence.ts';
import type { Occurrence } from '../../model/finding.ts';
import { socketAddress } from '../../model/socket-address.ts';
import { parseSmallSegments, type SegmentTry } from '../../parsers/small-segments.ts';
import { type Measured, read } from './measured.ts';
import { meta } from './metas/narrow-way-back.ts';
import { quote } from './quote.ts';
import { occurrence } from './rule.ts';

/** Of the script: 5 s, 4 s, three sizes of 4 s each, and twice 3 s and 4 s; and what nine connections take besides. */
const LIMIT_SECONDS = 41;

/** Each asks a server nine times; what two ways lose, others lose as well. */
const MOST_FOLLOWED = 2;

/** What is asked again. */
export type Question =
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'tls'; readonly starttls: string; readonly sni: string };

/** Somebody who is to be asked again. */
interface Stalled {
  readonly id: string;
  readonly host: string;
  readonly port: string;
  readonly question: Question;
}

/** What came of it. */
export interface SmallSegments {
  readonly tries: Measured<readonly SegmentTry[]>;
  readonly result: ProbeResult | undefined;
}

/** A word of it is a part of an address of socat's, where a comma would be an option. */
const PLAIN_HOST = /^[\w.%:-]+$/;

export function smallSegmentProbes(
  stalled: readonly Stalled[],
  { smallSegments }: ProbeScripts,
): ProbeCommand[] {
  return stalled
    .filter(({ host }) => PLAIN_HOST.test(host))
    .slice(0, MOST_FOLLOWED)
    .map(({ id, host, port, question }) => {
      const words =
        question.kind === 'http' ? ['http', question.url] : ['tls', question.starttls, question.sni];
      return {
        id: `${id}-small`,
        argv: ['sh', '-c', smallSegments, 'small-segments', host, port, ...words],
        timeoutSeconds: LIMIT_SECONDS,
        display: ['small-segments', host, port, ...words.filter((word) => word !== '')],
      };
    });
}

/** `undefined`: there was no reason to ask again, or the run ended before. */
export function smallSegmentsOf(evidence: Evidence, id: string): SmallSegments | undefined {
  const result = evidence[`${id}-small`];
  return result === undefined
    ? undefined
    : { tries: read(result, 'sh', parseSmallSegments, { endsByTime: true }), result };
}

/** The least packet that was tried. */
const LEAST = 576;
/** Each of both ends, so that no chance decides; the last one of three may be cut off by the end of the time. */
const TIMES = 2;

/** Between which sizes the way back ends; `undefined`: they do not decide, or it is not known. */
export interface WayBack {
  /** What came whole at this size and below. */
  readonly through: number;
  /** What stalled at this size; 0: of those that were tried, the target's full size alone did. */
  readonly lost: number;
}

export function wayBackOf(small: SmallSegments | undefined): WayBack | undefined {
  const tries = small?.tries.value ?? [];
  const all = (packet: number, outcome: SegmentTry['outcome']): boolean => {
    const of = tries.filter((one) => one.packet === packet);
    return of.length >= TIMES && of.every((one) => one.outcome === outcome);
  };
  if (!all(LEAST, 'whole') || !all(0, 'stalled')) return undefined;
  const sizes = (outcome: SegmentTry['outcome']): number[] =>
    tries.filter((one) => one.packet > 0 && one.outcome === outcome).map(({ packet }) => packet);
  const through = Math.max(...sizes('whole'));
  const lost = Math.min(...sizes('stalled'));
  return { through, lost: Number.isFinite(lost) ? lost : 0 };
}

/**
 * It stalls in the smallest packets too.
 * @param received bytes of the body that came at first; more of them now is another story
 */
export function stallsWhenSmall(small: SmallSegments | undefined, received = 0): boolean {
  const first = small?.tries.value?.[0];
  return first?.packet === LEAST && first.outcome === 'stalled' && first.received <= received;
}

/** What is said of it where it is a part of another finding. */
export const NOT_ITS_SIZE = `over a connection that takes packets of ${LEAST} bytes at most it gets no further: their size is not the cause`;

/** NT-MTU-006, where the size decides. @param what stalls: `its answer` */
export function narrowWayBack(
  { label, host, port }: Destination,
  what: string,
  small: SmallSegments | undefined,
): Occurrence[] {
  const found = wayBackOf(small);
  if (found === undefined) return [];
  const { through, lost } = found;
  const name = label.includes(host) ? label : `${label} (${socketAddress(host, port)})`;
  const stalls = lost === 0 ? "of the target's own full size" : `of ${lost} bytes and more`;
  return [
    occurrence(
      meta,
      'critical',
      `Large packets from ${name} are lost on the way back: ${what} comes whole over connections that take packets of up to ${through} bytes, and stalls over those that take packets ${stalls}.`,
      quote(small?.result, /^packet /, 9),
      { subject: label },
    ),
  ];
}
