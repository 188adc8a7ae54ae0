/** The archives that `npm run release:build` made, unpacked by the tools that users have. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Platform } from '../../scripts/build/platform.ts';
import { archiveName, releaseFolder } from '../../scripts/release/project.ts';
import { installPackages } from '../cluster/packages.ts';
import { repoDir } from '../cluster/paths.ts';
import { run } from '../cluster/proc.ts';

const manifest = JSON.parse(readFileSync(join(repoDir, 'package.json'), 'utf8')) as { version: string };

/** The version of the work tree, as a tag has it. */
export const version = `v${manifest.version}`;

/** Where the archives are. */
export const archives = releaseFolder(version);
if (!existsSync(join(archives, 'SHA256SUMS'))) {
  throw new Error(`no release is built: run "npm run release:build -- ${version}" first`);
}

const folders: string[] = [];
afterAll(() => {
  // A server of wine still puts its files away for some seconds after the last program.
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
  }
});

/** An empty folder that is removed after the file's tests. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-release-'));
  folders.push(folder);
  return folder;
}

/** Unpacks a platform's archive into a folder of its own. */
export async function unpack(platform: Platform): Promise<string> {
  const folder = scratch();
  const archive = join(archives, archiveName(version, platform));
  if (platform.os === 'windows') {
    if (!existsSync('/usr/bin/unzip')) await installPackages(['unzip']);
    await run(['unzip', '-q', archive, '-d', folder]);
  } else {
    await run(['tar', '-xzf', archive, '-C', folder]);
  }
  return folder;
}
