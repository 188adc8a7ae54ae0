import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root, runCommand } from '../lib/process.ts';
import { parseSums } from './krew-manifest.ts';
import { releaseFolder } from './project.ts';
import { buildOf, sbomName } from './sbom.ts';

// Builds a release once more from a copy of the work tree in another folder, and compares every hash with the first:
//   npm run release:reproduce -- vX.Y.Z [--platform linux-amd64 …]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { platform: { type: 'string', multiple: true } },
});
const [version = ''] = positionals;
const read = (file: string) => readFile(path.join(releaseFolder(version), file), 'utf8');
const first = parseSums(await read('SHA256SUMS'));
const { image } = buildOf(await read(sbomName(version)));

/** The test cluster's state is not a source, and holds sockets. */
const filter = (source: string) => path.basename(source) !== '.state';

const copy = await mkdtemp(path.join(os.tmpdir(), 'nettools-reproduce-'));
try {
  for (const name of await readdir(root)) {
    if (name !== 'dist') await cp(path.join(root, name), path.join(copy, name), { recursive: true, filter });
  }
  const platforms = (values.platform ?? []).flatMap((name) => ['--platform', name]);
  const output = path.join(copy, 'second');
  const build = ['node', path.join(copy, 'scripts/release/build.ts'), version, '--image', image];
  if ((await runCommand([...build, '--output', output, ...platforms])) !== 0) {
    throw new Error('the second build failed');
  }
  const second = parseSums(await readFile(path.join(output, 'SHA256SUMS'), 'utf8'));
  for (const [file, hash] of second) {
    const same = first.get(file) === hash;
    console.log(`${same ? 'same     ' : 'DIFFERENT'} ${file}`);
    if (!same) process.exitCode = 1;
  }
} finally {
  await rm(copy, { recursive: true, force: true });
}
