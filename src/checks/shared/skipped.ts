/** NT-SYS-001: what was not looked at, and why. */

import type { FindingMeta, Occurrence } from '../../model/finding.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Reason } from '../../model/reason.ts';
import { POD_WORDS } from './place-words.ts';
import { tell } from './reason.ts';
import { occurrence } from './rule.ts';

export const SKIPPED: FindingMeta = {
  id: 'NT-SYS-001',
  title: 'Not measured',
  severities: ['info'],
  meaning:
    'Part of a check could not be done here: a tool or a right is missing, or there is nothing to look at. It is neither a pass nor a failure.',
  rule: 'A command of the check did not run or was refused, or the API server did not answer what the check needs to know.',
  source: "the command's own words",
  remedy: 'This is not a problem of the target: what is listed was not checked.',
};

/** Collects reasons; each is reported once, with everything that it kept from being measured. */
export class Skips {
  readonly #words: PlaceWords;
  readonly #byReason = new Map<string, Set<string>>();

  /** @param words of the place that the reasons are about */
  constructor(words: PlaceWords = POD_WORDS) {
    this.#words = words;
  }

  /** Does nothing without a reason, so that a result can be passed on as it is. A text is a reason that is only reported. */
  add(why: Reason | string | undefined, what: string): void {
    if (why === undefined) return;
    const reason = typeof why === 'string' ? why : tell(why, this.#words);
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? new Set()).add(what));
  }

  findings(): Occurrence[] {
    return [...this.#byReason].map(([reason, what]) =>
      occurrence(SKIPPED, 'info', `${[...what].join(', ')}: ${reason}.`, []),
    );
  }
}
