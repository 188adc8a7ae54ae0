/** Places beside the target: a run asks there before and after its probes, and has something running there meanwhile. */
import type { ProbeScripts } from './check.ts';
import type { Evidence, ProbePlan, ProbeResult } from './evidence.ts';

/** A network namespace, by whom it belongs to. */
export type Where =
  /** The run's own target. */
  | { readonly kind: 'target' }
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string }
  /** `watching`: a BPF program may be loaded into its kernel: its pod has the rights for it, if that is admitted. */
  | { readonly kind: 'node'; readonly name: string; readonly watching?: true }
  /** A container of an application itself, in which nothing is started but a program that its image may have. */
  | {
      readonly kind: 'container';
      readonly namespace: string;
      readonly pod: string;
      readonly container: string;
    }
  /** The machine that runs the target's Docker engine. */
  | { readonly kind: 'docker-host' }
  /** The network that the tool itself is in. */
  | { readonly kind: 'machine' };

/** What happens at one place. */
export interface PlacePlan {
  readonly id: string;
  /** As a person calls it: `pod/web-0`, `node/n1`. */
  readonly label: string;
  readonly where: Where;
  /** Read before the probes. */
  readonly before?: ProbePlan;
  /** Runs from before the probes until after them. */
  readonly during?: {
    readonly command: readonly string[];
    /** What it prints once it is ready. */
    readonly readyWords: string;
    /** It prints what it has seen when it is told to end (SIGTERM): it is told so, and its end awaited. */
    readonly printsAtEnd?: true;
  };
  /** Read after the probes. */
  readonly after?: ProbePlan;
  /** In place of all that: a program that prints counters, as `first` and `second`. The probes do not wait for it. */
  readonly counters?: {
    readonly command: readonly string[];
    /** How a report shows it. */
    readonly display: readonly string[];
    /** A rest without probes, in milliseconds, before they are read once more, as `third`, where these two ask for it. */
    readonly restMs: number;
    readonly isWorthMore: (first: ProbeResult, second: ProbeResult) => boolean;
  };
}

/** Why there is nothing of a place. */
export type PlaceFailure =
  /** It could not be opened or read; `text` ends a sentence. */
  | { readonly kind: 'error'; readonly text: string }
  /** The command did not get ready in time. */
  | { readonly kind: 'late' }
  /** The command ended by itself. `lastWords`: the last line that it printed before it was ready, or nothing. */
  | { readonly kind: 'ended'; readonly code: number; readonly lastWords: string };

/** What came of one place. */
export interface PlaceResult {
  readonly id: string;
  /** Of `before` and `after` under their own ids, of `during` as `seen`, of `counters`: above; empty after a failure. */
  readonly evidence: Evidence;
  readonly failure?: PlaceFailure;
  /** Before the probes all was as planned: a failure is of afterwards. */
  readonly wasReady: boolean;
}

/** How a check makes use of places. Pure. */
export interface Places<Input> {
  plan(input: Input, scripts: ProbeScripts): readonly PlacePlan[];
  /** Adds what came of them to what the check judges; called with the results of all that were planned. */
  join(input: Input, results: readonly PlaceResult[]): { readonly input: Input; readonly evidence: Evidence };
}
