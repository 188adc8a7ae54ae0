import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bridge } from '../cluster/paths.ts';
import { until } from '../cluster/proc.ts';
import { bash, expectSentence, nettools } from './support/cli.ts';
import { app, pod, testNamespace } from './support/cluster.ts';

const ns = testNamespace('errors');
const on = (target: string, ...flags: string[]) => ['-n', ns.name, target, ...flags];
/** Every command that needs a session on its target. */
const commands: readonly (readonly [string, (target: string) => string[]])[] = [
  ['run', (target) => ['run', ...on(target), '--', 'true']],
  ['latency', (target) => ['latency', ...on(target), '--count', '5']],
  ['shell', (target) => ['shell', ...on(target)]],
];

const stubborn = { ...app, command: ['sh', '-c', "trap '' TERM; while :; do sleep 1; done"] };

beforeAll(async () => {
  await ns.start(
    pod('app'),
    pod('leaving', { containers: [stubborn], spec: { terminationGracePeriodSeconds: 120 } }),
  );
  await ns.apply(
    pod('done', { containers: [{ ...app, command: ['true'] }], spec: { restartPolicy: 'Never' } }),
    pod('failed', { containers: [{ ...app, command: ['false'] }], spec: { restartPolicy: 'Never' } }),
    pod('unschedulable', { spec: { nodeSelector: { 'nettools-e2e': 'nowhere' } } }),
    pod('half', {
      containers: [app, { ...app, name: 'over', ports: [], command: ['true'] }],
      spec: { restartPolicy: 'Never' },
    }),
    pod('no-config', { containers: [{ ...app, envFrom: [{ configMapRef: { name: 'not-there' } }] }] }),
  );
  await Promise.all([
    ns.kubectl(['wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/done', '--timeout=180s']),
    ns.kubectl(['wait', '--for=jsonpath={.status.phase}=Failed', 'pod/failed', '--timeout=180s']),
    ns.kubectl(['wait', '--for=condition=PodScheduled=false', 'pod/unschedulable', '--timeout=180s']),
    ns.kubectl(['delete', 'pod', 'leaving', '--wait=false']),
    until(
      'the end of a container of half',
      60,
      async () => (await ns.stateOf('half', 'over'))?.terminated !== undefined || 'not yet',
    ),
    until('the failure of no-config', 60, async () => {
      const reason = (await ns.stateOf('no-config', 'app'))?.waiting?.reason;
      return reason === 'CreateContainerConfigError' || `it is ${reason}`;
    }),
  ]);
});

// Its namespace would have to wait for it.
afterAll(() => ns.kubectl(['delete', 'pod', 'leaving', '--force', '--grace-period=0', '--ignore-not-found']));

