import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildInfo, packageVersion } from '../build/build-info.ts';
import { writeBundles } from '../build/bundle.ts';
import { nodeFiles, nodeVersion } from '../build/node-packages.ts';
import { hostPlatform, type Platform, platformName, releasePlatforms } from '../build/platform.ts';
import { root, runCommand } from '../lib/process.ts';
import { thirdPartyNotices } from './notices.ts';
import { bundledPackages } from './packages.ts';
import { archiveName, project, releaseFolder } from './project.ts';
import { sbom, sbomName } from './sbom.ts';

// Everything that a release offers for download, on one Linux machine:
//   npm run release:build -- vX.Y.Z [--image IMAGE] [--platform linux-amd64 …] [--output FOLDER]
// IMAGE is what the binaries run by default; the workflow names it by digest. The same commit and image give the same
// bytes on every machine and in every folder.

const linuxAmd64: Platform = { os: 'linux', arch: 'amd64' };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    image: { type: 'string' },
    platform: { type: 'string', multiple: true },
    output: { type: 'string' },
  },
});
const [version = ''] = positionals;
await requireBuildMachine();
const platforms = chosenPlatforms(values.platform);
const output = path.resolve(values.output ?? releaseFolder(version));

await rm(output, { recursive: true, force: true });
await mkdir(output, { recursive: true });
await mkdir(path.join(root, 'dist'), { recursive: true });
const work = await mkdtemp(path.join(root, 'dist/.release-'));
try {
  const info = await buildInfo(values.image ?? `${project.image}:${version}`);
  const packages = await bundledPackages(await writeBundles(work, info));
  const license = await readFile((await nodeFiles(linuxAmd64)).license, 'utf8');
  await writeFile(
    path.join(work, 'THIRD-PARTY-NOTICES'),
    thirdPartyNotices(packages, { version: nodeVersion, license }),
  );
  await makeArchives(platforms);
  const materials = sbom({
    ...info,
    repository: project.repository,
    packages,
    nodeVersions: process.versions,
  });
  await writeFile(path.join(output, sbomName(version)), materials);
  await writeSums([...platforms.map((platform) => archiveName(version, platform)), sbomName(version)]);
} finally {
  await rm(work, { recursive: true, force: true });
}

async function requireBuildMachine(): Promise<void> {
  const expected = `v${await packageVersion()}`;
  if (version !== expected) {
    throw new Error(
      `package.json's version is ${expected.slice(1)}: release ${expected}, or run release:prepare first`,
    );
  }
  if (platformName(hostPlatform()) !== platformName(linuxAmd64)) {
    throw new Error('a release is built on Linux on amd64, the only platform that can make all of it');
  }
  if (process.version !== `v${nodeVersion}`) {
    throw new Error(`this is Node ${process.version}; the binaries hold ${nodeVersion}: use npm run`);
  }
}

function chosenPlatforms(names: readonly string[] | undefined): readonly Platform[] {
  if (names === undefined) return releasePlatforms;
  const known = releasePlatforms.map(platformName);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`no such platform: ${unknown} (there are ${known.join(', ')})`);
  return releasePlatforms.filter((platform) => names.includes(platformName(platform)));
}

/** As many at a time as there are processors. */
async function makeArchives(all: readonly Platform[]): Promise<void> {
  const waiting = all.map(platformName);
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const started = performance.now();
      if ((await runCommand(['node', 'scripts/release/archive.ts', name, version, work, output])) !== 0) {
        throw new Error(`the archive for ${name} could not be made`);
      }
      console.log(`release: ${name} in ${((performance.now() - started) / 1000).toFixed(0)} s`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** As `sha256sum` writes them, so that `sha256sum --check` reads them. */
async function writeSums(files: readonly string[]): Promise<void> {
  const lines = await Promise.all(
    [...files].sort().map(async (file) => {
      const hash = createHash('sha256').update(await readFile(path.join(output, file)));
      return `${hash.digest('hex')}  ${file}\n`;
    }),
  );
  await writeFile(path.join(output, 'SHA256SUMS'), lines.join(''));
  console.log(`release: ${output}\n${lines.join('')}`);
}
