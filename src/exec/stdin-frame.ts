/**
 * The frames of stdin (RFC 6455, 5.2): ws copies each message into memory of its own to mask it. Here they are put one behind the
 * other where they are sent from. Pure but for its random keys.
 */
import { randomFillSync } from 'node:crypto';
import { Channel } from './frames.ts';
import { mask } from './mask.ts';

/** A final frame of bytes; its length has a mask. */
const WHOLE_BINARY = 0x82;
const IS_MASKED = 0x80;
const KEY_BYTES = 4;
/** What a frame has before its data at the most: two bytes, a length of eight, the key, the byte of the channel. */
export const MAX_HEAD_BYTES = 2 + 8 + KEY_BYTES + 1;
/** Random bytes are asked for in such pieces, as a call for each key would take longer than the rest. */
const keys = new Uint8Array(1024);
let keysUsed = keys.length;

/**
 * Writes a message of stdin into `output` from `at` on.
 * @returns where the next one goes
 */
export function writeStdinFrame(data: Uint8Array, output: Buffer, at: number): number {
  const length = data.length + 1;
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  output[at] = WHOLE_BINARY;
  output[at + 1] = IS_MASKED | (size === 2 ? length : size === 4 ? 126 : 127);
  if (size === 4) output.writeUInt16BE(length, at + 2);
  if (size === 10) output.writeBigUInt64BE(BigInt(length), at + 2);
  const key = nextKey();
  output.set(key, at + size);
  const dataAt = at + size + KEY_BYTES + 1;
  const [first = 0, second = 0, third = 0, fourth = 0] = key;
  output[dataAt - 1] = Channel.stdin ^ first;
  mask(data, Uint8Array.of(second, third, fourth, first), output, dataAt, data.length);
  return dataAt + data.length;
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
