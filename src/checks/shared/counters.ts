/** The kernel's counters before and after a run. Pure. */

import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import type { Counters } from '../../parsers/proc-net.ts';
import { read } from './measured.ts';

/** Counters at both ends of a run, and what they were read from. */
export interface CounterSnapshots {
  readonly before: Counters;
  readonly after: Counters;
  readonly quotes: readonly ProbeResult[];
  /** Why they are not known at one of the ends; both are empty then. */
  readonly skipped?: Reason | undefined;
}

/** @param name of the snapshots, without `-before` and `-after`; one that is missing has no counters */
export function counterSnapshots(
  evidence: Evidence,
  name: string,
  parse: (text: string) => Counters,
): CounterSnapshots {
  const results = [evidence[`${name}-before`], evidence[`${name}-after`]];
  const [before, after] = results.map((result) =>
    read(result, 'cat', (text) => {
      const counters = parse(text);
      return Object.keys(counters).length === 0 ? undefined : counters;
    }),
  );
  const skipped = before?.skipped ?? after?.skipped;
  return {
    before: (skipped === undefined ? before?.value : undefined) ?? {},
    after: (skipped === undefined ? after?.value : undefined) ?? {},
    quotes: results.filter((r) => r !== undefined),
    skipped,
  };
}
