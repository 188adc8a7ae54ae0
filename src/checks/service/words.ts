/** Attempts in words, and the lines that prove them. Pure. */

import type { Quote } from '../../model/report.ts';
import { outcomeText, quoteTries } from '../shared/reach-probe.ts';
import { tell } from '../shared/reason.ts';
import type { Attempt } from './facts.ts';

export function attemptText({ reach }: Attempt): string {
  return reach.value ? outcomeText(reach.value) : tell(reach.skipped);
}

export function quoteAttempt({ result }: Attempt): Quote[] {
  return quoteTries(result, 2);
}
