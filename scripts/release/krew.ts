import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../lib/process.ts';
import { krewManifest, parseSums } from './krew-manifest.ts';
import { releaseFolder } from './project.ts';
import { buildOf, sbomName } from './sbom.ts';

// Writes krew.yaml for the archives that release:build made: npm run release:krew -- vX.Y.Z

const [version = ''] = process.argv.slice(2);
const folder = releaseFolder(version);
const read = (file: string) =>
  readFile(path.join(folder, file), 'utf8').catch(() => {
    throw new Error(`${folder} has no ${file}: run "npm run release:build -- ${version || 'vX.Y.Z'}" first`);
  });
const sha256 = parseSums(await read('SHA256SUMS'));
const { commit } = buildOf(await read(sbomName(version)));
await writeFile(path.join(root, 'krew.yaml'), krewManifest({ version, commit, sha256 }));
console.log(`wrote krew.yaml for ${version} (commit ${commit})`);
