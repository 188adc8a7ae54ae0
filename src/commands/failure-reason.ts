import { InterruptedError } from '../console/interrupt.ts';
import { UserError } from '../model/errors.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { toUserError } from '../open/failures.ts';

/**
 * Why nothing came of one target of many: a sentence without its full stop.
 * @param then what an interrupt came before
 */
export function reasonOf(error: unknown, then = 'it was measured'): string {
  if (error instanceof InterruptedError) {
    const why = error.signal === 'SIGALRM' ? 'the deadline passed' : 'interrupted';
    return `${why} before ${then}`;
  }
  const known = toUserError(error);
  if (!(known instanceof UserError)) return error instanceof Error ? error.message : String(error);
  return withoutFullStop(known.message);
}
