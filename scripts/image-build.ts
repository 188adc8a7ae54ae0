import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePackages, requireRoot } from '../test/cluster/packages.ts';
import { buildInfo } from './build/build-info.ts';
import { build, exportLayout, sbomPath, withContainer } from './image/build.ts';
import { archiveLayouts, measureLayout } from './image/layout.ts';
import { type Architecture, architectures } from './image/lock.ts';
import { imageTargets } from './image/tools.ts';
import { root } from './lib/process.ts';

/*
 * Builds the images for a registry, without one:
 *
 *   npm run image:build -- [--image slim|full]… [--arch amd64|arm64]… [--version V] [--revision COMMIT] [--strict]
 *                          [--output FOLDER]
 *
 * Everything when nothing is named. FOLDER (dist/images) gets nettools-IMAGE.oci.tar with all its architectures, and
 * nettools-IMAGE-ARCH.cdx.json, its bill of materials. --strict fails when Debian's mirrors no longer have exactly
 * what image/locks says.
 */
const { values } = parseArgs({
  options: {
    image: { type: 'string', multiple: true, default: [...imageTargets] },
    arch: { type: 'string', multiple: true, default: [...architectures] },
    version: { type: 'string' },
    revision: { type: 'string' },
    strict: { type: 'boolean', default: false },
    output: { type: 'string', default: 'dist/images' },
  },
});

/** Each of the values must be one of those that are known. */
function known<T extends string>(flag: string, given: readonly string[], all: readonly T[]): readonly T[] {
  return given.map((value) => {
    const found = all.find((one) => one === value);
    if (found === undefined) throw new Error(`--${flag} ${value}: one of ${all.join(', ')}`);
    return found;
  });
}

const images = known('image', values.image, imageTargets);
const targets = known('arch', values.arch, architectures);
const info = await buildInfo();
const version = (values.version ?? info.version).replace(/^v/, '');
const facts = { version, revision: values.revision ?? info.commit, strict: values.strict };
const output = path.resolve(root, values.output);
const work = path.join(output, '.layouts');

requireRoot();
await ensurePackages();
mkdirSync(output, { recursive: true });
for (const image of images) {
  const layouts = new Map<Architecture, string>();
  for (const architecture of targets) {
    await build(image, architecture, facts);
    const layout = path.join(work, `${image}-${architecture}`);
    await exportLayout(image, architecture, layout);
    await withContainer(image, architecture, async ({ files }) =>
      copyFileSync(
        path.join(files, sbomPath),
        path.join(output, `nettools-${image}-${architecture}.cdx.json`),
      ),
    );
    const { bytes, digest } = measureLayout(layout);
    console.log(`${image} ${architecture}: ${(bytes / 1e6).toFixed(1)} MB compressed, ${digest}`);
    layouts.set(architecture, layout);
  }
  const archive = path.join(output, `nettools-${image}.oci.tar`);
  await archiveLayouts(layouts, path.join(work, image), archive, `${version}-${image}`);
  console.log(path.relative(root, archive));
}
rmSync(work, { recursive: true, force: true });
