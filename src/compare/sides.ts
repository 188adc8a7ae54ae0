/** What a comparison works with: the same measure in both runs, and what is said of it in the end. Pure. */
import type { Change, ComparedTimes, Remark } from '../model/diff.ts';
import type { Measure } from '../model/measure.ts';
import type { CheckResult } from '../model/report.ts';

/** What comparing gathers before it is known how many tests there are: each p waits for its correction. */
export interface Gathered {
  readonly tested: Tested[];
  /** What needs no test. */
  readonly changes: Change[];
  readonly noise: Remark[];
  readonly notCompared: Remark[];
  readonly compared: { checks: number; findings: number; measures: number; pairs: number };
}

/** A difference that a test has to decide. */
export interface Tested {
  readonly change: Omit<Change, 'test'>;
  readonly name: 'Mann–Whitney U' | "Fisher's exact";
  /** As it came out of the test. */
  readonly p: number;
  /** Below this, once corrected, it is no chance. */
  readonly level: number;
  /** It is large enough to matter. */
  readonly isLarge: boolean;
  readonly times?: ComparedTimes;
}

export function nothingYet(): Gathered {
  return {
    tested: [],
    changes: [],
    noise: [],
    notCompared: [],
    compared: { checks: 0, findings: 0, measures: 0, pairs: 0 },
  };
}

/** Only the checks can tell what they measured. */
export type MeasuresOf = (check: CheckResult) => readonly Measure[];

/** `svc/db:5432 → db-0, icmp`. */
export function labelText({ labels }: Pick<Measure, 'labels'>): string {
  const { endpoint, ...rest } = labels;
  const [first = '', ...others] = Object.values(rest);
  return [endpoint === undefined ? first : `${first} → ${endpoint}`, ...others].join(', ');
}

/** What tells measures of one check apart. */
export function measureKey({ metric, labels }: Measure): string {
  return JSON.stringify([metric, Object.entries(labels)]);
}

/** The same of all endpoints of one destination: a rollout gives each of them another name. */
export function familyKey({ metric, labels: { endpoint: _one, ...labels } }: Measure): string {
  return JSON.stringify([metric, Object.entries(labels)]);
}

/** What a finding is about, without the endpoint's name. */
export function familyOf(subject: string | undefined): string | undefined {
  return subject?.replace(/ → .*$/s, '');
}
