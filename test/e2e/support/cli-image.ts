/** The image that holds the built binary, in both nodes' containerd: there is no registry that they could pull it from. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildah, buildImage, nativeArchitecture } from '../../cluster/buildah.ts';
import { digest } from '../../cluster/files.ts';
import { containerdReady, loadImages } from '../../cluster/load.ts';
import { cacheDir, nodes, repoDir } from '../../cluster/paths.ts';
import { run } from '../../cluster/proc.ts';

/** The name that a binary of this machine looks for. */
const name = 'localhost/nettools:dev-cli';
const folder = join(cacheDir(), 'cli-images');

/**
 * Makes the image of the binary in dist, unless it is there, and loads it.
 * @returns its name
 */
export async function cliImage(): Promise<string> {
  const binary = join(repoDir, 'dist/kubectl-nettools');
  const dockerfile = join(repoDir, 'image/cli/Dockerfile');
  const key = digest(readFileSync(binary, 'latin1'), readFileSync(dockerfile, 'utf8'));
  const archive = join(folder, `${key}.tar`);
  if (!existsSync(archive)) await build(binary, archive);
  for (const node of nodes) {
    await containerdReady(node);
    await loadImages(node, [{ name, archive }]);
  }
  return name;
}

async function build(binary: string, archive: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // Each is as large as the binary, and only the newest is of use.
  for (const old of readdirSync(folder)) rmSync(join(folder, old), { force: true });
  const context = mkdtempSync(join(tmpdir(), 'nettools-cli-image-'));
  try {
    copyFileSync(binary, join(context, 'kubectl-nettools'));
    copyFileSync(join(repoDir, 'image/cli/Dockerfile'), join(context, 'Dockerfile'));
    await buildImage({ name, context, onDebian: true, target: 'cli' });
    await run(buildah(nativeArchitecture, 'push', '--quiet', name, `docker-archive:${archive}:${name}`));
    await run(buildah(nativeArchitecture, 'rmi', '--force', name));
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}
