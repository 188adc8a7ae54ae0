import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { expect, it } from 'vitest';
import { escaped, moduleUrl } from '../../../../scripts/build/bundle.ts';

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
