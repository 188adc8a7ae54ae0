import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { bundleOf, lazyBuiltins } from '../../../../scripts/build/plugins.ts';

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

describe('bundleOf', () => {
  it.each([
    ['src/cli/run.ts', 'cli'],
    ['src/cli/read-flags.ts', 'parser'],
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
