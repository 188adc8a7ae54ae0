import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { type ArchiveFile, byName } from './tar.ts';

const regularFile = 0o100000;

/** The first day that the format knows. It knows no time zone: what is local here is written as it is. */
const noDate = new Date(1980, 0, 1);

/** Makes a zip archive. The same files give the same bytes: sorted by name, with no time and no owner. */
export async function zip(files: readonly ArchiveFile[]): Promise<Buffer> {
  const archive = new ZipFile();
  for (const { name, data, executable } of [...files].sort(byName)) {
    archive.addBuffer(data, name, {
      mode: regularFile | (executable ? 0o755 : 0o644),
      mtime: noDate,
      forceDosTimestamp: true,
      compressionLevel: 9,
    });
  }
  archive.end();
  return buffer(archive.outputStream);
}
