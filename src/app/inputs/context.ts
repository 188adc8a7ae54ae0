/** What an input is gathered from. */
import type { CheckArgs } from '../../model/args.ts';
import type { Destination } from '../../model/destination.ts';
import type { Subject } from '../subject.ts';

/** One run's sources: the target, with the API where it has one, and the command line. */
export interface InputContext {
  readonly subject: Subject;
  readonly args: CheckArgs;
  /** The user's DESTs, resolved once for all checks. */
  readonly asked: readonly Destination[];
  readonly signal: AbortSignal;
}
