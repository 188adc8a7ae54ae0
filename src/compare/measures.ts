/** The measures of one check in both runs. Pure. */
import type { Change, DiffLimits } from '../model/diff.ts';
import type { Level, Measure, Share, Times } from '../model/measure.ts';
import { fisher } from '../statistics/fisher.ts';
import { mannWhitney } from '../statistics/mann-whitney.ts';
import { quantile, sorted } from '../statistics/quantile.ts';
import { familyKey, type Gathered, labelText, measureKey, type Tested } from './sides.ts';

/**
 * Of fewer answers on a side nothing is said. A test takes each for a try of its own, and a burst of ten queries is one
 * moment: on a node whose CPU is taken all of them are slow together. (ours: so ten DNS queries of a healthy node differed)
 */
const LEAST_TIMES = 20;
/**
 * But where not one of so many answers is as fast as the slowest of the other run, and they are so many ms apart, no moment of
 * a busy node made it. (ours: of 2256 pairs of ten DNS queries each, of a healthy cluster under loads of 4 to 14 on two cores,
 * the medians were up to 80 ms apart, and in none was every answer slower by 20 ms)
 */
const LEAST_APART = 8;
const LEAST_MS_APART = 50;
/** Ten and ten can be no less likely than 1 in 90,000: of a list of fifty targets that is one of a hundred. */
const APART_LEVEL = 0.01;
/** A shift that chance makes in one of a thousand comparisons. (ours: a gate that cries wolf is taken out) */
const TIMES_LEVEL = 0.001;
/** Losses are rare events: at one of a thousand, 50 probes could not tell 16 % from none. */
const LOSS_LEVEL = 0.01;
/** And in three of four pairs the later one has to be the slower. (ours) */
const LEAST_SUPERIORITY = 0.75;
/** One number without a scatter has to double or halve: two runs of one TCP connection differ by a third. (ours) */
const LEAST_RATIO = 2;

export function compareMeasures(
  where: string,
  before: readonly Measure[],
  after: readonly Measure[],
  limits: DiffLimits,
  into: Gathered,
): void {
  const families = new Map<string, Family>();
  for (const one of before) familyIn(families, one).before.push(one);
  for (const one of after) familyIn(families, one).after.push(one);
  for (const family of families.values()) {
    const { pairs, gone } = paired(family);
    for (const [one, other] of pairs) compareOne(where, one, other, limits, into);
    // Of endpoints there may be fewer: how many, the check of the Service counts.
    for (const one of gone)
      if (pairs.length === 0 || one.labels['endpoint'] === undefined) missing(where, one, after, into);
  }
}

interface Family {
  readonly before: Measure[];
  readonly after: Measure[];
}

function familyIn(families: Map<string, Family>, one: Measure): Family {
  const key = familyKey(one);
  const family = families.get(key) ?? { before: [], after: [] };
  families.set(key, family);
  return family;
}

/** The same endpoint first, then in order. */
function paired({ before, after }: Family): { pairs: (readonly [Measure, Measure])[]; gone: Measure[] } {
  const left = new Map(after.map((one) => [measureKey(one), one]));
  const pairs: (readonly [Measure, Measure])[] = [];
  const take = (one: Measure, key: string | undefined): boolean => {
    const other = key === undefined ? undefined : left.get(key);
    if (key === undefined || other === undefined) return false;
    pairs.push([one, other]);
    left.delete(key);
    return true;
  };
  const moved = before.filter((one) => !take(one, measureKey(one)));
  return { pairs, gone: moved.filter((one) => !take(one, left.keys().next().value)) };
}

/** That no time is left where all is lost says the loss, which has a measure of its own. */
function missing(where: string, one: Measure, after: readonly Measure[], into: Gathered): void {
  const isLost = after.some(
    ({ value, labels }) =>
      value.kind === 'share' &&
      value.word === undefined &&
      value.lost === value.tries &&
      withoutEndpoint(labels) === withoutEndpoint(one.labels),
  );
  if (!isLost)
    into.notCompared.push({ where, text: `${one.title} of ${labelText(one)} was not measured again` });
}

function withoutEndpoint({ endpoint: _one, ...labels }: Measure['labels']): string {
  return JSON.stringify(Object.entries(labels));
}

