import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pkg from '@yao-pkg/pkg/lib-es5/sea.js';
import { bundleNames } from './bundle.ts';
import { stripElf } from './elf.ts';
import { leanIcu } from './icu.ts';
import { signMachO } from './macho.ts';
import { nodeVersion } from './node-packages.ts';
import { removeAuthenticode } from './pe.ts';
import { binaryName, nodeDistribution, type Platform, pkgTarget } from './platform.ts';

// pkg has two ways to make a single executable application. Given a package.json it puts a file system of its own
// (prelude, manifest, hooks into node:fs) in front of the program: 20 ms at every start. Given one file it adds nothing to
// Node's own mechanism, which takes the other bundles as assets; that way's options cannot be set on its command line,
// so its function is called.

/** What goes into an executable. */
export interface Parts {
  /** Holds main.js, the other bundles and their caches; pkg works in it too. */
  readonly folder: string;
  /** Node's binary for the platform. */
  readonly node: string;
  /** Whether the folder has code caches, made by the same Node. */
  readonly codeCaches: boolean;
}

/** Makes the executable for a platform, which may be another one than this. Nothing is downloaded. */
export async function makeExecutable(platform: Platform, parts: Parts): Promise<string> {
  const { folder, codeCaches } = parts;
  const output = path.join(folder, binaryName(platform));
  const assets = bundleNames.flatMap((name) => [`${name}.js`, ...(codeCaches ? [`${name}.cache`] : [])]);
  const seaConfig = {
    // Relative: it becomes part of the binary, which must not tell where it was built.
    main: '../main.js',
    assets: Object.fromEntries(assets.map((name) => [name, path.join(folder, name)])),
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    // Node warns when its cache does not fit; src/binary/load.ts does not.
    useCodeCache: false,
    // Node would parse its roots at each start (src/tls/roots.ts).
    execArgv: ['--use-openssl-ca'],
    // NODE_OPTIONS is meant for the user's own Node programs; here it could only break the plugin.
    execArgvExtension: 'none',
  };
  await placeNode(platform, parts);
  // pkg looks for Node below the home folder, and works in a folder of its own below this one, from where it calls Node.
  process.env['HOME'] = folder;
  process.env['TMPDIR'] = folder;
  await pkg.default(path.join(folder, 'main.js'), {
    targets: [{ nodeRange: `node${nodeVersion}`, ...pkgTarget(platform), output }],
    signature: false,
    seaConfig,
  });
  if (platform.os === 'darwin')
    await writeFile(output, signMachO(await readFile(output), 'kubectl-nettools'));
  await chmod(output, 0o755);
  return output;
}

/** Puts Node's binary where pkg looks for what it has downloaded and unpacked before. */
async function placeNode(platform: Platform, { folder, node }: Parts): Promise<void> {
  const cache = path.join(folder, '.pkg-cache/sea');
  const name = path.join(cache, `node-v${nodeVersion}-${nodeDistribution(platform)}`);
  const windows = platform.os === 'windows';
  const archive = `${name}${windows ? '.zip' : '.tar.gz'}`;
  const binary = windows ? `${name}.exe` : path.join(name, 'bin/node');
  await mkdir(path.dirname(binary), { recursive: true });
  for (const empty of [archive, `${archive}.ok`, `${binary}.ok`]) await writeFile(empty, '');
  await writeFile(binary, prepared(platform, await readFile(node)), { mode: 0o755 });
}

function prepared({ os }: Platform, node: Buffer): Buffer {
  const lean = leanIcu(node);
  if (os === 'linux') return stripElf(lean);
  return os === 'windows' ? removeAuthenticode(lean) : lean;
}
