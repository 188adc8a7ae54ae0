/** From the evidence of a path run to its result: pure, so that saved evidence gives the same result again. */
import type { Judgement } from '../../model/check.ts';
import type { Evidence } from '../../model/evidence.ts';
import { type CheckStatus, type Finding, type Json, statusOf } from '../../model/report.ts';
import { Skips } from '../skipped.ts';
import type { PathFacts, PathInput, PathsFacts, Point } from './facts.ts';
import { isConnected, pathsFacts } from './gathered.ts';
import { PATH_RULES } from './rules/index.ts';
import { outcomeOf } from './story.ts';

export function judgePath(evidence: Evidence, input: PathInput): Judgement {
  const facts = pathsFacts(evidence, input);
  const problems = PATH_RULES.flatMap((rule) => rule.judge(facts));
  return {
    status: status(facts, problems),
    summary: summary(facts, problems),
    measurements: { paths: facts.paths.map(pathJson) },
    findings: [...problems, ...skipped(facts)],
  };
}

/** Why the way of a connection cannot be told. */
function unmeasured({ reach, points }: PathFacts): string | undefined {
  if (reach.value === undefined) return reach.skipped;
  return points.length === 0 ? 'nobody could listen at the target' : undefined;
}

function status({ paths }: PathsFacts, problems: readonly Finding[]): CheckStatus {
  const worst = statusOf(problems);
  if (worst !== 'pass') return worst;
  return paths.some((path) => unmeasured(path) !== undefined) ? 'skip' : 'pass';
}

function summary({ paths }: PathsFacts, problems: readonly Finding[]): string {
  const [first] = problems;
  if (first) return first.summary;
  const lost = paths.find((path) => unmeasured(path) !== undefined);
  if (lost) return `The way to ${lost.destination.label} could not be watched: ${unmeasured(lost)}.`;
  const refused = paths.find(({ reach }) => reach.value && !isConnected(reach.value));
  if (refused)
    return `Probe and answer pass every place that was watched; ${refused.destination.label}: ${outcomeOf(refused)}.`;
  return 'Probes and their answers pass every place that was watched.';
}

function skipped({ paths, places }: PathsFacts): Finding[] {
  const skips = new Skips();
  for (const { place } of places) skips.add(place.unwatched, `what passes ${place.label}`);
  for (const path of paths) skips.add(path.reach.skipped, `the way to ${path.destination.label}`);
  return skips.findings();
}

function pathJson({ destination, address, port, reach, points }: PathFacts): Json {
  return {
    name: destination.label,
    address,
    port,
    ...(reach.skipped === undefined ? {} : { skipped: reach.skipped }),
    connected: reach.value !== undefined && isConnected(reach.value),
    points: points.map(pointJson),
  };
}

function pointJson({ place, role, way, packet, lines }: Point): Json {
  return { place: place.place.label, role, packet, way, packets: lines === undefined ? null : lines.length };
}
