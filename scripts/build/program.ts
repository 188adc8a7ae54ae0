import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../lib/process.ts';
import { bundleNames } from './bundle.ts';
import { makeExecutable } from './executable.ts';
import { hostPlatform, type Platform, platformName } from './platform.ts';

/**
 * Makes the program for a platform out of the bundles: code caches where this machine can run the platform's Node, then
 * the executable. It changes this process's working directory, HOME and TMPDIR while it runs.
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
    const runner = runnerOf(platform);
    if (runner !== undefined) await makeCodeCaches(folder, [...runner, node]);
    await rename(await makeExecutable(platform, { folder, node, codeCaches: runner !== undefined }), output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The commands before a program of a platform that let it run here; undefined when nothing does. */
function runnerOf(platform: Platform): readonly string[] | undefined {
  const host = hostPlatform();
  if (platformName(platform) === platformName(host)) return [];
  return host.os === 'linux' && platformName(platform) === 'linux-arm64' ? arm64Runner : undefined;
}

/** Debian's packages qemu-user-static, libc6-arm64-cross and libstdc++6-arm64-cross. */
export const arm64Runner = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'] as const;

async function makeCodeCaches(folder: string, node: readonly string[]): Promise<void> {
  const files = bundleNames.map((name) => path.join(folder, `${name}.js`));
  // With a fixed seed V8's hashes, which show in the caches, are the same each time.
  const code = await runCommand([...node, '--random-seed=1', 'scripts/build/code-cache.ts', ...files]);
  if (code !== 0) throw new Error('the code caches could not be made');
}
