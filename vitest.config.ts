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

// Need no cluster: engines, namespaces and files of this machine.
const MACHINE = [
  'test/e2e/{docker,docker-answers,docker-beside,docker-bridge,docker-host,docker-memory,docker-names,docker-newest,docker-overlay,docker-unpublished,local,local-egress,local-shell,podman,watch,watch-wire}.test.ts',
  'test/integration/channels/{docker,local}.test.ts',
];

// Break what everything on this machine shares, so nothing at all that looks at it may run meanwhile.
const MACHINE_FAULTS = ['test/faults/neighbour-table.test.ts'];

// Break what all pods of a node or of the cluster share, so nobody else may look at it meanwhile.
const SHARED_FAULTS = [
  'test/faults/{arp,claims,discriminator,dns,iptables-mode,node,policy-kinds,stray-pod,zones}.test.ts',
];

// Change pods of their own alone, or namespaces of this machine. They run behind the e2e tests, which take less time than
// the other faults.
const OWN_FAULTS = [
  'test/faults/{beside,cpu-limit,gateway,interfaces,long-lived,mesh,other-source,own-namespaces,plain-grpc,plain-hosts,resting,second-network,server-first,service-links,tls,uplinks}.test.ts',
];

/** Tests of real parts, one file after the other. The limits only end what hangs: a busy machine is no reason to fail. */
const real = (name: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: {
    name,
    include,
    exclude,
    fileParallelism: false,
    retry: SECOND_TRY,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});

// Unit tests touch no cluster and no built binary. Integration tests drive the sources, e2e tests and faults
// dist/kubectl-nettools, release tests the archives of dist/release. scripts/test.ts says what runs beside what.
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
      real('machine', MACHINE),
      real('integration', ['test/integration/**/*.test.ts'], MACHINE),
      real('e2e', ['test/e2e/**/*.test.ts'], MACHINE),
      real('release', ['test/release/**/*.test.ts']),
      real('machine-faults', MACHINE_FAULTS),
      real('shared-faults', SHARED_FAULTS),
      real('own-faults', OWN_FAULTS),
      real(
        'faults',
        ['test/faults/**/*.test.ts'],
        [...MACHINE_FAULTS, ...SHARED_FAULTS, ...OWN_FAULTS, ...OTHER_IMAGES],
      ),
    ],
  },
});
