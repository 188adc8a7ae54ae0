import { defineConfig } from 'vitest/config';

// Shell scripts are files of their own; the build embeds their text in the same way.
const shellText = {
  name: 'shell-text',
  transform: (code: string, id: string) =>
    /\.(?:ba)?sh$/.test(id) ? `export default ${JSON.stringify(code)};` : undefined,
};

// The faults in other people's images take five minutes: the gate leaves them to "npm run test:full". "npm run faults", which
// makes a page of what it sees, runs them too.
const OTHER_IMAGES = process.env['NETTOOLS_FAULT_ROWS'] === undefined ? ['test/faults/variants.test.ts'] : [];

// On the real cluster a test gets a second try: what a busy machine does to it is no verdict. The gate names each that
// needed it (scripts/lib/second-try.ts).
const SECOND_TRY = 1;

// Unit tests touch no cluster and no built binary. Integration tests drive the sources against the test cluster, e2e
// tests drive dist/kubectl-nettools; both share one cluster, so their files run one after the other. Release tests take
// the archives of dist/release. The limits only end what hangs: a busy machine is no reason to fail.
export default defineConfig({
  plugins: [shellText],
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Some start a shell or a process, and the machine may be busy.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // The configuration of whoever runs the tests is not for them.
          env: { XDG_CONFIG_HOME: '/nonexistent' },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          fileParallelism: false,
          retry: SECOND_TRY,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          retry: SECOND_TRY,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'release',
          include: ['test/release/**/*.test.ts'],
          fileParallelism: false,
          retry: SECOND_TRY,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          exclude: OTHER_IMAGES,
          fileParallelism: false,
          retry: SECOND_TRY,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
