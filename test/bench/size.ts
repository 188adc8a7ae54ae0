/** What a release's archives weigh: to download, installed, and the Node in them. Needs `npm run release:build`. */
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { packageVersion } from '../../scripts/build/build-info.ts';
import { nodeFiles } from '../../scripts/build/node-packages.ts';
import { platformName, releasePlatforms } from '../../scripts/build/platform.ts';
import { archiveName, releaseFolder } from '../../scripts/release/project.ts';

const version = `v${await packageVersion()}`;
const folder = releaseFolder(version);
if (!existsSync(folder))
  throw new Error(`${folder} is not there: run "npm run release:build -- ${version}" first`);

/** Bytes of the program in an archive, as tar or unzip lists it. */
function programSize(archive: string): number {
  const list = archive.endsWith('.zip') ? ['unzip', '-l', archive] : ['tar', '-tvzf', archive];
  const [file = '', ...args] = list;
  const line =
    execFileSync(file, args, { encoding: 'utf8' }).match(/^.* kubectl-nettools(\.exe)?$/m)?.[0] ?? '';
  return Number(line.match(/ (\d{7,}) /)?.[1]);
}

const mb = (bytes: number) => (bytes / 1e6).toFixed(1).padStart(12);
console.log(
  `${'MB'.padEnd(16)}${'download'.padStart(12)}${'installed'.padStart(12)}${"Node's own".padStart(12)}`,
);
for (const platform of releasePlatforms) {
  const archive = path.join(folder, archiveName(version, platform));
  const node = statSync((await nodeFiles(platform)).binary).size;
  const sizes = [statSync(archive).size, programSize(archive), node];
  console.log(platformName(platform).padEnd(16) + sizes.map(mb).join(''));
}
