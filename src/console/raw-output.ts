/** A stdout or stderr that carries a remote stream. */
import { fstatSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * What may wait for a slow reader before the far side is asked to. Node's own stream takes 16 KiB, less than one
 * message of the kubelet, and would stop and start the connection for each.
 */
const BUFFER_BYTES = 256 * 1024;

/** The descriptor as a stream that never blocks the process on a pipe: pings and Ctrl-C go on while a reader sleeps. */
export function rawOutput(fd: 1 | 2): Writable {
  if (!isPipe(fd)) return fd === 1 ? process.stdout : process.stderr;
  // The stream options of a Socket are documented for Duplex, which it is, and missing from its own type.
  const options = { fd, readable: false, writable: true, writableHighWaterMark: BUFFER_BYTES };
  // As Node's own streams have it: who has much to write does so by it, while nothing waits in the stream.
  const output = Object.assign(new Socket(options as SocketConstructorOpts), { fd });
  if (fd === 2) becomeStderr(output);
  return output;
}

/**
 * From now on process.stderr is this one, too: what is said there comes behind what waits. And while one stream waits for a descriptor
 * no other can be opened on it (libuv: EEXIST); Node asks for process.stderr whenever it closes a socket, which would stay open then,
 * and with it the process.
 */
function becomeStderr(output: Writable): void {
  // Nobody is left to read it.
  output.on('error', () => undefined);
  Object.defineProperty(process, 'stderr', { configurable: true, enumerable: true, get: () => output });
}

/**
 * Both outputs. Where they lead into one pipe they are one stream: of two, each with what waits for the reader, one would get past the
 * other, into the middle of its lines.
 */
export function rawOutputs(): { readonly stdout: Writable; readonly stderr: Writable } {
  const stdout = rawOutput(1);
  if (!areOnePipe()) return { stdout, stderr: rawOutput(2) };
  becomeStderr(stdout);
  return { stdout, stderr: stdout };
}

/** A number of 0 tells nothing apart: so it is of pipes on Windows, and of sockets on some systems. */
function areOnePipe(): boolean {
  if (!isPipe(1) || !isPipe(2)) return false;
  const [out, err] = [fstatSync(1), fstatSync(2)];
  return out.ino !== 0 && out.dev === err.dev && out.ino === err.ino;
}

/** True for a pipe or a socket. Not every handle that Windows passes to a program can be asked: such a one is neither. */
export function isPipe(fd: 1 | 2): boolean {
  try {
    const kind = fstatSync(fd);
    return kind.isFIFO() || kind.isSocket();
  } catch {
    return false;
  }
}

/** Resolves when all that was written so far has been taken. */
export async function drained(stream: Writable): Promise<void> {
  if (stream.writableLength === 0) return;
  await new Promise<void>((resolve) => stream.write(Buffer.alloc(0), () => resolve()));
}
