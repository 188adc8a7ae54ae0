/**
 * The masking of WebSocket frames (RFC 6455, 5.3): of those of stdin, and of those of ws, which asks a package `bufferutil` for it.
 * That one is native code, and without it ws goes byte by byte. Pure.
 */

/** Eight bytes in one take half as long as four, and a fifth of one by one. */
const WORD = 8;
/** For less, making the views takes longer than the words save. */
const FEW_BYTES = 64;

/** Masks `length` bytes of `source` with a key of four bytes, into `output` from `offset` on. They may be the same. */
export function mask(
  source: Uint8Array,
  key: Uint8Array,
  output: Uint8Array,
  offset: number,
  length: number,
): void {
  const [from, to] = [source.byteOffset, output.byteOffset + offset];
  if (length < FEW_BYTES) {
    maskBytes(source, key, output, offset, 0, length);
    return;
  }
  if (((from ^ to) & (WORD - 1)) !== 0) {
    // A word has to lie at a multiple of its size, on both sides. To copy takes half as long as to mask.
    output.set(source.subarray(0, length), offset);
    mask(output.subarray(offset), key, output, offset, length);
    return;
  }
  const head = -to & (WORD - 1);
  maskBytes(source, key, output, offset, 0, head);
  const words = Math.floor((length - head) / WORD);
  const turned = Uint8Array.from({ length: WORD }, (_, i) => key[(head + i) & 3] ?? 0);
  const [word = 0n] = new BigUint64Array(turned.buffer);
  const plain = new BigUint64Array(source.buffer, from + head, words);
  const masked = new BigUint64Array(output.buffer, to + head, words);
  maskWords(plain, word, masked);
  maskBytes(source, key, output, offset, head + words * WORD, length);
}

/** Takes the mask of `buffer` away, in place. */
export function unmask(buffer: Uint8Array, key: Uint8Array): void {
  mask(buffer, key, buffer, 0, buffer.length);
}

/** A function of its own, which V8 compiles for these arrays alone. */
function maskWords(plain: BigUint64Array, word: bigint, masked: BigUint64Array): void {
  for (let i = 0; i < masked.length; i++) masked[i] = (plain[i] as bigint) ^ word;
}

function maskBytes(
  source: Uint8Array,
  key: Uint8Array,
  output: Uint8Array,
  offset: number,
  begin: number,
  end: number,
): void {
  for (let i = begin; i < end; i++) output[offset + i] = (source[i] as number) ^ (key[i & 3] as number);
}
