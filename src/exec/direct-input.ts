/** A way of stdin past its streams: each of them takes as long for a chunk as the kernel takes to read it. */
import type { Readable } from 'node:stream';

/** Takes what has been read, which may be overwritten when it returns. @returns false: that is enough for now */
export type InputTaker = (bytes: Uint8Array) => boolean;

/** A stdin that can be led past its stream. */
export interface DirectInput extends Readable {
  /**
   * From now on the taker gets what the stream would. Its end and its errors are the stream's as before, which has to flow for them.
   * @returns how to go on once the taker has had enough; `undefined`: not now, as the stream still has to do with what comes
   */
  lead(taker: InputTaker): (() => void) | undefined;
}

/** Leads an input past its stream where that can be done now; see {@link DirectInput.lead}. */
export function led(input: Readable, taker: InputTaker): (() => void) | undefined {
  // What the stream still has comes first.
  if (input.readableLength > 0 || input.readableEnded || input.destroyed) return undefined;
  return 'lead' in input ? (input as DirectInput).lead(taker) : undefined;
}
