/** Which requests are sent once more, and when. */
import type { ClientRequest } from 'node:http';

/** As client-go (k8s.io/client-go/rest, with ten retries). */
export const MAX_TRIES = 11;
/** Whoever asks for more patience gets an error instead. */
const LONGEST_PAUSE_MS = 30_000;

/** For these it makes no difference whether the server has acted on the first one. */
export const IDEMPOTENT = new Set(['GET', 'DELETE']);

/**
 * How long the server asks to wait before the request is sent again, in ms; `undefined`: it does not ask. Only an answer
 * with Retry-After says that nothing was done (k8s.io/apiserver sends it when it has too much to do, or starts).
 */
export function retryPauseMs(status: number, retryAfter: string | undefined): number | undefined {
  if ((status !== 429 && status !== 503) || !/^\d+$/.test(retryAfter ?? '')) return undefined;
  const pause = Number(retryAfter) * 1000;
  return pause <= LONGEST_PAUSE_MS ? pause : undefined;
}

/**
 * Whether the request came to nothing because the server, or a load balancer, had closed the kept connection that it
 * was sent on, and may be sent on another one.
 */
export function lostIdleConnection(request: ClientRequest, error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return (
    request.reusedSocket && IDEMPOTENT.has(request.method) && (code === 'ECONNRESET' || code === 'EPIPE')
  );
}
