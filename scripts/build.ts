import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { completionProgram, completionProgramName } from '../src/cli/completion-program.ts';
import { buildInfo } from './build/build-info.ts';
import { writeBundles } from './build/bundle.ts';
import { binaryName, hostPlatform } from './build/platform.ts';
import { makeProgram } from './build/program.ts';
import { root } from './lib/process.ts';

// Sources → bundles → code caches → one executable, for this machine. Needs no network: the Node in it is npm's
// `node` package, which is the same file as in a release.

const dist = path.join(root, 'dist');
const platform = hostPlatform();
await mkdir(dist, { recursive: true });
const work = await mkdtemp(path.join(dist, '.bundles-'));

try {
  await writeBundles(work, await buildInfo());
  const node = path.join(root, 'node_modules/node/bin', platform.os === 'windows' ? 'node.exe' : 'node');
  await makeProgram(platform, work, node, path.join(dist, binaryName(platform)));
  await writeFile(path.join(dist, completionProgramName), completionProgram, { mode: 0o755 });
} finally {
  await rm(work, { recursive: true, force: true });
}
