/**
 * A stdout or stderr that carries a remote stream. `process.stdout` writes to pipes synchronously: a slow reader
 * would stop the event loop, and with it pings and Ctrl-C. This one writes in the background, so back-pressure
 * reaches the far side and the process stays awake.
 */
import { write } from 'node:fs';
import { Writable } from 'node:stream';

/** How long a pipe that is full and non-blocking is left alone. */
const RETRY_MS = 5;
const BUFFER_BYTES = 256 * 1024;

/** Writes to a descriptor that stays open. A terminal is written by Node's own stream, which knows its kind. */
export function rawOutput(fd: 1 | 2): Writable {
  const stream = fd === 1 ? process.stdout : process.stderr;
  if (stream.isTTY) return stream;
  return new Writable({
    highWaterMark: BUFFER_BYTES,
    write: (chunk: Buffer, _encoding, done) => writeAll(fd, chunk, done),
    writev: (chunks, done) => writeAll(fd, Buffer.concat(chunks.map((c) => c.chunk as Buffer)), done),
  });
}

function writeAll(fd: number, bytes: Buffer, done: (error?: Error | null) => void): void {
  write(fd, bytes, 0, bytes.length, null, (error, written) => {
    if (error && error.code !== 'EAGAIN') return done(error);
    const rest = error ? bytes : bytes.subarray(written);
    if (rest.length === 0) return done();
    // A pipe that another process has made non-blocking says EAGAIN when it is full.
    if (error) setTimeout(() => writeAll(fd, rest, done), RETRY_MS);
    else writeAll(fd, rest, done);
  });
}

/** Resolves when all that was written so far has been taken. */
export async function drained(stream: Writable): Promise<void> {
  await new Promise<void>((resolve) => stream.write(Buffer.alloc(0), () => resolve()));
}
