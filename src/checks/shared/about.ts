/** Declares what is known of a check without its code, and reads from a run's arguments what they say for it. Pure. */
import type { RunOptions } from '../../model/args.ts';
import type { CheckAbout, ThresholdSpecs, ThresholdsOf } from '../../model/check-about.ts';

/** Gives the declaration its types. */
export function defineAbout<const Specs extends ThresholdSpecs, Options extends object = never>(
  about: CheckAbout<Options, Specs>,
): CheckAbout<Options, Specs> {
  return about;
}

/** What the flags of the check's own command say; `undefined` where another command runs it, a diagnosis. */
export function optionsIn<Options extends object>(
  { options }: Pick<RunOptions, 'options'>,
  { id }: CheckAbout<Options>,
): Options | undefined {
  return options[id] as Options | undefined;
}

export function thresholdsIn<Specs extends ThresholdSpecs>(
  { thresholds }: Pick<RunOptions, 'thresholds'>,
  { id }: { readonly id: string; readonly thresholds: Specs },
): ThresholdsOf<Specs> {
  return thresholds[id] as ThresholdsOf<Specs>;
}
