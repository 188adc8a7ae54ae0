import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pkg from '@yao-pkg/pkg/lib-es5/sea.js';
import { completionProgram, completionProgramName } from '../src/cli/completion-program.ts';
import { buildInfo } from './build/build-info.ts';
import { bundleNames, writeBundles } from './build/bundle.ts';
import { root, runCommand } from './lib/process.ts';

// Sources → three bundles → code caches → one executable. Needs no network: the Node in it is npm's `node` package.

const dist = path.join(root, 'dist');
const nodePath = path.join(root, 'node_modules/node/bin/node');
await mkdir(dist, { recursive: true });
const work = await mkdtemp(path.join(dist, '.build-'));
const inWork = (name: string) => path.join(work, name);

try {
  await writeBundles(work, await buildInfo());
  const bundles = bundleNames.map((name) => inWork(`${name}.js`));
  // With a fixed seed V8's hashes, which show in the caches, are the same each time.
  const compiled = await runCommand([nodePath, '--random-seed=1', 'scripts/build/code-cache.ts', ...bundles]);
  if (compiled !== 0) throw new Error('the code caches could not be made');
  const output = inWork('kubectl-nettools');
  await pkg.default(inWork('main.js'), {
    targets: [{ nodeRange: `node${process.versions.node}`, platform: 'linux', arch: 'x64', output }],
    nodePath,
    seaConfig: seaConfig(),
  });
  await chmod(output, 0o755);
  // In one step, so that whoever runs the old one meanwhile is not disturbed.
  await rename(output, path.join(dist, 'kubectl-nettools'));
  await writeFile(path.join(dist, completionProgramName), completionProgram, { mode: 0o755 });
} finally {
  await rm(work, { recursive: true, force: true });
}

function seaConfig() {
  const assets = bundleNames.flatMap((name) => [`${name}.js`, `${name}.cache`]);
  return {
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: false,
    assets: Object.fromEntries(assets.map((name) => [name, inWork(name)])),
    // NODE_OPTIONS is meant for the user's own Node programs; here it could only break the plugin.
    execArgvExtension: 'none',
  };
}
