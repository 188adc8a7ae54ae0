/** A check that is looked at while it runs. */
import type { Evidence } from './evidence.ts';
import type { Table } from './table.ts';

/** What was seen so far. Plain JSON; all text is raw, as it came from the target. */
export interface LiveView {
  /** How long it has run, and is to run, in seconds. */
  readonly seconds: number;
  readonly ofSeconds: number;
  /** What there is so far, without its full stop. */
  readonly summary: string;
  /** The worst first. */
  readonly table: Table;
}

/** What a check makes of the lines that one of its probes prints while it runs. It has a state, and does nothing else. */
export interface LiveWatch {
  /** The id of the probe. */
  readonly probe: string;
  /** What its command gets besides, so that it prints such lines; a line on its stdin then ends it early. */
  readonly words: readonly string[];
  /** Takes a line; false: it belongs to the probe's result. */
  take(line: string): boolean;
  /** Of the commands that the check runs afterwards, those that names are made of. */
  readonly naming: readonly string[];
  /** Takes their results. */
  learn(evidence: Evidence): void;
  /** Whether these results, read again, may tell more than is known. */
  readonly lacksNames: boolean;
  /** `undefined`: it has not begun. */
  readonly view: LiveView | undefined;
}

/** Who looks on. */
export interface LiveSink {
  /** Runs the watch; its signal says that who looks on has seen enough. */
  during<T>(watch: (enough: AbortSignal) => Promise<T>): Promise<T>;
  show(view: LiveView): void;
}
