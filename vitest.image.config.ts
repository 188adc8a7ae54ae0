import { defineConfig } from 'vitest/config';

// The images themselves, both of them whole: minutes of building, so not part of `npm test`, where the cluster runs slim.
export default defineConfig({
  test: {
    name: 'image',
    include: ['test/image/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 3_600_000,
  },
});
