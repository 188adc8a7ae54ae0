import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../lib/process.ts';
import { bundleNames } from './bundle.ts';
import { makeExecutable } from './executable.ts';
import { hostPlatform, type Platform, platformName } from './platform.ts';

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

async function makeCodeCaches(folder: string, node: string): Promise<void> {
  const files = bundleNames.map((name) => path.join(folder, `${name}.js`));
  // With a fixed seed V8's hashes, which show in the caches, are the same each time.
  const code = await runCommand([node, '--random-seed=1', 'scripts/build/code-cache.ts', ...files]);
  if (code !== 0) throw new Error('the code caches could not be made');
}
