/** The measures of one check in both runs. Pure. */
import type { Change, DiffLimits } from '../model/diff.ts';
import type { Level, Measure, Share, Times } from '../model/measure.ts';
import { fisher } from '../statistics/fisher.ts';
import { mannWhitney } from '../statistics/mann-whitney.ts';
import { quantile, sorted } from '../statistics/quantile.ts';
import { type Gathered, labelText, measureKey, type Tested } from './sides.ts';

/** Of fewer answers on a side nothing is said: chance alone gives three of three in one of twenty. */
export const LEAST_TIMES = 8;
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
  const later = new Map(after.map((one) => [measureKey(one), one]));
  for (const one of before) {
    const other = later.get(measureKey(one));
    if (other === undefined) missing(where, one, after, into);
    else compareOne(where, one, other, limits, into);
  }
}

/** That no time is left where all is lost says the loss, which has a measure of its own. */
function missing(where: string, one: Measure, after: readonly Measure[], into: Gathered): void {
  const isLost =
    one.value.kind === 'times' &&
    after.some(
      ({ value, labels }) =>
        value.kind === 'share' && value.lost === value.tries && labelText({ labels }) === labelText(one),
    );
  if (!isLost) into.notCompared.push(`${where}: ${one.title} of ${labelText(one)} was not measured again`);
}

function compareOne(where: string, one: Measure, other: Measure, limits: DiffLimits, into: Gathered): void {
  const [a, b] = [one.value, other.value];
  const name = `${labelText(one)}: ${one.title}`;
  if (a.kind === 'times' && b.kind === 'times') {
    const least = Math.min(a.ms.length, b.ms.length);
    if (least < LEAST_TIMES) {
      // Where both runs have so few, nothing was lost between them.
      if (a.ms.length >= LEAST_TIMES)
        into.notCompared.push(
          `${where}: ${name}: ${b.ms.length} answers are too few (${LEAST_TIMES} are needed)`,
        );
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
      summary: `${name} ${was}, now ${now}: ${msText(Math.abs(shift))} ${isSlower ? 'slower' : 'faster'}.`,
    },
    name: 'Mann–Whitney U',
    p,
    level: TIMES_LEVEL,
    isLarge:
      Math.abs(shift) >= leastShiftMs &&
      Math.abs(shift) >= median * share &&
      (isSlower ? superiority : 1 - superiority) >= LEAST_SUPERIORITY,
    times: { name: where === '' ? name : `${where}, ${name}`, beforeMs: before, afterMs: after },
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
    summary: `${name} ${numberText(a.value)}, now ${numberText(b.value)}.`,
  });
  const ratio = a.isExact ? 1 : LEAST_RATIO;
  if (good * ratio <= bad && good !== bad) into.changes.push(change('worse'));
  else if (bad * ratio <= good && good !== bad) into.changes.push(change('better'));
  else if (good !== bad) into.noise.push(`${where}: ${change('worse').summary}`);
}

function msText(ms: number): string {
  return `${Number(ms.toPrecision(3))} ms`;
}

function numberText(value: number): string {
  return value >= 10_000 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}
