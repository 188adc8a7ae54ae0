import path from 'node:path';
import type { Plugin } from 'esbuild';
import { root } from '../lib/process.ts';

/** Where each bundle of the binary ends: an import() of such a module loads another bundle. */
export type BundleName =
  | 'quick'
  | 'cli'
  | 'parser'
  | 'kube'
  | 'session'
  | 'stream'
  | 'pod'
  | 'places'
  | 'completion'
  | 'app'
  | 'formats'
  | 'auth';

/**
 * The commands of the bundle that is loaded most: it has no check in it, which is most of the code, and a code cache is
 * read as a whole.
 */
const inSession: ReadonlySet<string> = new Set(['run', 'shell']);

/** What few commands need: a bundle of their own. */
export const lateModules: ReadonlySet<string> = new Set([
  'src/console/late-formats.ts',
  'src/commands/diff-runs.ts',
]);

/**
 * What connects to the API server has a bundle of its own: it is loaded first, so that the server shakes hands while the rest
 * is loaded.
 */
export const CONNECT = 'src/commands/connect-early.ts';

/**
 * What `run` and `shell` load later than the bundle `session`, in which only these are borders: `stream` and `pod` while the server
 * shakes hands and answers, `places` for what is no pod.
 */
const later: ReadonlyMap<string, BundleName> = new Map([
  ['src/channels/pod-exec.ts', 'stream'],
  ['src/open/pod-target.ts', 'pod'],
  ['src/targets/preflight.ts', 'pod'],
  ['src/open/pod-by-node.ts', 'places'],
  ['src/open/node-target.ts', 'places'],
  ['src/open/local-target.ts', 'places'],
  ['src/open/docker-target.ts', 'places'],
]);

/** The modules that a bundle of those offers under their names, beside those that it has for others. */
export function laterModules(name: BundleName): string[] {
  return [...later].flatMap(([file, bundle]) => (bundle === name ? [file] : []));
}

/**
 * Bundles that take modules from others, which are loaded before them: a module that is loaded twice would be two modules. The
 * order is that in which they are built.
 */
export const takesFrom: ReadonlyMap<BundleName, readonly BundleName[]> = new Map([
  ['session', ['kube']],
  ['stream', ['kube', 'session']],
  ['pod', ['kube', 'session', 'stream']],
  ['places', ['kube', 'session', 'stream', 'pod']],
  ['completion', ['kube']],
  ['app', ['kube']],
]);

/** The bundle that holds a module of src, when it is not the one that the binary starts with. */
export function bundleOf(file: string): BundleName | undefined {
  if (file === 'src/cli/quick.ts') return 'quick';
  if (file === 'src/cli/run.ts') return 'cli';
  if (file === 'src/cli/read-flags.ts') return 'parser';
  if (lateModules.has(file)) return 'formats';
  if (file === CONNECT) return 'kube';
  if (!file.startsWith('src/commands/')) return undefined;
  if (file === 'src/commands/complete.ts') return 'completion';
  return inSession.has(moduleKey(file)) ? 'session' : 'app';
}

/** The bundles that {@link later} is for. */
const inParts: ReadonlySet<BundleName | 'main'> = new Set(['session', 'stream', 'pod', 'places']);

/** Turns an import() across a bundle's border into a call of the loader. @param inside the bundle that is built */
export function bundleBorders(inside: BundleName | 'main'): Plugin {
  const borderOf = (file: string): BundleName | undefined => {
    const other = inParts.has(inside) ? later.get(file) : undefined;
    return other === inside ? undefined : (other ?? bundleOf(file));
  };
  return {
    name: 'bundle-borders',
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ kind, path: specifier, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        // Relative, because it shows in the bundle: the same sources give the same bytes in every folder.
        const file = path.relative(root, path.resolve(resolveDir, specifier)).split(path.sep).join('/');
        return borderOf(file) === undefined ? undefined : { path: file, namespace: 'other-bundle' };
      });
      build.onLoad({ filter: /.*/, namespace: 'other-bundle' }, ({ path: file }) => ({
        contents: `import { loadBundle } from './src/binary/load.ts';
        module.exports = loadBundle(${JSON.stringify(borderOf(file))})[${JSON.stringify(moduleKey(file))}]();`,
        resolveDir: root,
      }));
    },
  };
}

