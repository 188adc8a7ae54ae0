import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../../test/cluster/proc.ts';
import type { Architecture } from './lock.ts';

const indexType = 'application/vnd.oci.image.index.v1+json';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

const blob = (folder: string, digest: string) => path.join(folder, 'blobs', digest.replace(':', '/'));

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/** @returns where an OCI layout of one image has its manifest */
function manifestOf(layout: string): Descriptor {
  const [first] = readJson<{ manifests: readonly Descriptor[] }>(path.join(layout, 'index.json')).manifests;
  if (first === undefined) throw new Error(`${layout} has no image`);
  return first;
}

/** @returns bytes of all compressed layers together, what a node downloads, and the manifest's digest */
export function measureLayout(layout: string): { readonly bytes: number; readonly digest: string } {
  const { digest } = manifestOf(layout);
  const { layers } = readJson<{ layers: readonly Descriptor[] }>(blob(layout, digest));
  return { bytes: layers.reduce((sum, layer) => sum + layer.size, 0), digest };
}

/**
 * Joins an image's layouts of several architectures in one archive, which `skopeo copy --all oci-archive:FILE …`
 * puts into a registry and `ctr images import FILE` into a node. The same layouts give the same bytes.
 * @param folder is used and removed
 * @param name of the image with its tag, under which a node finds it when the archive is loaded there
 * @returns the digest of the image with all its architectures
 */
export async function archiveLayouts(
  layouts: ReadonlyMap<Architecture, string>,
  folder: string,
  archive: string,
  name: string,
): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'blobs/sha256'), { recursive: true });
  const manifests = Array.from(layouts, ([architecture, layout]) => {
    cpSync(path.join(layout, 'blobs'), path.join(folder, 'blobs'), { recursive: true });
    const { mediaType, digest, size } = manifestOf(layout);
    return { mediaType, digest, size, platform: { os: 'linux', architecture } };
  });
  const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
  const digest = `sha256:${createHash('sha256').update(index).digest('hex')}`;
  writeFileSync(blob(folder, digest), index);
  const annotations = {
    'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
    'io.containerd.image.name': name,
  };
  const top = { mediaType: indexType, digest, size: Buffer.byteLength(index), annotations };
  writeFileSync(path.join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [top] }));
  writeFileSync(path.join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=a+rX,u+w'];
  await run(['tar', ...same, '-cf', archive, '-C', folder, 'oci-layout', 'index.json', 'blobs']);
  rmSync(folder, { recursive: true, force: true });
  return digest;
}
