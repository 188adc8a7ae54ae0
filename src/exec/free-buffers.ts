/** Keeps the memory small of which a long stream makes a lot. */
import { setFlagsFromString } from 'node:v8';

/** What is less leaves little behind; setting the flag takes some milliseconds, since node:v8 is loaded for it. */
const MUCH_BYTES = 4 * 1024 * 1024;

let isSet = false;

/**
 * V8 collects a stream's buffers after each 32 MB, and frees them in another thread, which on a busy machine falls
 * behind by as much again. In this thread it takes no longer.
 * @param bytes that the stream has had so far
 */
export function freeBuffersInTime(bytes: number): void {
  if (isSet || bytes < MUCH_BYTES) return;
  isSet = true;
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
}
