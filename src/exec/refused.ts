/** The server's words for an upgrade that it has refused. */
import type { IncomingMessage } from 'node:http';
import { type ExecRefusedError, refusal } from './errors.ts';

/** A refused upgrade's body is read up to here, in bytes and in time. */
const MAX_ERROR_BODY = 64 * 1024;
const ERROR_BODY_TIMEOUT_MS = 2_000;

/** Reads them, as far as they come. @param limitMs of the handshake, whose end would take the status code with it */
export async function readRefusal(response: IncomingMessage, limitMs: number): Promise<ExecRefusedError> {
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => response.destroy(), Math.min(ERROR_BODY_TIMEOUT_MS, limitMs / 2));
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > MAX_ERROR_BODY) break;
    }
  } catch {
    // A body cut short still leaves the status code to report.
  } finally {
    clearTimeout(timer);
  }
  const status = response.statusCode ?? 0;
  return refusal(status, Buffer.concat(chunks).subarray(0, MAX_ERROR_BODY).toString('utf8'));
}
