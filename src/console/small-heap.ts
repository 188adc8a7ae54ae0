/** How much memory V8 takes before it looks for what can be given back. */
import { setFlagsFromString } from 'node:v8';

/**
 * For commands that read much and keep little of it. V8 lets the space for new objects grow to three times 16 MB, and the
 * heap to a multiple of what was in use, before it collects: 20 MB of what nobody needs any more, at a thousand
 * destinations, for a speed that a command which waits for the network does not notice. Called when the code is loaded: a
 * code cache is only taken by a V8 with the flags that it was made with.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=20');
  // Memory before speed, where V8 has the choice: another 7 MB.
  setFlagsFromString('--optimize-for-size');
}
