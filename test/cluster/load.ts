/** Loads built images into the nodes' containerds. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFile } from './files.ts';
import type { BuiltImage } from './images.ts';
import { binDir, type ClusterNode } from './paths.ts';
import { attempt, run, until } from './proc.ts';

function ctr(node: ClusterNode, ...args: readonly string[]): string[] {
  return [join(binDir('containerd'), 'ctr'), '--address', node.containerdSocket, '-n', 'k8s.io', ...args];
}

/** Waits until the node's containerd answers. */
export async function containerdReady(node: ClusterNode): Promise<void> {
  await until(`containerd of ${node.name}`, 30, async () => {
    if (!existsSync(node.containerdSocket)) return 'no socket';
    const { code, stderr } = await attempt(ctr(node, 'version'));
    return code === 0 || stderr.trim();
  });
}

/** Remembers which archive an image came from, so that only a changed image is loaded again. */
function noteOf(node: ClusterNode, image: BuiltImage): string {
  return join(node.dataDir, 'loaded', image.name.replace(/\W/g, '-'));
}

function isLoaded(node: ClusterNode, image: BuiltImage): boolean {
  const note = noteOf(node, image);
  return existsSync(note) && readFileSync(note, 'utf8') === image.archive;
}

/** Loads the images that the node lacks or has in another version; returns their names. */
export async function loadImages(node: ClusterNode, images: readonly BuiltImage[]): Promise<string[]> {
  const missing = images.filter((image) => !isLoaded(node, image));
  await Promise.all(
    missing.map(async (image) => {
      await run(ctr(node, 'images', 'import', image.archive));
      writeFile(noteOf(node, image), image.archive);
    }),
  );
  return missing.map((image) => image.name);
}
