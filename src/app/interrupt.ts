/** Ctrl-C and its like: one signal aborts the run, so that whatever it holds is put back; a second ends at once. */
import { constants } from 'node:os';

/** The run was ended by a signal; `exitCode` is 128 + its number, as shells have it. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly exitCode: number;
  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** Runs `work` with a signal that aborts on the first interrupt. Resolves to its exit code, or to the interrupt's. */
export async function interruptible(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    const error = new InterruptedError(name);
    if (controller.signal.aborted) process.exit(error.exitCode);
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
