/**
 * What is known of a check without its code: its place, its command, its flags and its thresholds. The command line is
 * made from it, and so are the configuration's keys and their docs.
 */
import type { Flag, NumberRange } from './flag.ts';
import type { FlagValues } from './flag-values.ts';

/** A command line with what it shows. */
export interface Example {
  /** One line. */
  readonly comment: string;
  /** What to type after `kubectl nettools`. */
  readonly line: string;
}

/** A limit of a finding that no authority outside the project gives: whoever knows their network sets it. */
export interface ThresholdSpec {
  /** Of the flag, and with capitals in place of dashes of the configuration's key. */
  readonly name: string;
  readonly describe: string;
  /** As a user would type it. */
  readonly default: string;
  /** A share is typed in percent and becomes a fraction; a duration becomes milliseconds. */
  readonly type: 'share' | 'duration' | NumberRange;
  /** Of a share, in percent. */
  readonly least?: number;
}

export type ThresholdSpecs = Readonly<Record<string, ThresholdSpec>>;

/** The values of thresholds, by the same names. */
export type ThresholdsOf<Specs extends ThresholdSpecs> = { readonly [Name in keyof Specs]: number };

/** How a user calls a check. */
export interface CheckCommand<Options extends object> {
  /** Among the checks in the help, the lowest first. */
  readonly place: number;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly details?: string;
  /** What may follow the name, without the flags. */
  readonly synopsis: string;
  readonly examples: readonly Example[];
  /** Whether it takes `--to`, or has nothing to do without. */
  readonly destinations: 'none' | 'may' | 'must';
  /** The words after TARGET are names for it to look at. */
  readonly takesNames?: boolean;
  /** Of many targets it takes one after the other: two at once would disturb each other's measurement. */
  readonly oneAtATime?: boolean;
  /** Whether it can also listen at the other end: `--both-ends`, `--deep`. */
  readonly watches?: boolean;
  /**
   * Whether it needs a BPF program in the kernel of the target's machine: a pod is then looked at from its node. `if-admitted`:
   * it can make use of one on a node.
   */
  readonly watchesKernel?: true | 'if-admitted';
  /** Checks that it runs as well, by their ids. */
  readonly alsoRuns?: readonly string[];
  readonly flags?: readonly Flag[];
  /** What the flags say. @throws {UserError} exit 2 */
  options?(values: FlagValues): Options;
  /** @throws {UserError} exit 2: one of the DESTs is none for this check */
  refuse?(destinations: readonly string[]): void;
  /** How long the user wants to measure, in ms. */
  measuringMs?(options: Options, destinations: number): number;
}

export interface CheckAbout<Options extends object = object, Specs extends ThresholdSpecs = ThresholdSpecs> {
  readonly id: string;
  /** Present for a part of the diagnosis: the checks that come before it, as what they find may be its cause. */
  readonly diagnosis?: { readonly after: readonly string[] };
  readonly thresholds: Specs;
  /** Absent: it is a part of other commands only. */
  readonly command?: CheckCommand<Options>;
}
