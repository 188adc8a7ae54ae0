import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildInfo } from './build/build-info.ts';
import { buildAll } from './image/build-all.ts';
import { architectures } from './image/lock.ts';
import { imageTargets } from './image/tools.ts';
import { root } from './lib/process.ts';

/*
 * Builds the images for a registry, without one:
 *
 *   npm run image:build -- [--image slim|full]… [--arch amd64|arm64]… [--version V] [--revision COMMIT] [--strict]
 *                          [--output FOLDER]
 *
 * Everything when nothing is named, into dist/images. --strict fails when Debian's mirrors no longer have exactly
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
    if (found === undefined) {
      console.error(`image:build: --${flag} ${value}: it can be ${all.join(' or ')}`);
      process.exit(2);
    }
    return found;
  });
}

const info = await buildInfo();
const archives = await buildAll(
  known('image', values.image, imageTargets),
  known('arch', values.arch, architectures),
  {
    version: (values.version ?? info.version).replace(/^v/, ''),
    revision: values.revision ?? info.commit,
    strict: values.strict,
  },
  path.resolve(root, values.output),
  console.log,
);
for (const { file, digest } of archives) console.log(`${path.relative(root, file)}: ${digest}`);
