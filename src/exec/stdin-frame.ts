/**
 * The frames of stdin (RFC 6455, 5.2): ws copies each message into memory of its own to mask it. Here a chunk is masked on its
 * one way into a buffer that is used again. Pure but for its random keys.
 */
import { randomFillSync } from 'node:crypto';
import { Channel } from './frames.ts';
import { mask } from './mask.ts';

/** A final frame of bytes; its length has a mask. */
const WHOLE_BINARY = 0x82;
const IS_MASKED = 0x80;
/** Where data begins in a frame's buffer: a place to which it can be masked by words, wherever its source lies. */
const DATA_AT = 16;
const KEY_BYTES = 4;
/** Random bytes are asked for in such pieces, as a call for each key would take longer than the rest. */
const keys = new Uint8Array(1024);
let keysUsed = keys.length;

/** A buffer for a frame of up to so many bytes of stdin. */
export function frameBuffer(dataBytes: number): Buffer {
  return Buffer.allocUnsafeSlow(DATA_AT + dataBytes + KEY_BYTES);
}

/**
 * Writes a message of stdin into a {@link frameBuffer}, of which it returns the part that is used.
 * @param data at most as much as the buffer is for
 */
export function stdinFrame(data: Uint8Array, buffer: Buffer): Buffer {
  // A word of the source has to lie as far from a multiple of its size as its place in the frame.
  const dataAt = DATA_AT + (data.byteOffset & 3);
  const length = data.length + 1;
  const keyAt = dataAt - 1 - KEY_BYTES;
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const begin = keyAt - size;
  buffer[begin] = WHOLE_BINARY;
  buffer[begin + 1] = IS_MASKED | (size === 2 ? length : size === 4 ? 126 : 127);
  if (size === 4) buffer.writeUInt16BE(length, begin + 2);
  if (size === 10) buffer.writeBigUInt64BE(BigInt(length), begin + 2);
  const key = nextKey();
  buffer.set(key, keyAt);
  const [first = 0, second = 0, third = 0, fourth = 0] = key;
  buffer[dataAt - 1] = Channel.stdin ^ first;
  mask(data, Uint8Array.of(second, third, fourth, first), buffer, dataAt, data.length);
  return buffer.subarray(begin, dataAt + data.length);
}

/** One that nobody can foresee (RFC 6455, 10.3). */
function nextKey(): Uint8Array {
  if (keysUsed === keys.length) {
    randomFillSync(keys);
    keysUsed = 0;
  }
  keysUsed += KEY_BYTES;
  return keys.slice(keysUsed - KEY_BYTES, keysUsed);
}
