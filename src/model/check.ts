/** A check: which commands it needs, and what their results mean. */

import type { ChainQuestion } from './chain.ts';
import type { Evidence, ProbeCommand } from './evidence.ts';
import type { FindingMeta, Occurrence } from './finding.ts';
import type { LiveWatch } from './live.ts';
import type { Measure } from './measure.ts';
import type { PlaceWords } from './place-words.ts';
import type { CheckStatus, Json } from './report.ts';
import type { Table } from './table.ts';
import type { Way } from './way.ts';

/** The commands of a run in its three stages; those of one stage run at the same time. */
export interface StagedPlan {
  /** Facts, and counters as they were before. */
  readonly before: readonly ProbeCommand[];
  readonly probe: readonly ProbeCommand[];
  /** Counters as they are afterwards, and state that the probes provoked. */
  readonly after: readonly ProbeCommand[];
}

/** The texts of the probes' scripts by name; they carry no part of the user's input. */
export type ProbeScripts = Readonly<
  Record<
    | 'dns'
    | 'ping'
    | 'tcpConnect'
    | 'pathMtu'
    | 'tcpTransfer'
    | 'sweep'
    | 'reach'
    | 'portUse'
    | 'oddSockets'
    | 'unaccepted'
    | 'nextHop'
    | 'duplicates'
    | 'tls'
    | 'smallSegments'
    | 'linkSpeed'
    | 'nicCounters'
    | 'serviceRules'
    | 'netnsList'
    | 'conntrackHolders'
    | 'busiestAddresses'
    | 'tunnelWay'
    | 'inOuter'
    | 'greeting'
    | 'otherWays'
    | 'nodePortPlaces'
    | 'ifGrown'
    | 'resting'
    | 'beside'
    | 'http2'
    | 'unbound',
    string
  >
>;

/** What a check makes of its evidence. */
export interface Judgement {
  readonly status: CheckStatus;
  /** One sentence. */
  readonly summary: string;
  readonly measurements: { readonly [key: string]: Json };
  readonly findings: readonly Occurrence[];
}

/**
 * One check. `Input` is plain JSON that the app gathers from the user and the API before the run; with the evidence
 * it is all that `judge` sees, so a saved run can be judged again anywhere.
 */
export interface Check<Input> {
  readonly id: string;
  /** All findings that it can raise, for `explain` and the docs. */
  readonly findings: readonly FindingMeta[];
  plan(input: Input, scripts: ProbeScripts): StagedPlan;
  /**
   * What its evidence makes worth asking, which a target without a fault is not asked: these commands run once after all
   * others, at the same time. Pure; absent, or nothing: the evidence is all.
   */
  followUp?(evidence: Evidence, input: Input, scripts: ProbeScripts): readonly ProbeCommand[];
  /**
   * Chains in its evidence to be verified with authorities that its input names: what comes of it is evidence too, since
   * nothing pure can verify a signature. Pure; absent, or nothing: there are none.
   */
  chains?(evidence: Evidence, input: Input): readonly ChainQuestion[];
  /**
   * Pure and synchronous.
   * @param words what its sentences call the target; those of a pod where they are absent
   */
  judge(evidence: Evidence, input: Input, words?: PlaceWords): Judgement;
  /** What it measured, to be shown; absent where its summary says all of it. */
  tables?(measurements: Judgement['measurements']): readonly Table[];
  /** Its numbers, to be plotted, compared with another run's and exported; absent where it has none that are worth it. */
  measures?(measurements: Judgement['measurements']): readonly Measure[];
  /** The ways that it followed; absent where it follows none. */
  ways?(measurements: Judgement['measurements']): readonly Way[];
  /** How it is looked at while it runs; absent where there is nothing to see. */
  live?(input: Input): LiveWatch;
  /** As much of its input as makes another look worth while when it has changed; absent: all of it. */
  stateOf?(input: Input): unknown;
}

/** What a check gets before it runs. */
export type InputOf<Known> = Known extends Check<infer Input> ? Input : never;
