/** Reads what the API server answers. */
import type http from 'node:http';
import { ApiError, TooLargeError } from './errors.ts';

const MAX_BODY = 64 * 1024 * 1024;

/** Reads a body to its end. @throws {TooLargeError} */
export async function readBody(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY) throw new TooLargeError('the API server sent more than 64 MiB.');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The server's own words for an answer that is an error. */
export function apiError(status: number, body: string, server: URL): ApiError {
  let parsed: { message?: unknown; reason?: unknown } = {};
  try {
    parsed = JSON.parse(body) as typeof parsed;
  } catch {
    // A proxy's HTML page, say: the status code alone is worth telling.
  }
  const message =
    typeof parsed?.message === 'string' ? parsed.message : `HTTP ${status} from ${server.origin}`;
  if (status === 401) {
    return new ApiError(
      status,
      'Unauthorized',
      `the API server at ${server.origin} does not accept these credentials (401).`,
    );
  }
  return new ApiError(status, typeof parsed?.reason === 'string' ? parsed.reason : undefined, message);
}