/**
 * Turns an import of a module that another bundle has into a call of the loader.
 * @param modules by their paths, which are the names under which the bundles offer them, the bundles that have them
 */
export function sharedModules(modules: ReadonlyMap<string, BundleName>): Plugin {
  return {
    name: 'shared-modules',
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ path: specifier, resolveDir }) => {
        const file = path.relative(root, path.resolve(resolveDir, specifier)).split(path.sep).join('/');
        return modules.has(file) ? { path: file, namespace: 'shared-module' } : undefined;
      });
      build.onLoad({ filter: /.*/, namespace: 'shared-module' }, ({ path: file }) => ({
        contents: `import { loadBundle } from './src/binary/load.ts';
          module.exports = loadBundle(${JSON.stringify(modules.get(file))})[${JSON.stringify(file)}]();`,
        resolveDir: root,
      }));
    },
  };
}

/** The name under which a bundle offers a module. */
export function moduleKey(file: string): string {
  return path.basename(file, '.ts');
}

/**
 * Leaves out what comes with yargs' parser and is not used: what its other helpers are made of (it reads files as it
 * loads), and node:module, which brings the loader of modules for configuration files that the parser could read.
 */
export const leanYargs: Plugin = {
  name: 'lean-yargs',
  setup(build) {
    build.onResolve(
      { filter: /^(\.\.\/lib\/platform-shims\/esm\.mjs|node:module)$/ },
      ({ path: name, importer }) =>
        /node_modules\/yargs(?:-parser)?\//.test(importer)
          ? { path: name, namespace: 'lean-yargs' }
          : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'lean-yargs' }, ({ path: name }) => ({
      contents:
        name === 'node:module'
          ? `export const createRequire = () => () => { throw new Error('nothing is read for yargs'); };`
          : 'export default {};',
    }));
  },
};

/**
 * The client of ws alone, without its server and without compression, which is never agreed on; and a faster masking of its
 * frames, for which it looks in a package of native code.
 */
export const leanWs: Plugin = {
  name: 'lean-ws',
  setup(build) {
    build.onResolve({ filter: /^ws$/ }, () => ({
      path: path.join(root, 'node_modules/ws/lib/websocket.js'),
    }));
    build.onResolve({ filter: /^\.\/permessage-deflate(\.js)?$/ }, ({ path: name, importer }) =>
      /node_modules\/ws\//.test(importer) ? { path: name, namespace: 'lean-ws' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'lean-ws' }, () => ({
      contents: `module.exports = class { static extensionName = 'permessage-deflate'; };`,
    }));
    build.onResolve({ filter: /^bufferutil$/ }, () => ({ path: path.join(root, 'src/exec/mask.ts') }));
  },
};

/** Modules of Node that most commands do not need: loaded when they are first used, wherever they are imported. */
const onDemand = /^(?:node:)?(child_process|fs\/promises|https?|net|v8|zlib)$/;

/** Makes an import of such a module cost nothing until something of it is used. */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(build) {
    build.onResolve({ filter: onDemand }, ({ path: name, namespace }) =>
      namespace === 'lazy-builtin'
        ? undefined
        : { path: name.replace(/^node:/, ''), namespace: 'lazy-builtin' },
    );
    build.onLoad({ filter: /.*/, namespace: 'lazy-builtin' }, async ({ path: name }) => {
      const members = Object.entries(process.getBuiltinModule(name) ?? {}).filter(
        ([key]) => key !== 'default',
      );
      const later = members.map(([key, value]) => {
        const member = `require('node:${name}').${key}`;
        // Some only keep a function, to call it when it comes to that.
        return typeof value === 'function' && /^[a-z]/.test(key)
          ? `${key}(...words) { return ${member}(...words); }`
          : `get ${key}() { return ${member}; }`;
      });
      return { contents: `module.exports = { ${later.join(', ')} };` };
    });
  },
};
