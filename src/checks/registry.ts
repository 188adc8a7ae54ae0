/** All checks. A saved run names its checks by these ids. */
import type { Check } from '../model/check.ts';
import { latency } from './latency/check.ts';
import { mtu } from './mtu/check.ts';

/** A check together with the input of one run of it. */
export interface PreparedCheck<Input = unknown> {
  readonly check: Check<Input>;
  readonly input: Input;
}

/** Ties an input to its check; the rest of a run need not know the input's type. */
export function prepared<Input>(check: Check<Input>, input: Input): PreparedCheck {
  return { check, input } as PreparedCheck;
}

export const CHECKS = { latency } as const;

/** What a diagnosis looks at, in the order in which causes lie: the link first, then what stands on it. */
export const DIAGNOSIS: readonly CheckId[] = ['latency'];

/** The name of a check. */
export type CheckId = keyof typeof CHECKS;
