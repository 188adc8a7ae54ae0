/** What the API should have said before the run and did not, for a reason other than the user's rights. Pure. */
import type { Check } from '../../model/check.ts';
import { Skips } from './skipped.ts';

export interface Unread {
  /** What is not known because of it. */
  readonly what: string;
  /** Without a full stop. */
  readonly reason: string;
}

/** The part of an input that says so; absent: all was read. */
export interface MaybeUnread {
  readonly unread?: readonly Unread[];
}

/** Judges as `judge` does, and tells what was not read. */
export function tellingUnread<Input>(judge: Check<Input>['judge']): Check<Input & MaybeUnread>['judge'] {
  return (evidence, input, words) => {
    const judgement = judge(evidence, input, words);
    const skips = new Skips();
    for (const { what, reason } of input.unread ?? []) skips.add(reason, what);
    return { ...judgement, findings: [...judgement.findings, ...skips.findings()] };
  };
}

/** As part of an input; an empty list leaves the input as it was. */
export function unreadPart(unread: readonly Unread[]): MaybeUnread {
  return unread.length === 0 ? {} : { unread };
}
