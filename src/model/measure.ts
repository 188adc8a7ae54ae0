/** A number of a check as data: reports plot it, `diff` compares it, and `-o openmetrics` exports it. */

import type { MetricName } from './metrics.ts';

/** Plain JSON. All text is raw, as it came from the target. */
export interface Measure {
  /** Of a share: how many were tried. */
  readonly metric: MetricName;
  /** What it is in a word or two, for people: `round trip`. */
  readonly title: string;
  /**
   * What it is of: a destination, and how it was asked. `endpoint` is one of several that stand behind it, and may have another
   * name in the next run.
   */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: Times | Share | Level;
  /** IDs of the findings that are raised by this share alone: they come and go with the noise that it has. */
  readonly judgedBy?: readonly string[];
}

/** A series of times in milliseconds, in the order in which they were taken. */
export interface Times {
  readonly kind: 'times';
  readonly ms: readonly number[];
}

/** So many of all tries were lost, or slow. */
export interface Share {
  readonly kind: 'share';
  readonly lost: number;
  readonly tries: number;
  /** How many were lost, or slow. */
  readonly lostMetric: MetricName;
  /** What became of them; absent: they were lost. */
  readonly word?: 'slow';
}

/** One number. */
export interface Level {
  readonly kind: 'level';
  /** In the base unit that the metric's name ends with. */
  readonly value: number;
  /** Absent: neither is, and two of them are not compared. */
  readonly better?: 'more' | 'less';
  /** It was counted: every difference is one. Absent: nobody knows how much it scatters. */
  readonly isExact?: true;
}
