/**
 * The masking of WebSocket frames (RFC 6455, 5.3): of those of stdin, and of those of ws, which asks a package `bufferutil` for it.
 * That one is native code, and without it ws goes byte by byte. Pure.
 */

/** Masks `length` bytes of `source` with a key of four bytes, into `output` from `offset` on. */
export function mask(
  source: Uint8Array,
  key: Uint8Array,
  output: Uint8Array,
  offset: number,
  length: number,
): void {
  const [from, to] = [source.byteOffset, output.byteOffset + offset];
  // A word has to lie at a multiple of its size, on both sides.
  const head = Math.min(length, ((from ^ to) & 3) === 0 ? -to & 3 : length);
  maskBytes(source, key, output, offset, 0, head);
  const words = (length - head) >> 2;
  if (words > 0) {
    const turned = Uint8Array.from({ length: 4 }, (_, i) => key[(head + i) & 3] ?? 0);
    const word = new Int32Array(turned.buffer)[0] ?? 0;
    const plain = new Int32Array(source.buffer, from + head, words);
    const masked = new Int32Array(output.buffer, to + head, words);
    for (let i = 0; i < words; i++) masked[i] = (plain[i] as number) ^ word;
  }
  maskBytes(source, key, output, offset, head + words * 4, length);
}

/** Takes the mask of `buffer` away, in place. */
export function unmask(buffer: Uint8Array, key: Uint8Array): void {
  mask(buffer, key, buffer, 0, buffer.length);
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
