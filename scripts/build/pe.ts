// Microsoft, "PE Format": the attribute certificate table is data directory 4 of the optional header (PE32+), the only
// one whose address is an offset in the file.
const peHeaderPointer = 0x3c;
const pe32Plus = 0x20b;
const certificateDirectory = 112 + 4 * 8;

/**
 * Removes the Authenticode signature from a Windows executable. The one on Node's binary does not cover what is put
 * into it, and a signature that does not match is worse than none.
 */
export function removeAuthenticode(file: Buffer): Buffer {
  const header = file.readUInt32LE(peHeaderPointer);
  if (file.toString('latin1', header, header + 4) !== 'PE\0\0') throw new Error('not a PE file');
  const optional = header + 24;
  if (file.readUInt16LE(optional) !== pe32Plus) throw new Error('not a 64-bit PE file');
  const entry = optional + certificateDirectory;
  const offset = file.readUInt32LE(entry);
  const size = file.readUInt32LE(entry + 4);
  if (size === 0) return file;
  if (offset + size !== file.length) throw new Error('the signature is not at the end of the file');
  const out = Buffer.from(file.subarray(0, offset));
  out.fill(0, entry, entry + 8);
  return out;
}
