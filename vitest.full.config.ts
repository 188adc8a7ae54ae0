import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

// What the gate has no room for: parts of the cluster are killed, stopped and cut off, and have to come back between tests.
export default mergeConfig(
  { plugins: base.plugins },
  defineConfig({
    test: {
      name: 'full',
      include: ['test/full/**/*.test.ts'],
      fileParallelism: false,
      testTimeout: 600_000,
      hookTimeout: 600_000,
    },
  }),
);
