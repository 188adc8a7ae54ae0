/** Reads pcapng blocks by the rules of the format, which every block has to keep. */

export interface Block {
  readonly type: number;
  /** Between the lengths. */
  readonly body: DataView;
}

export function blocksOf(bytes: Uint8Array): Block[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks: Block[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    if (length % 4 !== 0 || length < 12) throw new Error(`a block of ${length} bytes at ${at}`);
    if (view.getUint32(at + length - 4, true) !== length) throw new Error(`lengths differ at ${at}`);
    blocks.push({
      type: view.getUint32(at, true),
      body: new DataView(bytes.buffer, bytes.byteOffset + at + 8, length - 12),
    });
    at += length;
  }
  return blocks;
}

/** Options by their code, each as hexadecimal digits or, for a text, as text. @param from where they begin */
export function optionsOf(body: DataView, from: number): Record<number, string> {
  const options: Record<number, string> = {};
  for (let at = from; ; ) {
    const [code, length] = [body.getUint16(at, true), body.getUint16(at + 2, true)];
    if (code === 0) {
      if (at + 4 !== body.byteLength) throw new Error('the options end early');
      return options;
    }
    const value = Buffer.from(body.buffer, body.byteOffset + at + 4, length);
    options[code] = /^[ -~]*$/.test(value.toString('latin1')) ? value.toString() : value.toString('hex');
    at += 4 + Math.ceil(length / 4) * 4;
  }
}
