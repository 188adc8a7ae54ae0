import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '../lib/process.ts';
import { bundleNames } from './bundle.ts';
import { makeExecutable } from './executable.ts';
import { hostPlatform, type Platform, platformName } from './platform.ts';

/** On a machine with a load of 14, one of 48 runs was unlike the others. */
const MAX_CACHE_ATTEMPTS = 6;

/**
 * Makes the program for a platform out of the bundles: code caches where it is this machine's own platform, then the
 * executable. It changes this process's working directory, HOME and TMPDIR while it runs.
 * @param bundles the folder that holds what writeBundles wrote
 * @param node Node's binary for the platform
 * @param output where the executable is put, in one step: whoever runs the old one meanwhile is not disturbed
 */
export async function makeProgram(
  platform: Platform,
  bundles: string,
  node: string,
  output: string,
): Promise<void> {
  const folder = await mkdtemp(path.join(path.dirname(output), `.build-${platformName(platform)}-`));
  try {
    for (const name of ['main', ...bundleNames]) {
      await copyFile(path.join(bundles, `${name}.js`), path.join(folder, `${name}.js`));
    }
    // Another platform's Node cannot run here; under an emulator it can, and makes another cache each time.
    const codeCaches = platformName(platform) === platformName(hostPlatform());
    if (codeCaches) await makeCodeCaches(folder, node);
    await rename(await makeExecutable(platform, { folder, node, codeCaches }), output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * V8 writes into a cache what came about by chance, too: how many functions Node itself had loaded before (more where
 * stdout is a pipe than where it is a file, others with another environment). So the surroundings are the same
 * everywhere, and caches are taken when they have come out the same twice.
 */
async function makeCodeCaches(folder: string, node: string): Promise<void> {
  let last: string | undefined;
  for (let attempt = 0; attempt < MAX_CACHE_ATTEMPTS; attempt++) {
    const made = await makeOnce(folder, node);
    if (made === last) return;
    last = made;
  }
  throw new Error(`the code caches came out differently ${MAX_CACHE_ATTEMPTS} times`);
}

/** Resolves to a hash of the caches. */
async function makeOnce(folder: string, node: string): Promise<string> {
  const files = bundleNames.map((name) => path.join(folder, name));
  // With a fixed seed V8's hashes, which show in the caches, are the same each time.
  const script = ['--random-seed=1', 'scripts/build/code-cache.ts', ...files.map((file) => `${file}.js`)];
  await promisify(execFile)(node, script, { cwd: root, env: {} });
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(`${file}.cache`));
  return hash.digest('hex');
}
