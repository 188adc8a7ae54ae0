import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { helpText } from '../../src/cli/help.ts';
import { root } from '../lib/process.ts';
import type { BuildInfo } from './build-info.ts';
import { leanClientNode, onDemand } from './client-node.ts';
import {
  type BundleName,
  bundleBorders,
  bundleOf,
  lateModules,
  laterModules,
  lazyBuiltins,
  leanWs,
  leanYargs,
  moduleKey,
  sharedModules,
  takesFrom,
} from './plugins.ts';

/** In every bundle. */
const loader = 'src/binary/load.ts';

/** Bundles that the first one loads when it needs them. */
export const bundleNames: readonly BundleName[] = [
  'quick',
  'cli',
  'parser',
  'kube',
  'session',
  'stream',
  'pod',
  'places',
  'completion',
  'app',
  'formats',
  'auth',
];

/**
 * What packages take for their own place. The drive is for Windows, where a file URL without one is refused; elsewhere
 * it is a folder's name.
 */
export const moduleUrl = 'file:///C:/kubectl-nettools.js';

/**
 * Writes main.js and the bundles that it loads into a folder.
 * @returns the folders of the npm packages that have code in them, such as `node_modules/yargs`, sorted
 */
export async function writeBundles(folder: string, info: BuildInfo): Promise<readonly string[]> {
  const common = {
    absWorkingDir: root,
    bundle: true,
    // Names stay: stack traces are all that a bug report has.
    minifySyntax: true,
    minifyWhitespace: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    charset: 'ascii',
    legalComments: 'none',
    // In an embedded script there is no module to import into: what stays an import() becomes a require().
    supported: { 'dynamic-import': false },
    loader: { '.sh': 'text', '.bash': 'text' },
    define: {
      BUILD_INFO: JSON.stringify(info),
      ROOT_HELP: JSON.stringify(helpText([])),
      'import.meta.url': JSON.stringify(moduleUrl),
    },
    logLevel: 'warning',
    metafile: true,
  } as const satisfies BuildOptions;
  const plugins = [leanYargs, leanClientNode, lazyBuiltins, leanWs];
  const main = await build({
    ...common,
    plugins: [bundleBorders('main'), ...plugins],
    entryPoints: ['src/main.ts'],
    outfile: path.join(folder, 'main.js'),
  });
  const metafiles = [main.metafile];
  /** Of the bundles that others take modules from, what they have themselves. */
  const own = new Map<BundleName, ReadonlySet<string>>();
  const givers = new Set([...takesFrom.values()].flat());
  for (const name of bundleNames) {
    const from = (takesFrom.get(name) ?? []).flatMap((giver) =>
      [...(own.get(giver) ?? [])].map((file): [string, BundleName] => [file, giver]),
    );
    const options: BuildOptions = {
      ...common,
      plugins: [bundleBorders(name), ...plugins, ...(from.length > 0 ? [sharedModules(new Map(from))] : [])],
    };
    const offered = await modulesOf(name);
    const input = (contents: string) => ({ contents, resolveDir: root, sourcefile: `${name}.ts` });
    if (givers.has(name)) {
      const { metafile } = await build({
        ...options,
        stdin: input(entryOf(offered)),
        write: false,
        metafile: true,
      });
      own.set(name, new Set(Object.keys(metafile.inputs).filter(isOwn)));
    }
    const { metafile } = await build({
      ...options,
      stdin: input(entryOf(offered, own.get(name))),
      outfile: path.join(folder, `${name}.js`),
      // A function expression: running the script gives the function to call.
      banner: { js: '(function(require,module,exports){' },
      footer: { js: '})' },
      metafile: true,
    });
    metafiles.push(metafile);
  }
  for (const name of ['main', ...bundleNames]) await finish(path.join(folder, `${name}.js`));
  return [...new Set(metafiles.flatMap(packagesIn))].sort();
}

/** Every bundle has the loader. */
function isOwn(file: string): boolean {
  return /^src\/.*\.ts$/.test(file) && file !== loader;
}

/** In ASCII: src/binary/load.ts takes each byte of a bundle for a character. */
async function finish(file: string): Promise<void> {
  await writeFile(file, escaped(withoutCopies(await readFile(file, 'utf8'))));
}

/**
 * What esbuild puts around a module of another kind has a getter for each of its exports, a hundred for node:fs alone, made
 * one by one at each start. An object that inherits from the module serves as well: nobody here asks what is its own.
 */
export function withoutCopies(code: string): string {
  if (!code.includes('__toESM=')) return code;
  const wrapped = code.replace(
    /__toESM=\(mod,isNodeMode,(\w+)\)=>\(\1=.*?:\1,mod\)\)/,
    '__toESM=(mod,isNodeMode)=>mod!=null&&mod.__esModule&&!isNodeMode?mod:__create(mod,{default:{value:mod,enumerable:!0}})',
  );
  if (wrapped === code) throw new Error('esbuild wraps modules of another kind in another way');
  return wrapped;
}

/**
 * The same code in ASCII alone: esbuild leaves the text of tagged templates as it is, since their raw strings are part of
 * them. Nobody here asks for those.
 */
export function escaped(code: string): string {
  return code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The packages that code was taken from; of a file that is only looked at, nothing is in the bundle. */
function packagesIn({ outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
      return folder === undefined || bytesInOutput === 0 ? [] : [folder];
    }),
  );
}

async function modulesOf(name: BundleName): Promise<string[]> {
  if (name === 'auth') return [...onDemand];
  if (name === 'quick') return ['./src/cli/quick.ts'];
  if (name === 'cli') return ['./src/cli/run.ts'];
  if (name === 'parser') return ['./src/cli/read-flags.ts'];
  if (name === 'formats') return [...lateModules].map((file) => `./${file}`);
  const later = laterModules(name);
  if (later.length > 0) return later.map((file) => `./${file}`);
  const files = await readdir(path.join(root, 'src/commands'));
  return files
    .map((file) => `src/commands/${file}`)
    .filter((file) => file.endsWith('.ts') && bundleOf(file) === name)
    .sort()
    .map((file) => `./${file}`);
}

/**
 * Each module is set up when its function is first called.
 * @param modules offered by their keys
 * @param shared those that other bundles take, by their paths
 */
function entryOf(modules: readonly string[], shared: ReadonlySet<string> = new Set()): string {
  const entries = [
    ...modules.map((file) => `${JSON.stringify(moduleKey(file))}: () => require('${file}')`),
    ...[...shared].sort().map((file) => `${JSON.stringify(file)}: () => require('./${file}')`),
  ];
  return `module.exports = { ${entries.join(', ')} };`;
}
