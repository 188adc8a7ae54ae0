/** What is known about a finding besides one occurrence of it: its page in the docs, and what `explain` prints. */
import type { Advice } from './advice.ts';
import type { Finding, Severity } from './report.ts';

/**
 * What follows from a finding. A rule knows its own evidence only; this is what is known of networks as a whole: without
 * a link there is no neighbour, without a neighbour no route works, and so on up.
 */
export interface Explanation {
  /**
   * Of two causes of the same finding the one with the smaller depth is named. From 100 on the engine's networks, 200 its
   * host, 300 the link, 400 neighbours, 500 routes, 600 Services, 700 what drops packets, 800 what connections come to, 900
   * names, sizes and load. No two have the same.
   */
  readonly depth: number;
  /** What follows, wherever it is about: whatever the target sends suffers. IDs, or classes (`NT-DNS`). */
  readonly target?: readonly FindingPrefix[];
  /** What follows where it is about the same destination. */
  readonly subject?: readonly FindingPrefix[];
}

/** An ID, or a class: what several IDs begin with. */
export type FindingPrefix = `NT-${string}`;

/** A finding's metadata. */
export interface FindingMeta {
  /** `NT-CLASS-NNN`; stable. */
  readonly id: string;
  readonly title: string;
  /** The severities that it can have, by what decides. */
  readonly severities: readonly Severity[];
  /** What it means, in two or three sentences. */
  readonly meaning: string;
  /** When exactly it is raised, with the thresholds. */
  readonly rule: string;
  /** Where the thresholds come from. */
  readonly source: string;
  /** What to do about it. */
  readonly remedy: Advice;
  /** The same where no cluster is, in place of a remedy that speaks of pods and their nodes; absent: `remedy` fits there too. */
  readonly remedyOutside?: string;
  /** `host`: it is about links and routes that a node has like any other machine: `remedyOutside` holds there too. */
  readonly scope?: 'host';
  /** Of which other findings it is the cause; absent: of none. */
  readonly explains?: Explanation;
  /** A moment of load looks the same: it is reported only where another look, after a pause, shows it again. */
  readonly isSeenTwice?: boolean;
  /** Whether what is known of a part of its subject (one endpoint of a Service) explains it too. */
  readonly followsFromParts?: boolean;
}

/** A finding as its rule raises it: its remedy still has the commands as values, for whoever knows the target. */
export interface Occurrence extends Omit<Finding, 'remediation'> {
  readonly remediation: Advice;
  /**
   * Labels of destinations that do not suffer by it, though it explains what the whole target suffers (`target` of its
   * {@link Explanation}): those whose way it is not on. Not part of the report.
   */
  readonly spares?: readonly string[];
  /**
   * What else is found about the same destination and is one case of this: that a single connection was lost says less than
   * that a share of many was. Not part of the report.
   */
  readonly covers?: readonly FindingPrefix[];
}
