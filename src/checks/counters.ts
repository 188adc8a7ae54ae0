/** The kernel's counters before and after a run. Pure. */
import type { Evidence, ProbeResult } from '../model/evidence.ts';
import type { Counters } from '../parsers/proc-net.ts';

/** Counters at both ends of a run, and what they were read from. */
export interface CounterSnapshots {
  readonly before: Counters;
  readonly after: Counters;
  readonly quotes: readonly ProbeResult[];
}

/** @param name of the snapshots, without `-before` and `-after`; one that is missing has no counters */
export function counterSnapshots(
  evidence: Evidence,
  name: string,
  parse: (text: string) => Counters,
): CounterSnapshots {
  const [before, after] = [evidence[`${name}-before`], evidence[`${name}-after`]];
  return {
    before: parse(before?.stdout ?? ''),
    after: parse(after?.stdout ?? ''),
    quotes: [before, after].filter((r) => r !== undefined),
  };
}
