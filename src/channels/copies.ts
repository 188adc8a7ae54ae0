/** What passes between a command's pipes and the streams of its caller, and the first thing that goes wrong on the way. */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { hearErrors } from '../exec/output-errors.ts';

/**
 * How long an output may stay silent once the command and all of its session have ended: whoever still holds it has
 * left the session, and may hold it for ever.
 */
const HELD_OUTPUT_MS = 200;

/** The first thing that went wrong, and what is done about it. */
export class Failure {
  readonly happened: Promise<void>;
  readonly #act: () => void;
  #error: { readonly value: unknown } | undefined;
  #happen: () => void = () => undefined;

  constructor(act: () => void) {
    this.#act = act;
    this.happened = new Promise((resolve) => {
      this.#happen = resolve;
    });
  }

  set(value: unknown): void {
    if (this.#error) return;
    this.#error = { value };
    this.#act();
    this.#happen();
  }

  throwIfAny(): void {
    if (this.#error) throw this.#error.value;
  }
}

/** Passes a stream on to the command until either has enough. The descriptor is the feed's from then on. */
export class Feed {
  readonly #stdin: Readable;
  readonly #pipe: Socket;

  constructor(stdin: Readable, fd: number, onError: (error: unknown) => void) {
    this.#stdin = stdin;
    this.#pipe = new Socket({ fd, readable: false, writable: true });
    // The command has closed its stdin or ended without reading it: its exit code tells.
    this.#pipe.on('error', () => this.stop());
    void this.#pump(onError);
  }

  async #pump(onError: (error: unknown) => void): Promise<void> {
    try {
      for await (const chunk of this.#stdin) {
        if (this.#pipe.destroyed) return;
        if (!this.#pipe.write(chunk)) await this.#room();
      }
      this.#pipe.end();
    } catch (error) {
      if (!this.#pipe.destroyed) onError(error);
    }
  }

  /** Waits until the pipe takes more, or never will again. */
  #room(): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        this.#pipe.off('drain', settle);
        this.#pipe.off('close', settle);
        resolve();
      };
      this.#pipe.on('drain', settle);
      this.#pipe.on('close', settle);
    });
  }

  /** A read that waits must not keep the process alive or eat the terminal's next line. */
  stop(): void {
    this.#stdin.pause();
    this.#stdin.destroy();
    this.#pipe.destroy();
  }
}

/** One of the command's outputs on its way to where it belongs. */
interface Copy {
  /** All of it has been taken. */
  readonly done: Promise<void>;
  /** Ends the copy when nothing has come for a moment. */
  endWhenSilent(): void;
  stop(): void;
}

/** Passes an output of the command on; without a place for it, it is closed. The descriptor is the copy's from then on. */
export function copyTo(output: Writable | undefined, fd: number, failure: Failure): Copy {
  if (output === undefined) {
    closeSync(fd);
    return { done: Promise.resolve(), endWhenSilent: () => undefined, stop: () => undefined };
  }
  const pipe = new Socket({ fd, readable: true, writable: false });
  let unwritten = 0;
  let ended = false;
  let silence: NodeJS.Timeout | undefined;
  const onError = (error: Error): void => failure.set(error);
  const stopHearing = hearErrors(output, onError);
  const done = new Promise<void>((resolve) => {
    const finishWhenWritten = (): void => {
      if (ended && unwritten === 0) resolve();
    };
    pipe.on('data', (chunk: Buffer) => {
      silence?.refresh();
      unwritten++;
      const hasRoom = output.write(chunk, (error) => {
        unwritten--;
        if (error) failure.set(error);
        else finishWhenWritten();
      });
      if (hasRoom) return;
      pipe.pause();
      output.once('drain', () => pipe.resume());
    });
    pipe.on('error', onError);
    pipe.once('close', () => {
      ended = true;
      finishWhenWritten();
    });
  });
  const stop = (): void => {
    clearTimeout(silence);
    pipe.destroy();
    stopHearing();
  };
  const endWhenSilent = (): void => {
    if (pipe.destroyed) return;
    silence = setTimeout(() => {
      if (pipe.isPaused()) silence?.refresh();
      else pipe.destroy();
    }, HELD_OUTPUT_MS);
  };
  return { done, endWhenSilent, stop };
}
