import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { moduleUrl } from '../../../../scripts/build/bundle.ts';

it('packages can make a path and a require of their place, on Windows too', () => {
  expect(fileURLToPath(moduleUrl, { windows: true })).toBe('C:\\kubectl-nettools.js');
  expect(createRequire(moduleUrl)('node:path')).toBeDefined();
});
