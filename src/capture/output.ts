/** Where a capture goes: a file, stdout, or Wireshark. */
import { constants, fstatSync, ftruncateSync, write } from 'node:fs';
import { access, type FileHandle, mkdir, open, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { drained, isPipe, rawOutput } from '../console/raw-output.ts';
import { UserError } from '../model/errors.ts';
import { fileReason } from '../model/file-reason.ts';
import { startWireshark } from './wireshark.ts';

/** Packets hold what people sent each other: nobody else on this machine needs to read them. */
const MODE = 0o600;

/** One place for whole packets. */
export interface CaptureOutput {
  /** For messages: a file's path, `stdout`, `Wireshark`. */
  readonly name: string;
  /**
   * Resolves when the bytes have been taken.
   * @throws {ReaderGoneError} nobody reads any more
   * @throws {UserError} they cannot be written
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Told when nobody reads any more, be there something to write or not. */
  onGone(callback: () => void): void;
  close(): Promise<void>;
}

/** The reader has ended; what it has read is all that it wanted. */
export class ReaderGoneError extends Error {
  override readonly name = 'ReaderGoneError';
}

/** A file; `isNew`: it must not be there yet. @throws {UserError} exit 3: it cannot be written */
export async function fileOutput(path: string, isNew: boolean): Promise<CaptureOutput> {
  let file: FileHandle;
  try {
    file = await open(path, isNew ? 'wx' : 'w', MODE);
  } catch (error) {
    throw cannotWrite(path, error);
  }
  return descriptorOutput(path, file.fd, () => file.close());
}

/**
 * Looks, without making it, whether a file can be written.
 * @throws {UserError} exit 3: it cannot
 */
export async function checkWritable(path: string): Promise<void> {
  try {
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory() === true) throw Object.assign(new Error(path), { code: 'EISDIR' });
    await access(there === undefined ? dirname(path) : path, constants.W_OK);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/**
 * Runs `work` with a folder for files of captures, made where it is missing, and gone again where no file came of it.
 * @throws {UserError} exit 3: nothing can be written there
 */
export async function withFolder<T>(path: string, work: () => Promise<T>): Promise<T> {
  const made: string[] = [];
  try {
    await prepareFolder(path, made);
    return await work();
  } finally {
    // The innermost first; one that holds something stays, and with it what leads to it.
    for (const one of made.reverse()) await rmdir(one).catch(() => undefined);
  }
}

/** @param made gets what was made on the way, be it only a part */
async function prepareFolder(path: string, made: string[]): Promise<void> {
  try {
    await makeFolder(path, made);
    await access(path, constants.W_OK);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Step by step: Node's own recursive mkdir never ends where a parent takes no folders and says ENOENT, as /proc does. */
async function makeFolder(path: string, made: string[]): Promise<void> {
  if (await isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent, made);
  await mkdir(path, 0o700);
  made.push(path);
}

/** Whether there is such a folder. */
export async function isFolder(path: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  return there?.isDirectory() === true;
}

/** This process's stdout. */
export function stdoutOutput(): CaptureOutput {
  if (isPipe(1)) return streamOutput('stdout', rawOutput(1), drained);
  return descriptorOutput('stdout', 1, async () => undefined);
}

const writeTo = promisify(write);

function descriptorOutput(name: string, fd: number, close: () => Promise<void>): CaptureOutput {
  return {
    name,
    async write(bytes) {
      let at = 0;
      try {
        while (at < bytes.length) at += (await writeTo(fd, bytes, at)).bytesWritten;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EPIPE') {
          throw new ReaderGoneError(`${name} is read no more`, { cause: error });
        }
        throw cannotWrite(name, error, takeBack(fd, at));
      }
    },
    onGone: () => undefined,
    close,
  };
}

/** Half a packet at the end would make the whole file look broken. @returns whether it is a file that was mended */
function takeBack(fd: number, bytes: number): boolean {
  const file = fstatSync(fd);
  if (!file.isFile()) return false;
  ftruncateSync(fd, file.size - bytes);
  return true;
}

function cannotWrite(name: string, error: unknown, isWhole = false): UserError {
  const what = isWhole ? '; it holds the packets that came before' : '';
  return new UserError(`${name} cannot be written: ${fileReason(error)}${what}.`, 3, { cause: error });
}

/** A Wireshark that is started for it. @param program see {@link findWireshark} */
export async function wiresharkOutput(program: string): Promise<CaptureOutput> {
  const wireshark = await startWireshark(program);
  const output = streamOutput('Wireshark', wireshark.stdin, async (stream) => {
    // One that its reader has destroyed never calls back.
    if (stream.destroyed) return;
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
      stream.end(resolve);
    });
  });
  return {
    ...output,
    onGone: (callback) => {
      wireshark.onExit(callback);
      output.onGone(callback);
    },
  };
}

function streamOutput(
  name: string,
  stream: Writable,
  finish: (stream: Writable) => Promise<void>,
): CaptureOutput {
  const callbacks: (() => void)[] = [];
  let isGone = false;
  // Also emitted between two writes; each write gets its own error besides.
  stream.on('error', () => {
    isGone = true;
    for (const callback of callbacks) callback();
  });
  return {
    name,
    write: (bytes) =>
      new Promise<void>((resolve, reject) => {
        stream.write(bytes, (error) => {
          if (!error) resolve();
          else reject(new ReaderGoneError(`${name} is read no more`, { cause: error }));
        });
      }),
    onGone: (callback) => {
      callbacks.push(callback);
      if (isGone) callback();
    },
    close: async () => {
      if (!isGone) await finish(stream);
    },
  };
}
