import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { bundleBorders, bundleOf, lazyBuiltins, sharedModules } from '../../../../scripts/build/plugins.ts';
import { root } from '../../../../scripts/lib/process.ts';

describe('lazyBuiltins', () => {
  async function bundled(contents: string) {
    const { outputFiles } = await build({
      stdin: { contents, loader: 'ts' },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
      plugins: [lazyBuiltins],
    });
    const loaded: string[] = [];
    const load = createRequire(import.meta.url);
    const require = (id: string): unknown => {
      loaded.push(id);
      return load(id);
    };
    const module = { exports: {} as Record<string, () => unknown> };
    new Function('require', 'module', outputFiles[0]?.text ?? '')(require, module);
    return { exports: module.exports, loaded };
  }

  it('loads a module of Node when something of it is used, not when it is kept', async () => {
    const { exports, loaded } = await bundled(`
      import { spawnSync } from 'node:child_process';
      import zlib from 'zlib';
      const kept = { spawnSync, zlib };
      export const said = () => kept.spawnSync('echo', ['here']).stdout.toString();
      export const level = () => zlib.constants.Z_BEST_SPEED;
    `);
    expect(loaded).toEqual([]);
    expect(exports['said']?.()).toBe('here\n');
    expect(loaded).toEqual(['node:child_process']);
    expect(exports['level']?.()).toBe(1);
  });

  it('leaves others as they are', async () => {
    const { loaded } = await bundled(`import { sep } from 'node:path'; export const said = () => sep;`);
    expect(loaded).toEqual(['node:path']);
  });
});

describe('sharedModules', () => {
  const shared = 'src/model/errors.ts';
  // What the bundle `kube` offers, and how often it was loaded.
  const kube = `(function(require, module) {
    let loads = 0;
    const offered = { __esModule: true, get UserError() { return class Own { loads = loads; }; } };
    module.exports = { ${JSON.stringify(shared)}: () => { loads++; return offered; } };
  })`;

  async function bundled(contents: string) {
    const { outputFiles } = await build({
      stdin: { contents, loader: 'ts', resolveDir: root },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
      plugins: [sharedModules(new Map([[shared, 'kube']]))],
    });
    return outputFiles[0]?.text ?? '';
  }

  function run(code: string, assets: string[]): Record<string, unknown> {
    const sea = {
      getRawAsset: (name: string) => {
        if (name !== 'kube.js') throw new Error('no cache');
        assets.push(name);
        return Uint8Array.from(Buffer.from(kube)).buffer;
      },
    };
    const load = createRequire(import.meta.url);
    const module = { exports: {} as Record<string, unknown> };
    new Function('require', 'module', code)((id: string) => (id === 'node:sea' ? sea : load(id)), module);
    return module.exports;
  }

  it('are those of the other bundle, which is loaded once for all', async () => {
    const code = await bundled(`
      import { UserError } from './${shared}';
      import { usageError } from './src/model/usage-error.ts';
      export const name = UserError.name;
      export const error = usageError('x');
    `);
    expect(code).not.toContain('Symbol.for("kubectl-nettools.UserError")');
    const assets: string[] = [];
    expect(run(code, assets)).toMatchObject({ name: 'Own', error: { loads: 1 } });
    run(code, assets);
    expect(assets).toEqual(['kube.js']);
  });
});

describe('bundleOf', () => {
  it.each([
    ['src/cli/run.ts', 'cli'],
    ['src/cli/read-flags.ts', 'parser'],
    ['src/commands/connect-early.ts', 'kube'],
    ['src/commands/run.ts', 'session'],
    ['src/commands/shell.ts', 'session'],
    ['src/commands/complete.ts', 'completion'],
    ['src/commands/check.ts', 'app'],
    ['src/console/late-formats.ts', 'formats'],
    ['src/commands/diff-runs.ts', 'formats'],
    ['src/cli/complete.ts', undefined],
  ])('%s is in %s', (file, name) => {
    expect(bundleOf(file)).toBe(name);
  });
});

describe('bundleBorders', () => {
  const calls = async (inside: Parameters<typeof bundleBorders>[0], file: string): Promise<string[]> => {
    const { outputFiles } = await build({
      stdin: { contents: `export const load = () => import('./${file}');`, loader: 'ts', resolveDir: root },
      bundle: true,
      write: false,
      platform: 'node',
      format: 'cjs',
      supported: { 'dynamic-import': false },
      loader: { '.sh': 'text' },
      external: ['@kubernetes/client-node', 'ws'],
      plugins: [bundleBorders(inside)],
    });
    return [...(outputFiles[0]?.text ?? '').matchAll(/loadBundle\("(\w+)"\)\["([\w-]+)"\]/g)].map(
      ([, bundle = '', key = '']) => `${bundle}/${key}`,
    );
  };

  it('of run and shell are those of what they load later', async () => {
    expect(await calls('session', 'src/channels/pod-exec.ts')).toEqual(['stream/pod-exec']);
    expect(await calls('session', 'src/open/pod-target.ts')).toEqual(['pod/pod-target']);
  });

  it('are not there for the bundle that has the module, nor for those that have a copy of their own', async () => {
    expect(await calls('stream', 'src/channels/pod-exec.ts')).toEqual([]);
    expect(await calls('app', 'src/channels/pod-exec.ts')).toEqual([]);
  });

  it('of a command are the same for all', async () => {
    expect(await calls('main', 'src/commands/run.ts')).toEqual(['session/run']);
    expect(await calls('pod', 'src/commands/run-many.ts')).toEqual(['app/run-many']);
  });
});
