import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensurePackages, requireRoot } from '../../test/cluster/packages.ts';
import { project } from '../release/project.ts';
import { type BuildFacts, build, exportLayout, sbomPath, withContainer } from './build.ts';
import { archiveLayouts, measureLayout } from './layout.ts';
import type { Architecture } from './lock.ts';
import type { ImageTarget } from './tools.ts';

/** An image's archive with all its architectures. */
export interface ImageArchive {
  readonly image: ImageTarget;
  /** Path of the archive. */
  readonly file: string;
  /** What a registry will call it, `sha256:…`. */
  readonly digest: string;
}

/**
 * Builds images into a folder: nettools-IMAGE.oci.tar with all architectures, and for each one
 * nettools-IMAGE-ARCH.cdx.json, its bill of materials.
 * @param say gets a line about each image that is built
 */
export async function buildAll(
  images: readonly ImageTarget[],
  architectures: readonly Architecture[],
  facts: BuildFacts,
  output: string,
  say: (line: string) => void,
): Promise<readonly ImageArchive[]> {
  requireRoot();
  await ensurePackages();
  mkdirSync(output, { recursive: true });
  const work = path.join(output, '.layouts');
  const archives: ImageArchive[] = [];
  try {
    for (const image of images) {
      const layouts = new Map<Architecture, string>();
      for (const architecture of architectures) {
        const layout = path.join(work, `${image}-${architecture}`);
        await build(image, architecture, facts);
        await exportLayout(image, architecture, layout);
        const sbom = path.join(output, `nettools-${image}-${architecture}.cdx.json`);
        await withContainer(image, architecture, async ({ files }) =>
          copyFileSync(path.join(files, sbomPath), sbom),
        );
        const { bytes, digest } = measureLayout(layout);
        say(`${image} ${architecture}: ${(bytes / 1e6).toFixed(1)} MB compressed, ${digest}`);
        layouts.set(architecture, layout);
      }
      const file = path.join(output, `nettools-${image}.oci.tar`);
      // The name that it has in the project's registry: nodes onto which the archive is loaded know it by that.
      const name = `${project.image}:v${facts.version}${image === 'slim' ? '' : `-${image}`}`;
      archives.push({
        image,
        file,
        digest: await archiveLayouts(layouts, path.join(work, image), file, name),
      });
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return archives;
}
