/** What an input is gathered from. */
import type { RunOptions } from '../model/args.ts';
import type { Destination } from '../model/destination.ts';
import type { ProbeResult } from '../model/evidence.ts';
import type { Subject } from './subject.ts';

/** One run's sources: the target, with the API where it has one, and the command line. */
export interface InputContext {
  readonly subject: Subject;
  readonly args: RunOptions;
  /** The user's DESTs, resolved once for all checks. */
  readonly asked: readonly Destination[];
  /** Of large Services, whose endpoints are not all among `asked`: one connection to each, by the Service's label. */
  readonly sweeps?: ReadonlyMap<string, ProbeResult>;
  readonly signal: AbortSignal;
}
