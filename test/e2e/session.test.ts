import { once } from 'node:events';
import { load } from 'js-yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { until } from '../cluster/proc.ts';
import { nettools, startNettools } from './support/cli.ts';
import { app, type Manifest, pod, testNamespace } from './support/cluster.ts';
import { appears, disappears, uniqueSleep } from './support/processes.ts';
import { destinations, latencyReport, problems } from './support/report.ts';

const ns = testNamespace('session');
const on = (target: string, ...flags: string[]) => ['-n', ns.name, target, ...flags];
const run = (target: string, ...flags: string[]) => ['run', ...on(target, ...flags), '--'];

beforeAll(() =>
  ns.startApps(
    'ten',
    'two',
    'five',
    'idle',
    'killed',
    'busy',
    'listed',
    'beside',
    'other',
    'policies',
    'gone',
  ),
);

describe('one entry in the pod', () => {
  it('is all that ten latency runs leave', async () => {
    for (let i = 0; i < 10; i++) {
      const { outcome } = await latencyReport(on('ten', '--count', '5', '--interval', '10ms'));
      // What a busy machine's network comes to is not the question here.
      expect([0, 1], outcome.stderr).toContain(outcome.code);
    }
    expect(await ns.ephemerals('ten')).toHaveLength(1);
  });

  it.each([
    ['two', 2],
    ['five', 5],
  ] as const)('is all that %s clients make at the same moment', async (name, clients) => {
    const numbers = Array.from({ length: clients }, (_, i) => String(i));
    const outcomes = await Promise.all(numbers.map((n) => nettools([...run(name), 'echo', n])));
    expect(outcomes.map(({ code, stdout }) => [code, stdout])).toEqual(numbers.map((n) => [0, `${n}\n`]));
    expect(await ns.ephemerals(name)).toHaveLength(1);
  });

  it('serves auto after netadmin was asked for, and the other way round', async () => {
    await nettools([...run('busy', '--profile', 'netadmin'), 'true']);
    await nettools([...run('busy'), 'true']);
    await nettools([...run('busy', '--profile', 'netadmin'), 'true']);
    expect(await ns.ephemerals('busy')).toHaveLength(1);
  });
});

describe('the idle time', () => {
  it.concurrent('ends the container, and the next run adds the next generation', async () => {
    await nettools([...run('idle', '--idle', '10s'), 'true']);
    const [first = ''] = await ns.ephemerals('idle');
    expect(first).toMatch(/^nettools-netadmin-[0-9a-f]{6}-0$/);
    await ns.ended('idle', first, 90);
    expect(await nettools([...run('idle', '--idle', '10s'), 'echo', 'again'])).toMatchObject({
      code: 0,
      stdout: 'again\n',
    });
    expect(await ns.ephemerals('idle')).toEqual([first, first.replace(/0$/, '1')]);
  });

  it.concurrent('counts from the end of a client that was killed, however it was connected', async () => {
    const marks = [uniqueSleep(), uniqueSleep()];
    const clients = marks.map((mark, i) =>
      startNettools([...run('killed', '--idle', '10s'), 'sleep', mark], i === 0 ? 'ignore' : 'pipe'),
    );
    for (const mark of marks) await appears('sleep', mark);
    for (const { child } of clients) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    for (const mark of marks) await disappears(60, 'sleep', mark);
    const [first = ''] = await ns.ephemerals('killed');
    await ns.ended('killed', first, 90);
    await nettools([...run('killed', '--idle', '10s'), 'true']);
    expect(await ns.ephemerals('killed')).toEqual([first, first.replace(/0$/, '1')]);
  });

  it.concurrent('does not run while a command does', async () => {
    const outcome = await nettools([
      ...run('busy', '--idle', '4s', '--profile', 'baseline'),
      'sh',
      '-c',
      'sleep 12; echo done',
    ]);
    expect(outcome).toMatchObject({ code: 0, stdout: 'done\n' });
  });
});

describe('a session that has ended a moment ago', () => {
  it('is replaced though the API still calls it running', async () => {
    await nettools([...run('gone'), 'true']);
    // Its own end, without a wait for the kubelet's report of it.
    await nettools([...run('gone'), 'kill', '-TERM', '1']);
    const piped = await nettools([...run('gone'), 'cat'], { input: 'in\n' });
    expect(piped).toMatchObject({ code: 0, stdout: 'in\n', stderr: '' });
    await nettools([...run('gone'), 'kill', '-TERM', '1']);
    const { outcome } = await latencyReport(on('gone', '--count', '5'));
    expect([0, 1], outcome.stderr).toContain(outcome.code);
    expect(await ns.ephemerals('gone')).toHaveLength(3);
  });
});

