/** What differs between two runs: the contract of `diff -o json`. */
import type { Severity } from './report.ts';

/** A run that was compared. */
export interface DiffSide {
  /** The file, as it was typed. */
  readonly file: string;
  /** What it is of: `pod/web-0 in shop`, `40 pods in shop`, `a matrix of 6 sources and 6 destinations`. */
  readonly of: string;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
}

/** `new` and `gone` are said of findings, targets and places; `worse` and `better` of what is in both runs. */
export type ChangeKind = 'new' | 'gone' | 'worse' | 'better';

/** The test that a change rests on; of what is counted or read, and does not scatter, there is none. */
export interface ChangeTest {
  readonly name: 'Mann–Whitney U' | "Fisher's exact";
  /** Corrected for the number of comparisons (Holm). */
  readonly p: number;
}

export interface Change {
  readonly kind: ChangeKind;
  readonly what: 'finding' | 'measure' | 'target' | 'pair';
  /** A reason to stop: worse than before, and by more than chance. */
  readonly isRegression: boolean;
  /** The target, or the pair. */
  readonly where: string;
  /** One sentence with the numbers. */
  readonly summary: string;
  /** What it is of: the destination of a finding, the name of a measure. */
  readonly subject?: string;
  /** Of a finding. */
  readonly id?: string;
  readonly severity?: Severity;
  /** Of a finding: the ID of the one that explains it. */
  readonly causedBy?: string;
  readonly test?: ChangeTest;
}

/** What is told, and no change. */
export interface Remark {
  /** The target, or the matrix. */
  readonly where: string;
  readonly text: string;
}

/** Series of times of both runs. */
export interface ComparedTimes {
  readonly name: string;
  readonly beforeMs: readonly number[];
  readonly afterMs: readonly number[];
}

/** `worse`: there is a regression. `unknown`: what was measured before could not be compared, and nothing is worse. */
export type DiffVerdict = 'worse' | 'better' | 'same' | 'unknown';

export interface Diff {
  readonly apiVersion: 'nettools/v1';
  readonly kind: 'Diff';
  readonly tool: { readonly version: string };
  readonly before: DiffSide;
  readonly after: DiffSide;
  readonly verdict: DiffVerdict;
  /** Regressions first. */
  readonly changes: readonly Change[];
  /** Differences that chance alone makes as often: told, and no reason for anything. */
  readonly noise: readonly Remark[];
  /** What was measured in one run and could not be compared. */
  readonly notCompared: readonly Remark[];
  /** What was compared. */
  readonly compared: {
    readonly checks: number;
    readonly findings: number;
    readonly measures: number;
    readonly pairs: number;
  };
  /** Of what is worse or better, for plots. */
  readonly times: readonly ComparedTimes[];
}

/** What counts as a change. */
export interface DiffLimits {
  /** A shift of times below so many milliseconds is none, whatever a test says. */
  readonly leastShiftMs: number;
  /** Nor is one below this share of what it was. */
  readonly leastShiftShare: number;
  /** Nor a difference of two shares of loss below this. */
  readonly leastLoss: number;
  /** Findings from this severity on are regressions where they are new. */
  readonly failOn: Severity;
}
