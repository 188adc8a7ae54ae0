/** Looks into archives of images as `docker save` writes them. */
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { run } from './proc.ts';

/** @returns bytes of all layers of an image, each compressed with gzip as for a registry */
export async function gzippedLayers(archive: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-archive-'));
  try {
    await run(['tar', '-xf', archive, '-C', folder]);
    const [image]: readonly { readonly Layers: readonly string[] }[] = JSON.parse(
      readFileSync(join(folder, 'manifest.json'), 'utf8'),
    );
    let bytes = 0;
    for (const layer of image?.Layers ?? []) {
      for await (const chunk of createReadStream(join(folder, layer)).pipe(createGzip())) {
        bytes += (chunk as Buffer).length;
      }
    }
    return bytes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