describe('sessions', () => {
  const rows = async (target: string): Promise<Record<string, unknown>[]> => {
    const { stdout } = await nettools(['sessions', 'ls', ...on(target), '-o', 'json']);
    const list = JSON.parse(stdout) as { apiVersion: string; kind: string; items: Record<string, unknown>[] };
    expect(list).toMatchObject({ apiVersion: 'nettools/v1', kind: 'SessionList' });
    return list.items;
  };

  it('ls shows what runs, stop ends it and waits until it has ended', async () => {
    expect(await nettools(['sessions', 'ls', ...on('listed')])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'No sessions found.\n',
    });
    await nettools([...run('listed', '--idle', '5m'), 'true']);
    const [container = ''] = await ns.ephemerals('listed');

    const table = (await nettools(['sessions', 'ls', ...on('listed')])).stdout.trimEnd().split('\n');
    expect(table).toHaveLength(2);
    expect(table[0]?.split(/ {2,}/)).toEqual([
      'NAMESPACE',
      'POD',
      'CONTAINER',
      'PROFILE',
      'IMAGE',
      'STATE',
      'SINCE',
      'IDLE-LIMIT',
    ]);
    expect(table[1]?.split(/ {2,}/)).toMatchObject({
      0: ns.name,
      1: 'listed',
      2: container,
      3: 'netadmin',
      4: 'localhost/nettools:dev',
      5: 'running',
      7: '300s',
    });
    expect(await rows('listed')).toEqual([
      {
        namespace: ns.name,
        pod: 'listed',
        container,
        profile: 'netadmin',
        image: 'localhost/nettools:dev',
        state: 'running',
        since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        idleSeconds: 300,
      },
    ]);
    const yaml = await nettools(['sessions', 'ls', ...on('listed'), '-o', 'yaml']);
    expect(load(yaml.stdout)).toMatchObject({
      kind: 'SessionList',
      items: [{ container, state: 'running' }],
    });

    const mark = uniqueSleep();
    const inside = startNettools([...run('listed'), 'sleep', mark]);
    await appears('sleep', mark);
    expect(await nettools(['sessions', 'stop', ...on('listed')])).toMatchObject({
      code: 0,
      stdout: `session ${ns.name}/listed/${container} stopped\n`,
    });
    // It waited: no further look at the pod is needed.
    expect(await rows('listed')).toMatchObject([{ container, state: 'ended' }]);
    await disappears(60, 'sleep', mark);
    expect((await inside.outcome).code).not.toBe(0);
    expect(await nettools(['sessions', 'stop', ...on('listed')])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'No running sessions found.\n',
    });
  });

  it('ls -A shows those of all namespaces', async () => {
    await nettools([...run('ten'), 'true']);
    const { stdout } = await nettools(['sessions', 'ls', '-A', '-o', 'json']);
    const { items } = JSON.parse(stdout) as { items: { namespace: string; pod: string }[] };
    expect(items).toContainEqual(expect.objectContaining({ namespace: ns.name, pod: 'ten' }));
  });
});

describe('-c CONTAINER', () => {
  it("shares that container's process namespace, and its session ends as any other", async () => {
    const beside = await nettools([
      ...run('beside', '-c', 'app', '--idle', '10s'),
      'ps',
      'ax',
      '-o',
      'pid,args',
    ]);
    expect(beside.stdout).toMatch(/^ *1 httpd -f -v -p 8080/m);
    const alone = await nettools([...run('beside', '--idle', '10s'), 'ps', 'ax', '-o', 'pid,args']);
    expect(alone.stdout).not.toContain('httpd');
    const [first = '', second = ''] = await ns.ephemerals('beside');
    const { spec } = await ns.pod('beside');
    expect(spec.ephemeralContainers?.find(({ name }) => name === first)?.targetContainerName).toBe('app');
    await Promise.all([ns.ended('beside', first, 90), ns.ended('beside', second, 90)]);
  });

  it('can be stopped, and the application goes on', async () => {
    await nettools([...run('beside', '-c', 'app'), 'true']);
    const { stdout } = await nettools(['sessions', 'stop', ...on('beside')]);
    expect(stdout).toMatch(/^session \S+ stopped\n$/);
    const { status } = await ns.pod('beside');
    expect(status.phase).toBe('Running');
    const app = await ns.kubectl([
      'get',
      'pod',
      'beside',
      '-o',
      'jsonpath={.status.containerStatuses[0].restartCount}',
    ]);
    expect(app).toBe('0');
  });
});

