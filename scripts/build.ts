import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { completionProgram, completionProgramName } from '../src/cli/completion-program.ts';
import { buildInfo } from './build/build-info.ts';
import { bundleNames, writeBundles } from './build/bundle.ts';
import { makeExecutable } from './build/executable.ts';
import { root, runCommand } from './lib/process.ts';

// Sources → three bundles → code caches → one executable. Needs no network: the Node in it is npm's `node` package.

const dist = path.join(root, 'dist');
const nodePath = path.join(root, 'node_modules/node/bin/node');
await mkdir(dist, { recursive: true });
const work = await mkdtemp(path.join(dist, '.build-'));

try {
  await writeBundles(work, await buildInfo());
  const bundles = bundleNames.map((name) => path.join(work, `${name}.js`));
  // With a fixed seed V8's hashes, which show in the caches, are the same each time.
  const compiled = await runCommand([nodePath, '--random-seed=1', 'scripts/build/code-cache.ts', ...bundles]);
  if (compiled !== 0) throw new Error('the code caches could not be made');
  const output = path.join(work, 'kubectl-nettools');
  await makeExecutable(work, nodePath, output);
  // In one step, so that whoever runs the old one meanwhile is not disturbed.
  await rename(output, path.join(dist, 'kubectl-nettools'));
  await writeFile(path.join(dist, completionProgramName), completionProgram, { mode: 0o755 });
} finally {
  await rm(work, { recursive: true, force: true });
}
