// System V ABI, "ELF-64 Object File Format": offsets of the fields that are read or changed here.
const programHeaderSize = 56;
const sectionHeaderSize = 64;
const sectionIsLoaded = 0x2; // SHF_ALLOC
const stringTable = 3; // SHT_STRTAB

interface Section {
  readonly header: Buffer;
  readonly name: string;
  readonly loaded: boolean;
}

/**
 * Removes from a little-endian 64-bit ELF executable what is never loaded: the symbols for debuggers and their
 * strings, 17 MB of Node's binary. Like `strip`, but for every architecture and the same on every machine.
 */
export function stripElf(file: Buffer): Buffer {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) {
    throw new Error('not a little-endian 64-bit ELF file');
  }
  const kept = sections(file).filter(({ loaded }, i) => loaded || i === 0);
  const names = Buffer.from(`${kept.map(({ name }) => `${name}\0`).join('')}.shstrtab\0`, 'latin1');
  const namesAt = endOfSegments(file);
  const tableAt = Math.ceil((namesAt + names.length) / 8) * 8;
  const out = Buffer.alloc(tableAt + (kept.length + 1) * sectionHeaderSize);
  file.copy(out, 0, 0, namesAt);
  names.copy(out, namesAt);
  let nameAt = 0;
  kept.forEach(({ header, name }, i) => {
    const at = tableAt + i * sectionHeaderSize;
    header.copy(out, at);
    out.writeUInt32LE(nameAt, at);
    nameAt += name.length + 1;
  });
  const last = tableAt + kept.length * sectionHeaderSize;
  out.writeUInt32LE(nameAt, last);
  out.writeUInt32LE(stringTable, last + 4);
  out.writeBigUInt64LE(BigInt(namesAt), last + 24);
  out.writeBigUInt64LE(BigInt(names.length), last + 32);
  out.writeBigUInt64LE(1n, last + 48);
  out.writeBigUInt64LE(BigInt(tableAt), 40);
  out.writeUInt16LE(kept.length + 1, 60);
  out.writeUInt16LE(kept.length, 62);
  return out;
}

/** The sections in their order. Their links go by position, so what is kept has to stand before what is not. */
function sections(file: Buffer): Section[] {
  const tableAt = Number(file.readBigUInt64LE(40));
  const count = file.readUInt16LE(60);
  const headers = Array.from({ length: count }, (_, i) =>
    file.subarray(tableAt + i * sectionHeaderSize, tableAt + (i + 1) * sectionHeaderSize),
  );
  const namesAt = Number(headers[file.readUInt16LE(62)]?.readBigUInt64LE(24));
  const list = headers.map((header) => {
    const at = namesAt + header.readUInt32LE(0);
    return {
      header,
      name: file.toString('latin1', at, file.indexOf(0, at)),
      loaded: (header.readBigUInt64LE(8) & BigInt(sectionIsLoaded)) !== 0n,
    };
  });
  const firstDropped = list.findIndex(({ loaded }, i) => !loaded && i > 0);
  if (firstDropped !== -1 && list.slice(firstDropped).some(({ loaded }) => loaded)) {
    throw new Error('a loaded section stands behind one that is not loaded');
  }
  return list;
}

function endOfSegments(file: Buffer): number {
  const tableAt = Number(file.readBigUInt64LE(32));
  const count = file.readUInt16LE(56);
  const ends = Array.from({ length: count }, (_, i) => {
    const at = tableAt + i * programHeaderSize;
    return Number(file.readBigUInt64LE(at + 8)) + Number(file.readBigUInt64LE(at + 32));
  });
  return Math.max(...ends);
}