describe('another image', () => {
  const image = ['--image', 'localhost/app:1'];

  it('runs commands when it has a shell', async () => {
    const outcome = await nettools([...run('other', ...image), 'sh', '-c', 'cat; exit 9'], { input: 'in\n' });
    expect(outcome).toMatchObject({ code: 9, stdout: 'in\n', stderr: '' });
  });

  it('makes latency skip what it lacks the tools for, and say so', async () => {
    const { report, outcome } = await latencyReport(on('other', ...image, '--count', '5'));
    // What could not be measured is no pass, and no failure of the pod.
    expect(outcome.code).toBe(3);
    expect(report.verdict).toBe('unknown');
    expect(problems(report)).toEqual([]);
    const skips = report.checks.flatMap(({ findings }) => findings).filter(({ id }) => id === 'NT-SYS-001');
    const said = skips.map(({ summary }) => summary).join('\n');
    expect(said).toContain('the image has no bash');
    expect(said).toContain('the image has no ss');
    const gateway = destinations(report).find(({ name }) => name === 'gateway');
    expect(gateway).toMatchObject({
      icmp: { lossPercent: 0 },
      tcp: { skipped: expect.stringContaining('bash') },
    });
  });
});

describe('an entry that has failed', () => {
  it('is no reason to take a weaker profile when the next try is another one', async () => {
    const image = ['--image', 'localhost/no-such-image:1'];
    const never = [...image, '--image-pull-policy', 'Never'];
    const first = await nettools([...run('policies', ...never), 'true']);
    // Another idle time is the same try: it would fail alike.
    const again = await nettools([...run('policies', ...never, '--idle', '20s'), 'true']);
    expect([first.code, again.code]).toEqual([3, 3]);
    expect(again.stderr).toContain('not present with pull policy of Never');
    expect(await ns.ephemerals('policies')).toHaveLength(1);
    // The kubelet reports it some seconds after its event; until then it counts as about to start.
    await until('report of the failure', 60, async () => {
      const { status } = await ns.pod('policies');
      const state = status.ephemeralContainerStatuses?.[0]?.state;
      return JSON.stringify(state).includes('ErrImageNeverPull') || `its state is ${JSON.stringify(state)}`;
    });
    const second = await nettools([
      ...run('policies', ...image, '--image-pull-policy', 'IfNotPresent'),
      'true',
    ]);
    expect(second.code).toBe(3);
    const [a = '', b = '', ...more] = await ns.ephemerals('policies');
    expect(a).toMatch(/^nettools-netadmin-/);
    expect(b).toBe(a.replace(/0$/, '1'));
    expect(more).toEqual([]);
    // The same try again has its entry already.
    await nettools([...run('policies', ...never), 'true']);
    expect(await ns.ephemerals('policies')).toHaveLength(2);
  });
});

describe('a workload as the target', () => {
  const template = (name: string, containers: readonly Manifest[]): object => {
    const { metadata, spec } = pod(name, { containers });
    return { metadata, spec };
  };
  const workload = (
    kind: string,
    name: string,
    extra: object,
    containers: readonly Manifest[] = [app],
  ): Manifest => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, template: template(name, containers), ...extra },
  });
  const unready = { ...app, readinessProbe: { exec: { command: ['false'] } } };

  beforeAll(async () => {
    await ns.apply(
      workload('Deployment', 'front', { replicas: 2 }),
      workload('StatefulSet', 'db', { replicas: 1, serviceName: 'db' }),
      workload('DaemonSet', 'agent', {}),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'front' },
        spec: { selector: { app: 'front' }, ports: [{ port: 80, targetPort: 8080 }] },
      },
      // Comes first by name, and is not ready.
      pod('a-front', { containers: [unready], labels: { app: 'front' } }),
    );
    await Promise.all([
      ...['deploy/front', 'sts/db', 'ds/agent'].map((one) =>
        ns.kubectl(['rollout', 'status', one, '--timeout=180s']),
      ),
      ns.kubectl(['wait', '--for=jsonpath={.status.phase}=Running', 'pod/a-front', '--timeout=180s']),
    ]);
  });

  it.each([
    ['deploy/front', /^front-/],
    ['deployment/front', /^front-/],
    ['svc/front', /^front-/],
    ['-l app=front', /^front-/],
    ['sts/db', /^db-0$/],
    ['ds/agent', /^agent-/],
    ['pod/db-0', /^db-0$/],
  ])('%s is one of its ready pods, the same each time', async (target, name) => {
    const words = ['run', '-n', ns.name, ...target.split(' '), '--', 'hostname'];
    const first = await nettools(words);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout.trim()).toMatch(name);
    expect((await nettools(words)).stdout).toBe(first.stdout);
  });
});
