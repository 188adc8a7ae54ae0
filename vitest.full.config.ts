import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

// What the gate has no room for: parts of the cluster are killed, stopped and cut off, and have to come back between tests;
// and the faults in other people's images.
export default mergeConfig(
  { plugins: base.plugins },
  defineConfig({
    test: {
      name: 'full',
      include: ['test/full/**/*.test.ts', 'test/faults/variants.test.ts'],
      fileParallelism: false,
      // Tests that say so run beside each other: so many.
      maxConcurrency: 4,
      testTimeout: 600_000,
      hookTimeout: 600_000,
    },
  }),
);
