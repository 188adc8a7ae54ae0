/** From the evidence of a path run to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Reason } from '../../model/reason.ts';
import type { Json } from '../../model/report.ts';
import { missedBy } from '../shared/drops/missed.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { seenOf } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { because, tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import type { EndFacts, PathFacts, PathInput, PathsFacts, PlaceFacts, Point } from './facts.ts';
import { isConnected, pathsFacts } from './gathered.ts';
import { PATH_RULES } from './rules/index.ts';
import { exitText, outcomeOf } from './story.ts';

export function judgePath(evidence: Evidence, input: PathInput, words: PlaceWords = POD_WORDS): Judgement {
  const facts = pathsFacts(evidence, input);
  return conclude(evidence, {
    found: PATH_RULES.flatMap((rule) => rule.judge(facts)),
    skips: skipped(facts, words),
    measurements: { paths: facts.paths.map(pathJson), ends: facts.ends.map(endJson) },
    otherwise: () => outcome(facts, words),
  });
}

/** Why it is not known what a destination's sockets drop. */
function lossesSkipped({ place, drops, counters }: PlaceFacts): Reason | undefined {
  return place.unwatched === undefined ? (drops.skipped ?? counters.skipped) : because(place.unwatched);
}

/** Where it was missed, which of a host outside alone proves no loss. */
function unseenOf({ points }: PathFacts): Point | undefined {
  return points.find(({ packet, lines }) => packet === 'probe' && lines?.length === 0);
}

/** Why the way of a connection cannot be determined. */
function unmeasured({ reach, points }: PathFacts, places: PathsFacts['places']): Reason | undefined {
  if (reach.value === undefined) return reach.skipped;
  const target = places.find(({ place, seen }) => place.isTarget && seen !== undefined);
  if (points.length === 0)
    return target?.segments.skipped ?? because('it was not possible to listen at the target');
  return isConnected(reach.value) || points.some(({ lines }) => (lines?.length ?? 0) > 0)
    ? undefined
    : because('not one of its packets was seen anywhere');
}

function outcome({ paths, places, ends }: PathsFacts, words: PlaceWords): Outcome {
  const lost = paths.find((path) => unmeasured(path, places) !== undefined);
  const reason = lost && unmeasured(lost, places);
  if (reason)
    return {
      status: 'skip',
      summary: `The way to ${lost.destination.label} could not be watched: ${tell(reason, words)}.`,
    };
  if (paths.length === 0) return outcomeOfDatagrams(ends, words);
  const refused = paths.find(({ reach }) => reach.value && !isConnected(reach.value));
  if (refused?.exit !== undefined)
    return { status: 'error', summary: `${refused.destination.label}: ${exitText(refused, refused.exit)}.` };
  const astray = refused?.isOutside ? unseenOf(refused) : undefined;
  if (refused !== undefined && astray !== undefined)
    return {
      status: 'error',
      summary: `${refused.destination.label}: ${outcomeOf(refused)}; what the target sends was not seen to ${astray.way === 'in' ? 'come to' : 'leave'} ${astray.place.place.label}: it is lost there, it is sent on to another address, or it passes unseen.`,
    };
  const isPartly = refused?.points.some(({ lines }) => lines === undefined);
  // What answers is refused at its end; what does not was lost where nobody could see it.
  if (refused?.reach.value?.tries.at(-1)?.outcome === 'unanswered')
    return {
      status: 'error',
      summary: `${refused.destination.label}: ${outcomeOf(refused)}, and ${isPartly ? 'not every place on the way could be watched' : 'probe and answer pass every place that was watched'}.`,
    };
  if (refused)
    return {
      status: 'pass',
      summary: `Probe and answer pass every place that was watched; ${refused.destination.label}: ${outcomeOf(refused)}.`,
    };
  const unseen = paths.flatMap((path) => missing(path).map((place) => ({ path, place })))[0];
  if (unseen)
    return {
      status: 'error',
      summary: `${unseen.path.destination.label}: it connected, but its packets were not seen at ${unseen.place}: something else answers for it, or they pass there unseen (a BPF program).`,
    };
  return { status: 'pass', summary: 'Probes and their answers pass every place that was watched.' };
}

/** Of a run that has nothing to watch on the way. */
function outcomeOfDatagrams(ends: readonly EndFacts[], words: PlaceWords): Outcome {
  const reasons = ends.map(({ place }) => lossesSkipped(place));
  const at = reasons.findIndex((reason) => reason !== undefined);
  const [unread, reason, first] = [ends[at], reasons[at], ends[0]];
  if (first === undefined) return { status: 'skip', summary: 'There is no path to watch.' };
  if (unread !== undefined && reason !== undefined)
    return {
      status: 'skip',
      summary: `What the sockets of ${unread.place.place.label} drop could not be read: ${tell(reason, words)}.`,
    };
  return {
    status: 'pass',
    summary: `No receive buffer of ${first.destination.label} overflowed during the run; datagrams are not followed on their way.`,
  };
}

/** The places that were watched and saw nothing of a connection that came about. */
function missing({ points }: PathFacts): string[] {
  return points.flatMap(({ place, lines }) => (lines?.length === 0 ? [place.place.label] : []));
}

function skipped({ paths, places, ends, watchers }: PathsFacts, words: PlaceWords): Skips {
  const skips = new Skips(words);
  for (const { place, segments, seen } of places) {
    skips.add(place.unwatched ?? (seen && segments.skipped), `what passes ${place.label}`);
  }
  for (const { node, watch, unwatched } of watchers) {
    skips.add(unwatched ?? watch.skipped, `reasons of drops on ${node}`);
    for (const { what, why } of missedBy(seenOf(watch)?.end))
      skips.add(why, `reasons of drops on ${node}: ${what}`);
  }
  for (const { destination, reach, exit } of paths) {
    skips.add(reach.skipped, `the way to ${destination.label}`);
    skips.add(
      exit?.control.skipped,
      `whether ${exit?.place.place.label} itself is answered by ${destination.label}`,
    );
  }
  for (const { place } of new Map(ends.map((end) => [end.place, end])).values())
    if (place.place.unwatched === undefined)
      skips.add(lossesSkipped(place), `what the sockets of ${place.place.label} drop`);
  return skips;
}

function pathJson({ destination, address, port, reach, points }: PathFacts): Json {
  return {
    name: destination.label,
    address,
    port,
    ...(reach.skipped === undefined ? {} : { skipped: tell(reach.skipped) }),
    connected: reach.value !== undefined && isConnected(reach.value),
    points: points.map(pointJson),
  };
}

function endJson({ destination, place, port }: EndFacts): Json {
  const own = place.drops.value?.filter((s) => s.protocol === destination.protocol && s.port === port);
  return {
    name: destination.label,
    place: place.place.label,
    protocol: destination.protocol,
    port,
    dropped: own === undefined ? null : own.reduce((sum, { dropped }) => sum + dropped, 0),
  };
}

function pointJson({ place, role, way, packet, lines }: Point): Json {
  return { place: place.place.label, role, packet, way, packets: lines === undefined ? null : lines.length };
}
