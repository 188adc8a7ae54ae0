import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { pack } from 'tar-stream';

/** A file in an archive: a bare name and its bytes. */
export interface ArchiveFile {
  readonly name: string;
  readonly data: Buffer;
  readonly executable: boolean;
}

/**
 * Makes a gzipped tar archive (POSIX ustar). The same files give the same bytes: sorted by name, with no time and no
 * owner.
 */
export async function tarGz(files: readonly ArchiveFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, data, executable } of [...files].sort(byName)) {
    archive.entry({ name, mode: executable ? 0o755 : 0o644, mtime: new Date(0) }, data);
  }
  archive.finalize();
  return promisify(gzip)(await buffer(archive), { level: 9 });
}

/** Orders by bytes, not by the machine's language. */
export function byName(a: ArchiveFile, b: ArchiveFile): number {
  return a.name < b.name ? -1 : 1;
}
