/** What came of a question to the API that a run can go on without, and which of three things that was. */
import { ApiError, UnreachableError } from './errors.ts';

export type Reading<T> =
  | { readonly value: T; readonly denied?: undefined; readonly failed?: undefined }
  /** The user may not read it: that is how it is for this user, and no news. */
  | { readonly value?: undefined; readonly denied: string; readonly failed?: undefined }
  /** No answer, or one of a server in trouble: what is there is not known, and the report has to say so. */
  | { readonly value?: undefined; readonly denied?: undefined; readonly failed: string };

/**
 * Tells the three apart. The words are the server's or the client's own, without a full stop.
 * @throws the signal's reason when aborted, and what is no answer of the API at all
 */
export async function readingOf<T>(read: Promise<T>, signal?: AbortSignal): Promise<Reading<T>> {
  try {
    return { value: await read };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
    const words = error.message.replace(/\.$/, '');
    return error instanceof ApiError && error.status === 403 ? { denied: words } : { failed: words };
  }
}