function compareOne(where: string, one: Measure, other: Measure, limits: DiffLimits, into: Gathered): void {
  const [a, b] = [one.value, other.value];
  const name = `${labelText(other)}: ${one.title}`;
  if (a.kind === 'times' && b.kind === 'times') {
    const least = Math.min(a.ms.length, b.ms.length);
    if (least < LEAST_TIMES) {
      // Where both runs have so few, nothing was lost between them.
      if (a.ms.length >= LEAST_TIMES)
        into.notCompared.push({
          where,
          text: `${name}: ${b.ms.length} answers are too few (${LEAST_TIMES} are needed)`,
        });
      else if (least >= LEAST_APART && areApart(a.ms, b.ms))
        into.tested.push({ ...testTimes(where, name, a, b, limits), level: APART_LEVEL });
      return;
    }
    into.compared.measures++;
    into.tested.push(testTimes(where, name, a, b, limits));
  } else if (a.kind === 'share' && b.kind === 'share') {
    into.compared.measures++;
    into.tested.push(testShares(where, name, a, b, limits));
  } else if (a.kind === 'level' && b.kind === 'level' && a.better !== undefined) {
    into.compared.measures++;
    compareLevels(where, name, a, b, into);
  }
}

/** Each of one run is far from all of the other. */
function areApart(before: readonly number[], after: readonly number[]): boolean {
  const [a, b] = [sorted(before), sorted(after)];
  const gap = Math.max((b[0] ?? 0) - (a.at(-1) ?? 0), (a[0] ?? 0) - (b.at(-1) ?? 0));
  return gap > 0 && Math.abs(quantile(b, 0.5) - quantile(a, 0.5)) >= LEAST_MS_APART;
}

/** @param name what the series is of: it begins the sentence */
export function testTimes(
  where: string,
  name: string,
  { ms: before }: Pick<Times, 'ms'>,
  { ms: after }: Pick<Times, 'ms'>,
  { leastShiftMs, leastShiftShare }: DiffLimits,
): Tested {
  const { p, shift, superiority } = mannWhitney(before, after);
  const median = quantile(sorted(before), 0.5);
  const isSlower = shift > 0;
  const was = `${msText(median)} in the median of ${before.length}`;
  const now = `${msText(quantile(sorted(after), 0.5))} of ${after.length}`;
  // A way that got faster by a share may have had little to lose.
  const share = isSlower ? leastShiftShare : leastShiftShare / (1 + leastShiftShare);
  return {
    change: {
      kind: isSlower ? 'worse' : 'better',
      what: 'measure',
      isRegression: isSlower,
      where,
      subject: name,
      summary: `${name} ${was}, now ${now}: ${msText(Math.abs(shift))} ${isSlower ? 'slower' : 'faster'}.`,
    },
    name: 'Mann–Whitney U',
    p,
    level: TIMES_LEVEL,
    isLarge:
      Math.abs(shift) >= leastShiftMs &&
      Math.abs(shift) >= median * share &&
      (isSlower ? superiority : 1 - superiority) >= LEAST_SUPERIORITY,
    times: { name: `${where}, ${name}`, beforeMs: before, afterMs: after },
  };
}

export function testShares(
  where: string,
  name: string,
  before: Pick<Share, 'lost' | 'tries'>,
  after: Pick<Share, 'lost' | 'tries'>,
  { leastLoss }: DiffLimits,
): Tested {
  const change = after.lost / after.tries - before.lost / before.tries;
  const text = ({ lost, tries }: Pick<Share, 'lost' | 'tries'>): string =>
    `${lost} of ${tries} (${((lost / tries) * 100).toFixed(0)} %)`;
  return {
    change: {
      kind: change > 0 ? 'worse' : 'better',
      what: 'measure',
      isRegression: change > 0,
      where,
      subject: name,
      summary: `${name} ${text(before)}, now ${text(after)}.`,
    },
    name: "Fisher's exact",
    p: fisher(before, after),
    level: LOSS_LEVEL,
    isLarge: Math.abs(change) >= leastLoss,
  };
}

function compareLevels(where: string, name: string, a: Level, b: Level, into: Gathered): void {
  const [good, bad] = a.better === 'more' ? [b.value, a.value] : [a.value, b.value];
  const change = (kind: Change['kind']): Change => ({
    kind,
    what: 'measure',
    isRegression: kind === 'worse',
    where,
    subject: name,
    summary: `${name} ${numberText(a.value)}, now ${numberText(b.value)}.`,
  });
  const ratio = a.isExact ? 1 : LEAST_RATIO;
  if (good * ratio <= bad && good !== bad) into.changes.push(change('worse'));
  else if (bad * ratio <= good && good !== bad) into.changes.push(change('better'));
  else if (good !== bad) into.noise.push({ where, text: change('worse').summary });
}

function msText(ms: number): string {
  return `${Number(ms.toPrecision(3))} ms`;
}

function numberText(value: number): string {
  return value >= 10_000 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}
