import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodes, testRegistry } from '../cluster/paths.ts';
import { CREDENTIALS, TestRegistry } from '../servers/registry.ts';
import { expectSentence, nettools } from './support/cli.ts';
import { type Manifest, pod, testNamespace } from './support/cluster.ts';
import { removeImages } from './support/images.ts';

const ns = testNamespace('private-registry');
const image = `${testRegistry}/guarded/app:1`;
/** The image that a build of the sources names is localhost/nettools:dev. */
const mirrored = `${testRegistry}/guarded/nettools:dev`;
const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-config-'));

function pullSecret(name: string, password: string): Manifest {
  const login = { ...CREDENTIALS, password };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': JSON.stringify({ auths: { [testRegistry]: login } }) },
  };
}

/** The environment of a user who has this configuration. */
function configured(name: string, text: string): NodeJS.ProcessEnv {
  const file = join(folder, name);
  writeFileSync(file, text);
  return { KUBECTL_NETTOOLS_CONFIG: file };
}

const run = (target: string, ...flags: readonly string[]) => [
  'run',
  '-n',
  ns.name,
  target,
  ...flags,
  '--',
  'echo',
  'ok',
];

let registry: TestRegistry;
beforeAll(async () => {
  registry = await TestRegistry.start(testRegistry);
  const account: Manifest = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'puller' },
    imagePullSecrets: [{ name: 'good' }],
  };
  await ns.apply(pullSecret('good', CREDENTIALS.password), pullSecret('wrong', 'guessed'), account);
  await ns.start(
    pod('without'),
    pod('own', { spec: { imagePullSecrets: [{ name: 'good' }] } }),
    pod('by-account', { spec: { serviceAccountName: 'puller' } }),
    pod('wrong', { spec: { imagePullSecrets: [{ name: 'wrong' }] } }),
  );
});
afterAll(async () => {
  await registry?.stop();
  await removeImages(testRegistry);
  rmSync(folder, { recursive: true });
});

// In this order: an image that is on a node may be used without its credentials, depending on the kubelet's policy.
describe('a private image beside a pod', () => {
  it('without a pull secret is refused, and what to do is told', async () => {
    const outcome = await nettools(run('without', '--image', image));
    expectSentence(outcome, 3, /Failed to pull image .*(401 Unauthorized|authorization failed)/);
    expect(outcome.stderr).toContain(
      `the pod has no imagePullSecrets, and gets them only when it is created, from its spec or from ServiceAccount "default" of namespace "${ns.name}"`,
    );
  });

  it('with a wrong one is refused, and its name is told', async () => {
    const outcome = await nettools(run('wrong', '--image', image));
    expectSentence(outcome, 3, /Failed to pull image .*(401 Unauthorized|authorization failed)/);
    expect(outcome.stderr).toContain("the pod's imagePullSecrets (wrong) have no valid credentials for it");
  });

  it.each([['own'], ['by-account']])(
    'is pulled with the secret that the pod "%s" was created with',
    async (name) => {
      const outcome = await nettools(run(name, '--image', image));
      expect(outcome).toMatchObject({ code: 0, stdout: 'ok\n', stderr: '' });
    },
  );

  it('comes from the mirror of the configuration, for the cluster that it is set for', async () => {
    const env = configured(
      'mirror.yaml',
      `clusters:\n  nettools-test:\n    mirror: ${testRegistry}/guarded\n    profile: restricted\n`,
    );
    const outcome = await nettools(run('own'), { env });
    expect(outcome).toMatchObject({ code: 0, stdout: 'ok\n', stderr: '' });
    const { spec } = await ns.pod('own');
    expect(spec.ephemeralContainers?.map((one) => one.image)).toContain(mirrored);
  });
});

describe('a private image for a node', () => {
  const [node] = nodes;
  const target = `node/${node?.name}`;
  const mirror = `mirror: ${testRegistry}/guarded\nimagePullPolicy: Always\ndebugNamespace: ${ns.name}\n`;

  it('without a pull secret is refused, and what to do is told', async () => {
    const outcome = await nettools(run(target), { env: configured('none.yaml', mirror) });
    expectSentence(outcome, 3, /Failed to pull image .*(401 Unauthorized|authorization failed)/);
    expect(outcome.stderr).toContain(
      `name a Secret of namespace "${ns.name}" that has its credentials with --pull-secret`,
    );
  });

  it('is pulled with the secret of the configuration', async () => {
    const env = configured('secret.yaml', `${mirror}pullSecret: good\n`);
    expect(await nettools(run(target), { env })).toMatchObject({ code: 0, stdout: 'ok\n', stderr: '' });
  });

  it('is refused with a wrong one, and its name is told', async () => {
    const env = { ...configured('wrong.yaml', mirror), KUBECTL_NETTOOLS_PULL_SECRET: 'wrong' };
    const outcome = await nettools(run(target), { env });
    expectSentence(outcome, 3, /Failed to pull image/);
    expect(outcome.stderr).toContain(
      `the Secret wrong of namespace "${ns.name}" is missing or has no valid credentials`,
    );
  });
});
