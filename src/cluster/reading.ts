/** From a request to a {@link Reading} of what it asked for. */
import { ApiError, isForbidden, UnreachableError } from '../kube/errors.ts';
import type { Reading, Unanswered } from '../model/cluster-view.ts';
import { withoutFullStop } from '../model/sentence.ts';

/**
 * Tells an answer, a lack of rights and a failure apart.
 * @param what the user may not read where the server says so
 * @throws the signal's reason when aborted, and what is not an answer of the API at all
 */
export async function readingOf<T>(what: string, read: Promise<T>, signal: AbortSignal): Promise<Reading<T>> {
  try {
    return { value: await read };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
    return isForbidden(error) ? { error, denied: what } : { error, failed: withoutFullStop(error.message) };
  }
}

/** What was read. @throws the error that there is instead */
export function needed<T>(reading: Reading<T>): T {
  if (reading.error !== undefined) throw reading.error;
  return reading.value;
}

/** Why nothing was read, in words that end a sentence. */
export function unreadReason({ denied, failed }: Unanswered): string {
  return denied === undefined ? failed : `you may not read ${denied}`;
}
