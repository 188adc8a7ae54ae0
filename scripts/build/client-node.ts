import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Plugin } from 'esbuild';
import { root } from '../lib/process.ts';

/** What client-node imports for its generated API client and for fetch, neither of which is used here. */
const absent = new Set(['undici', './gen/index.js']);

/** What client-node needs for one way to authenticate or to connect only: in a bundle that is loaded when it is first touched. */
export const onDemand: ReadonlySet<string> = new Set([
  'hpagent',
  'jsonpath-plus',
  'openid-client',
  'rfc4648',
  'socks',
  'socks-proxy-agent',
]);

/**
 * Keeps of client-node its configuration, which is all that is imported from it. Its index re-exports 3,000 generated
 * files (2 MB, 100 ms to load), and the configuration imports every way to authenticate at the top.
 */
export const leanClientNode: Plugin = {
  name: 'lean-client-node',
  setup(build) {
    build.onResolve({ filter: /^@kubernetes\/client-node$/ }, () => ({
      path: path.join(root, 'node_modules/@kubernetes/client-node/dist/config.js'),
    }));
    build.onResolve({ filter: /.*/ }, ({ path: specifier, importer }) => {
      const inside = /node_modules\/@kubernetes\/client-node\//.test(importer);
      return inside && (absent.has(specifier) || onDemand.has(specifier))
        ? {
            path: `${specifier} for ${path.basename(importer)}`,
            namespace: 'facade',
            pluginData: { specifier, importer },
          }
        : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: 'facade' }, async ({ pluginData }) => {
      const { specifier, importer } = pluginData as { specifier: string; importer: string };
      const names = importedNames(await readFile(importer, 'utf8'), specifier);
      return { contents: facade(specifier, names), resolveDir: root };
    });
  },
};

/** A module whose exports do their work when they are used, not when they are imported. */
function facade(specifier: string, names: readonly string[]): string {
  const getters = names.map((name) =>
    absent.has(specifier)
      ? `get ${name}() { throw new Error('${specifier} is not part of this binary'); }`
      : `get ${name}() { return loadBundle('auth')['${specifier}']().${name}; }`,
  );
  return `import { loadBundle } from './src/binary/load.ts'; module.exports = { ${getters.join(', ')} };`;
}

/** The exports of a package that a file uses, from its import statement. */
export function importedNames(text: string, specifier: string): string[] {
  const from = `from '${specifier.replaceAll('.', '\\.')}'`;
  const list = new RegExp(`^import \\{([^}]*)\\} ${from}`, 'm').exec(text)?.[1];
  if (list !== undefined) {
    return list.split(',').flatMap((part) => part.trim().split(/\s+as\s+/)[0] || []);
  }
  const namespace = new RegExp(`^import \\* as (\\w+) ${from}`, 'm').exec(text)?.[1];
  if (namespace === undefined) throw new Error(`cannot tell what is imported from ${specifier}`);
  const uses = text.matchAll(new RegExp(`\\b${namespace}\\.(\\w+)`, 'g'));
  return [...new Set(Array.from(uses, ([, name = '']) => name))];
}
