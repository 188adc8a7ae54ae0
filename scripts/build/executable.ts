import { chmod } from 'node:fs/promises';
import path from 'node:path';
import pkg from '@yao-pkg/pkg/lib-es5/sea.js';
import { bundleNames } from './bundle.ts';

// pkg has two ways to make a single executable application. Given a package.json it puts a file system of its own
// (prelude, manifest, hooks into node:fs) in front of the program: 20 ms at every start. Given one file it adds nothing to
// Node's own mechanism, which takes the other bundles as assets; that way's options cannot be set on its command line,
// so its function is called.

/**
 * Makes the executable out of main.js, the other bundles and their caches in a folder.
 * @param nodePath the Node binary that becomes the executable; nothing is downloaded
 */
export async function makeExecutable(folder: string, nodePath: string, output: string): Promise<void> {
  const assets = bundleNames.flatMap((name) => [`${name}.js`, `${name}.cache`]);
  const seaConfig = {
    // Relative: it becomes part of the binary, which must not tell where it was built.
    main: '../main.js',
    assets: Object.fromEntries(assets.map((name) => [name, path.join(folder, name)])),
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    // Node warns when its cache does not fit; src/binary/load.ts does not.
    useCodeCache: false,
    // NODE_OPTIONS is meant for the user's own Node programs; here it could only break the plugin.
    execArgvExtension: 'none',
  };
  // pkg works in a folder of its own below this one, from where it calls Node.
  process.env.TMPDIR = folder;
  await pkg.default(path.join(folder, 'main.js'), {
    targets: [{ nodeRange: `node${process.versions.node}`, platform: 'linux', arch: 'x64', output }],
    nodePath,
    seaConfig,
  });
  await chmod(output, 0o755);
}
