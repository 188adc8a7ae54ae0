import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { expect, it } from 'vitest';
import { escaped, moduleUrl, withoutCopies } from '../../../../scripts/build/bundle.ts';

it('packages can make a path and a require of their place, on Windows too', () => {
  expect(fileURLToPath(moduleUrl, { windows: true })).toBe('C:\\kubectl-nettools.js');
  expect(createRequire(moduleUrl)('node:path')).toBeDefined();
});

it('is ASCII, also where esbuild leaves a text as it is: in a tagged template', async () => {
  const source = 'const tag = (strings) => strings[0]; globalThis.said = tag`--to … 𝄞` + "…";';
  const { code } = await transform(source, { charset: 'ascii' });
  expect(code).toContain('…');
  const ascii = escaped(code);
  expect(ascii).toMatch(/^[\x00-\x7f]*$/);
  const scope: { said?: string } = {};
  new Function('globalThis', ascii)(scope);
  expect(scope.said).toBe('--to … 𝄞…');
});

it('a module of another kind is wrapped without a copy, and serves as before', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import path, { join } from 'node:path';
        import * as all from './cjs.cjs';
        import marked from './marked.cjs';
        module.exports = [path.sep, join('a', 'b'), all.one, all.default.one, marked];`,
      resolveDir: '/',
    },
    bundle: true,
    write: false,
    minifySyntax: true,
    minifyWhitespace: true,
    platform: 'node',
    format: 'cjs',
    plugins: [
      {
        name: 'texts',
        setup: ({ onResolve, onLoad }) => {
          onResolve({ filter: /\.cjs$/ }, ({ path }) => ({ path, namespace: 'texts' }));
          onLoad({ filter: /marked/, namespace: 'texts' }, () => ({
            contents: 'exports.__esModule = true; exports.default = "own";',
          }));
          onLoad({ filter: /.*/, namespace: 'texts' }, () => ({ contents: 'exports.one = 1;' }));
        },
      },
    ],
  });
  const code = outputFiles[0]?.text ?? '';
  const lean = withoutCopies(code);
  expect(lean).not.toBe(code);
  const run = (text: string): unknown => {
    const module = { exports: undefined };
    new Function('require', 'module', text)(createRequire(import.meta.url), module);
    return module.exports;
  };
  expect(run(lean)).toEqual(['/', 'a/b', 1, 1, 'own']);
  expect(run(lean)).toEqual(run(code));
});
