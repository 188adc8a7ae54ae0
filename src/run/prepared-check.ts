import type { Check } from '../model/check.ts';

/** A check together with the input of one run of it; the rest of a run need not know the input's type. */
export interface PreparedCheck {
  readonly check: Check<unknown>;
  readonly input: unknown;
}
