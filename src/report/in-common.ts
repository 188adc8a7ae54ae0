/** What some targets of many have in common and the others do not. Pure. */
import type { InCommon, Trait } from '../model/report-list.ts';

/** What is known of a target, by trait. */
export type Traits = { readonly [Name in Trait]?: string | undefined };

/** Where two say as much, the first is the better answer. */
const TRAITS: readonly Trait[] = ['node', 'owner', 'zone', 'namespace'];
/** More values than this are no pattern that anybody can act on. */
const MOST_VALUES = 3;
/** What chance alone would give in more than one of five cases is not told. (ours) */
const MOST_CHANCE = 0.2;

/** One answer to what they have in common. */
interface Candidate {
  readonly inCommon: InCommon;
  readonly chance: number;
}

/**
 * The trait that all affected targets share and that chance would least likely have given them; `undefined`: none.
 * @param all the traits of all that were measured
 * @param affected their places in `all`
 */
export function inCommon(all: readonly Traits[], affected: ReadonlySet<number>): InCommon | undefined {
  if (affected.size === 0 || affected.size === all.length) return undefined;
  let best: Candidate | undefined;
  for (const trait of TRAITS) {
    const found = candidate(all, affected, trait);
    if (found !== undefined && found.chance <= MOST_CHANCE && found.chance < (best?.chance ?? 1))
      best = found;
  }
  return best?.inCommon;
}

/** Either one value that all share, or a few whose every target is affected. */
function candidate(
  all: readonly Traits[],
  affected: ReadonlySet<number>,
  trait: Trait,
): Candidate | undefined {
  const sizes = new Map<string, number>();
  for (const { [trait]: value } of all)
    if (value !== undefined) sizes.set(value, (sizes.get(value) ?? 0) + 1);
  const values = new Set<string>();
  for (const place of affected) {
    const value = all[place]?.[trait];
    if (value === undefined) return undefined;
    values.add(value);
  }
  const sharing = sum([...values].map((value) => sizes.get(value) ?? 0));
  if (sharing === all.length || values.size > MOST_VALUES) return undefined;
  if (values.size > 1 && sharing > affected.size) return undefined;
  const [n, k] = [all.length, affected.size];
  return {
    inCommon: { trait, values: [...values].sort(), others: sharing - k },
    chance:
      values.size === 1
        ? // Any of the values could have been the one.
          sum([...sizes.values()].map((size) => Math.exp(logChoices(size, k) - logChoices(n, k))))
        : Math.exp(logChoices(sizes.size, values.size) - logChoices(n, k)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** The logarithm of the binomial coefficient, which itself is more than a number holds for a thousand targets. */
function logChoices(n: number, k: number): number {
  if (k > n) return Number.NEGATIVE_INFINITY;
  let result = 0;
  for (let i = 1; i <= k; i++) result += Math.log((n - k + i) / i);
  return result;
}
