import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A file in an archive: a bare name and its bytes. */
export interface ArchiveFile {
  readonly name: string;
  readonly data: Buffer;
  readonly executable: boolean;
}

const blockSize = 512;

/**
 * Makes a gzipped tar archive (POSIX ustar). The same files give the same bytes: sorted by name, with no time and no
 * owner.
 */
export async function tarGz(files: readonly ArchiveFile[]): Promise<Buffer> {
  const entries = [...files].sort(byName).flatMap(({ name, data, executable }) => {
    const padding = Buffer.alloc((blockSize - (data.length % blockSize)) % blockSize);
    return [header(name, data.length, executable), data, padding];
  });
  const end = Buffer.alloc(2 * blockSize);
  return promisify(gzip)(Buffer.concat([...entries, end]), { level: 9 });
}

/** Orders by bytes, not by the machine's language. */
export function byName(a: ArchiveFile, b: ArchiveFile): number {
  return a.name < b.name ? -1 : 1;
}

function header(name: string, size: number, executable: boolean): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long for a tar header`);
  const out = Buffer.alloc(blockSize);
  const octal = (value: number, at: number, length: number) =>
    out.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  out.write(name, 0);
  octal(executable ? 0o755 : 0o644, 100, 8);
  octal(0, 108, 8); // owner
  octal(0, 116, 8); // group
  octal(size, 124, 12);
  octal(0, 136, 12); // time
  out.write('0', 156); // a regular file
  out.write('ustar\x0000', 257, 'latin1');
  // The checksum is taken with its own field full of spaces.
  out.fill(' ', 148, 156);
  const sum = out.reduce((total, byte) => total + byte, 0);
  out.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return out;
}
