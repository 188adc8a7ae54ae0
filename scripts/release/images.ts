import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { imageTargets } from '../image/tools.ts';
import { root } from '../lib/process.ts';
import { project } from './project.ts';
import { must, pushImage } from './push-image.ts';

// Builds the images of a version for every architecture, as image/locks says and not otherwise, and pushes them:
//   npm run release:images -- vX.Y.Z [--push] [--to IMAGE]
// Without --push it ends before that. dist/images/vX.Y.Z.txt then names what is in the registry, by digest, slim first.

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { push: { type: 'boolean', default: false }, to: { type: 'string', default: project.image } },
});
const [version = ''] = positionals;
const folder = path.join(root, 'dist/images');
const archive = (image: string) => path.join(folder, `nettools-${image}.oci.tar`);

if (!values.push) {
  await must(['node', 'scripts/image-build.ts', '--strict', '--version', version]);
} else {
  const pushed: string[] = [];
  for (const image of imageTargets) {
    // slim is what the binaries name, so its tag is the version alone.
    const name = `${values.to}:${image === 'slim' ? version : `${version}-${image}`}`;
    pushed.push(await pushImage(archive(image), name));
  }
  await writeFile(path.join(folder, `${version}.txt`), `${pushed.join('\n')}\n`);
  console.log(pushed.join('\n'));
}