describe.each(commands)('%s on a pod that takes no container', (_name, command) => {
  it.each([
    ['nope', /no pod "nope" in namespace "nettools-e2e-errors-/],
    ['deploy/nope', /no deployment "nope" in namespace/],
    ['svc/nope', /no service "nope" in namespace/],
  ])('%s does not exist', async (target, says) => {
    expectSentence(await nettools(command(target)), 3, says);
  });

  it.each([
    ['done', /pod "done" has completed \(Succeeded\)/],
    ['failed', /pod "failed" has completed \(Failed\)/],
    [
      'unschedulable',
      /pod "unschedulable" is still Pending: .*nodes? are available: .*didn't match Pod's node affinity/,
    ],
    ['leaving', /pod "leaving" is being deleted/],
  ])('%s', async (target, says) => {
    const before = await ns.pod(target);
    expectSentence(await nettools(command(target)), 3, says);
    expect((await ns.pod(target)).spec).toEqual(before.spec);
  });
});

describe('a static pod', () => {
  it('takes no container, and that is told', async () => {
    // What the API has of it is a mirror pod, made by the kubelet. This one is of a node that does not exist, or its
    // kubelet would remove it.
    const mirror = { 'kubernetes.io/config.mirror': '0123456789abcdef' };
    await ns.apply(
      pod('static', { annotations: mirror, spec: { nodeName: 'no-such-node', enableServiceLinks: false } }),
    );
    const before = await ns.pod('static');
    const outcome = await nettools(['run', ...on('static'), '--', 'true']);
    expectSentence(outcome, 3, /pod "static" is a static pod of node "no-such-node"/);
    expect((await ns.pod('static')).spec).toEqual(before.spec);
  });
});

describe('a pod whose own containers do not start', () => {
  it('can be looked into all the same', async () => {
    await until(
      'an address',
      60,
      async () => (await ns.pod('no-config')).status.podIP !== undefined || 'none yet',
    );
    expect((await ns.pod('no-config')).status.phase).toBe('Pending');
    const outcome = await nettools([
      'run',
      ...on('no-config'),
      '--',
      'sh',
      '-c',
      'ip -br addr show dev eth0',
    ]);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toMatch(/^eth0\S* +UP /);
  });
});

describe('-c CONTAINER', () => {
  it.each([
    ['app', 'nope', /pod "app" has no container "nope" \(it has: app\)/],
    ['half', 'over', /container "over" of pod "half" does not run \(Completed\)/],
    ['no-config', 'app', /container "app" of pod "no-config" does not run \(CreateContainerConfigError\)/],
  ])('of %s: %s', async (target, container, says) => {
    const before = await ns.pod(target);
    expectSentence(await nettools(['run', ...on(target, '-c', container), '--', 'true']), 3, says);
    expect((await ns.pod(target)).spec).toEqual(before.spec);
  });
});

describe('wrong usage', () => {
  it.each([
    [['run', 'app', 'true'], /put -- before the command/],
    [['run', 'app', '--'], /run needs a command after --/],
    [['run', '--', 'true'], /run needs a TARGET/],
    [['run', 'app', '-l', 'app=app', '--', 'true'], /either a TARGET or -l SELECTOR/],
    [['run', 'zebra/app', '--', 'true'], /no target kind "zebra"/],
    [['latncy', 'app'], /unknown command "latncy"/],
    [['latency', 'app', '--count', 'many'], /--count must be a whole number/],
    [['latency', 'app', '--no-such-flag'], /--no-such-flag/],
    [['latency', 'app', '--to', 'not a host'], /--to "not a host" is not a destination/],
    [['latency', 'app', '--to', 'host:99999'], /--to "host:99999" is not a destination/],
    [['run', 'app', '--profile', 'root', '--', 'true'], /--profile must be one of/],
  ])('%j', async (words, says) => {
    const [first = '', ...rest] = words;
    const before = await ns.pod('app');
    expectSentence(await nettools([first, '-n', ns.name, ...rest]), 2, says);
    expect((await ns.pod('app')).spec).toEqual(before.spec);
  });

  it('a DEST that does not exist is told before the pod is changed', async () => {
    const before = await ns.pod('app');
    expectSentence(await nettools(['latency', ...on('app'), '--to', 'pod/nope']), 3, /no pod "nope"/);
    expectSentence(await nettools(['latency', ...on('app'), '--to', 'svc/nope']), 3, /no service "nope"/);
    expect((await ns.pod('app')).spec).toEqual(before.spec);
  });

  it.each([
    [
      '/nowhere/run.json',
      /^error: --save \/nowhere\/run\.json cannot be written: there is no such file or folder\.$/,
    ],
    ['/proc', /^error: --save \/proc cannot be written: it is a folder\.$/],
  ])('--save %s is told before the pod is changed', async (file, says) => {
    const before = await ns.pod('app');
    expectSentence(await nettools(['latency', ...on('app'), '--save', file]), 3, says);
    expect((await ns.pod('app')).spec).toEqual(before.spec);
  });
});

describe('no way to the API server', () => {
  /** Takes connections and never says a word. */
  let silent: Server;
  let silentPort = 0;
  beforeAll(async () => {
    silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    if (address !== null && typeof address === 'object') silentPort = address.port;
  });
  afterAll(() => silent.close());

  it('the context is not in the kubeconfig', async () => {
    const outcome = await nettools(['run', ...on('app', '--context', 'nope'), '--', 'true']);
    expectSentence(outcome, 3, /context "nope" is not in the kubeconfig \(it has: nettools-test\)/);
  });

  it('the kubeconfig is not there', async () => {
    const outcome = await nettools(['run', ...on('app', '--kubeconfig', '/no/such/file'), '--', 'true']);
    expectSentence(outcome, 3, /\/no\/such\/file does not exist/);
    const none = await nettools(['run', ...on('app'), '--', 'true'], { env: { KUBECONFIG: '' } });
    expectSentence(none, 3, /no cluster configured/);
  });

  it('its port is closed', async () => {
    const outcome = await nettools(['latency', ...on('app', '--server', 'https://127.0.0.1:1')]);
    expectSentence(
      outcome,
      3,
      /cannot reach the API server at https:\/\/127\.0\.0\.1:1: the connection was refused/,
    );
  });

  it('its address is a black hole, or it never answers: --request-timeout ends the wait', async () => {
    const nobody = bridge.address.replace(/\d+$/, '250');
    for (const server of [`https://${nobody}:6443`, `https://127.0.0.1:${silentPort}`]) {
      const outcome = await nettools([
        'run',
        ...on('app', '--server', server, '--request-timeout=2s'),
        '--',
        'true',
      ]);
      expectSentence(outcome, 3, /no answer from the API server at \S+ within 2 s/);
      expect(outcome.seconds).toBeGreaterThan(1.9);
    }
  });

  it('the token is not accepted', async () => {
    const outcome = await nettools(['run', ...on('app', '--token', 'wrong'), '--', 'true']);
    expectSentence(outcome, 3, /does not accept these credentials \(401\)/);
  });
});

describe('where it happened', () => {
  it('is told with -v only', async () => {
    const outcome = await nettools(['run', ...on('nope', '-v'), '--', 'true']);
    expect(outcome).toMatchObject({ code: 3, stdout: '' });
    expect(outcome.stderr).toMatch(/^error: no pod "nope"/);
    expect(outcome.stderr).toMatch(/^ +at /m);
  });

  it('is told without the words of a credential plugin, which may be credentials', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-errors-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'config');
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: '/nonexistent/plugin',
      args: ['--client-secret', 'hush'],
      env: [{ name: 'PASSWORD', value: 'hush' }],
      interactiveMode: 'Never',
    };
    writeFileSync(
      file,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
        users: [{ name: 'u', user: { exec } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    );
    const outcome = await nettools(['run', 'app', '--kubeconfig', file, '-v', '--', 'true']);
    expect(outcome).toMatchObject({ code: 3, stdout: '' });
    expect(outcome.stderr).toContain('credential plugin "/nonexistent/plugin" is not there');
    expect(outcome.stderr).toMatch(/^caused by Error: spawn /m);
    expect(outcome.stderr).not.toContain('hush');
  });
});

describe('through kubectl', () => {
  it('exit code and sentence are the same', async () => {
    const outcome = await bash(`kubectl nettools run -n ${ns.name} nope -- true`);
    expectSentence(outcome, 3, /no pod "nope"/);
  });
});
