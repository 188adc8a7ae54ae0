/**
 * Ctrl-C and its like: one signal aborts the run, so that whatever it holds is put back; a second ends at once, unless it
 * is a hang-up: a terminal that is closed sends several (one of the kernel's, one of the shell's), and nobody is there
 * any more who could be impatient.
 */
import { constants } from 'node:os';

/** The run was ended by a signal; `exitCode` is 128 + its number, as shells have it. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly signal: NodeJS.Signals;
  readonly exitCode: number;
  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** SIGALRM is that of a time that is over: a shard's own, or one of `timeout -s ALRM`. */
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGALRM'];

/** Those that a terminal's keys send (Ctrl-C, Ctrl-\\), to all programs in its foreground. */
const KEYS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];
let keysAreOurs = true;

/** Runs `work`, meanwhile the terminal's keys are for another program that has it: they interrupt nothing here. */
export async function ignoringTerminalSignals<T>(work: () => Promise<T>): Promise<T> {
  keysAreOurs = false;
  try {
    return await work();
  } finally {
    keysAreOurs = true;
  }
}

let enough: AbortController | undefined;

/** Runs `work`, meanwhile the first Ctrl-C says that the user has seen enough: its signal aborts, and the run goes on. */
export async function endedByKey<T>(work: (enough: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  enough = own;
  try {
    return await work(own.signal);
  } finally {
    enough = undefined;
  }
}

/** Runs `work` with a signal that aborts on the first interrupt. Resolves to its exit code, or to the interrupt's. */
export async function interruptible(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (!keysAreOurs && KEYS.includes(name)) return;
    const error = new InterruptedError(name);
    if (name === 'SIGINT' && enough?.signal.aborted === false && !controller.signal.aborted) {
      enough.abort(error);
      return;
    }
    if (controller.signal.aborted) {
      if (name === 'SIGHUP') return;
      process.exit(error.exitCode);
    }
    controller.abort(error);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (error instanceof InterruptedError) return error.exitCode;
    throw error;
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
