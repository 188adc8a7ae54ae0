/** A way of stdin past its streams: each of them takes as long for a chunk as the kernel takes to read it. */
import type { Readable } from 'node:stream';

/** Takes what is read, where it has memory of its own for it. */
export interface InputTaker {
  /** Memory for what is read next. */
  memory(): Uint8Array;
  /** What has been read; it may be overwritten when this returns. False: that is enough for now. */
  take(bytes: Uint8Array): boolean;
}

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
