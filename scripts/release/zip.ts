import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import { type ArchiveFile, byName } from './tar.ts';

// PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16.
const localHeader = 0x04034b50;
const centralHeader = 0x02014b50;
const endOfDirectory = 0x06054b50;
const version20 = 20; // the first with deflate
const madeOnUnix = 3 << 8; // the external attributes then hold a Unix mode
const deflated = 8;
const utf8Names = 1 << 11;
/** 1980-01-01, the first day that the format knows, in its bits. */
const noDate = (1 << 5) | 1;
const regularFile = 0o100000;

/** Makes a zip archive. The same files give the same bytes: sorted by name, with no time and no owner. */
export async function zip(files: readonly ArchiveFile[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const file of [...files].sort(byName)) {
    const name = Buffer.from(file.name);
    const data = await promisify(deflateRaw)(file.data, { level: 9 });
    const common = commonFields(file, name, data);
    const local = Buffer.concat([uint32(localHeader), common, name]);
    const mode = (regularFile | (file.executable ? 0o755 : 0o644)) * 0x10000;
    directory.push(
      Buffer.concat([
        uint32(centralHeader),
        uint16(madeOnUnix | version20),
        common,
        uint16(0), // comment
        uint16(0), // disk
        uint16(0), // internal attributes
        uint32(mode),
        uint32(offset),
        name,
      ]),
    );
    parts.push(local, data);
    offset += local.length + data.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.concat([
    uint32(endOfDirectory),
    uint32(0), // disks
    uint16(directory.length),
    uint16(directory.length),
    uint32(central.length),
    uint32(offset),
    uint16(0), // comment
  ]);
  return Buffer.concat([...parts, central, end]);
}

/** The fields that an entry's two headers share, from the version needed to the length of the extra field. */
function commonFields(file: ArchiveFile, name: Buffer, data: Buffer): Buffer {
  return Buffer.concat([
    uint16(version20),
    uint16(utf8Names),
    uint16(deflated),
    uint16(0), // time
    uint16(noDate),
    uint32(crc32(file.data)),
    uint32(data.length),
    uint32(file.data.length),
    uint16(name.length),
    uint16(0), // extra field
  ]);
}

function uint16(value: number): Buffer {
  const out = Buffer.alloc(2);
  out.writeUInt16LE(value);
  return out;
}

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}
