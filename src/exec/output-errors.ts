/** Hears what goes wrong with an output for as long as anything may. */
import type { Writable } from 'node:stream';

/**
 * An output that fails emits its error after its callbacks, and one whose reader is slow may fail long after whoever wrote to it has
 * ended. An error that nobody hears ends the process.
 * @returns how to stop, where nothing more is to be heard
 */
export function hearErrors(output: Writable, onError: (error: Error) => void): () => void {
  output.on('error', onError);
  return () => {
    if (!output.errored && !output.destroyed && output.writableLength === 0) output.off('error', onError);
  };
}
