/** Commands that run as a Job in the cluster: one report of all shards, and nothing that stays. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../cluster/proc.ts';
import { expectSentence, nettools, type Outcome, type Started, startNettools } from './support/cli.ts';
import { cliImage } from './support/cli-image.ts';
import { app, helper, kubectl, pod, testNamespace } from './support/cluster.ts';
import { validList, validMatrix, validReport } from './support/report.ts';

const ns = testNamespace('in-cluster');
const strict = testNamespace('in-cluster-strict', { 'pod-security.kubernetes.io/enforce': 'restricted' });
const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-in-cluster-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = ['one-0', 'one-1', 'one-2', 'two-0', 'two-1', 'two-2'];
const many = ['-l', 'app=in-cluster', '--all'];
const drop = ['udp', 'tcp'].map((way) => `add rule inet f out ${way} dport 53 drop`);
/** Each of its shards takes 15 s. */
const slow = ['latency', ...many, '--count', '60', '--interval', '200ms', '--parallel', '8'];

const inCluster = (...words: readonly string[]): Promise<Outcome> =>
  nettools(['in-cluster', ...words, '-n', ns.name, '--image-pull-policy', 'Never']);

beforeAll(async () => {
  await cliImage();
  await ns.start(
    ...names.map((name) =>
      pod(name, {
        labels: { app: 'in-cluster' },
        containers: [app, helper],
        spec: { nodeName: name.startsWith('one') ? 'node1' : 'node2' },
      }),
    ),
  );
  const rules = ['add table inet f', 'add chain inet f out { type filter hook output priority 0; }', ...drop];
  await Promise.all(
    names.filter((name) => name.startsWith('two')).map((name) => ns.help(name, 'nft', rules.join('; '))),
  );
});

/** What a run has made and left, but what the garbage collector is about to take. */
async function leftIn(namespace: string): Promise<string[]> {
  const kinds = 'jobs,pods,serviceaccounts,roles,rolebindings';
  const selector = 'app.kubernetes.io/name=nettools-job';
  const own = await kubectl(['-n', namespace, 'get', kinds, '-l', selector, '-o', 'name']);
  const wide = await kubectl(['get', 'clusterroles,clusterrolebindings', '-l', selector, '-o', 'name']);
  return `${own}\n${wide}`
    .split('\n')
    .filter((line) => line !== '' && (line.includes(namespace) || own.includes(line)));
}

function nothingStays(namespace = ns.name, limit = 60): Promise<void> {
  return until('the end of all that the Job took', limit, async () => {
    const left = await leftIn(namespace);
    return left.length === 0 || left.join(', ');
  });
}

interface JobPod {
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly status: { readonly phase: string };
}

/** Of one Job: another try of a test may have left pods that are about to go. */
async function jobPods(job: string): Promise<readonly JobPod[]> {
  const list = await ns.kubectl(['get', 'pods', '-l', `batch.kubernetes.io/job-name=${job}`, '-o', 'json']);
  return (JSON.parse(list) as { readonly items: readonly JobPod[] }).items;
}

/** Starts one that takes a while, and waits until so many of its pods run. */
async function started(
  running: number,
  ...words: readonly string[]
): Promise<Started & { readonly job: string }> {
  const command = startNettools(
    [...['in-cluster', ...slow, '-n', ns.name, '--image-pull-policy', 'Never', '-o', 'json'], ...words],
    'ignore',
    { limit: 240 },
  );
  let said = '';
  command.child.stderr?.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  const jobOf = (): string => /note: Job "(nettools-[0-9a-f]+)"/.exec(said)?.[1] ?? '';
  await until('running shards', 60, async () => {
    if (jobOf() === '') return 'there is no Job yet';
    const all = await jobPods(jobOf());
    return all.filter(({ status }) => status.phase === 'Running').length >= running || 'they do not run yet';
  });
  return { ...command, job: jobOf() };
}

describe('diagnose', () => {
  it('gives all shards as one report, as if it had run here, and again from the saved file', async () => {
    const file = join(folder, 'list.json');
    const ran = await inCluster('diagnose', ...many, '--shards', '3', '--save', file, '-o', 'json');
    expect(ran.code, ran.stderr).toBe(1);
    expect(ran.stderr).toMatch(/note: Job "nettools-[0-9a-f]{10}" in namespace "\S+" has 3 shards\./);
    const list = validList(JSON.parse(ran.stdout));
    expect(list.items.map(({ target }) => target.name)).toEqual(names);
    expect(list.failed).toEqual([]);
    const here = validList(
      JSON.parse((await nettools(['diagnose', '-n', ns.name, ...many, '-o', 'json'])).stdout),
    );
    const gist = ({ groups }: typeof list) =>
      groups.map(({ id, severity, where }) => ({ id, severity, where }));
    // Without the rights to read kube-system, a shard says what it did not look at.
    const wrong = (report: typeof list) => gist(report).filter(({ severity }) => severity === 'critical');
    expect(wrong(list)).toEqual(wrong(here));
    expect(wrong(list)[0]?.where).toContain('all on node2');
    const again = await nettools(['judge', file, '-o', 'json']);
    expect(again).toMatchObject({ code: 1, stdout: ran.stdout });
    await nothingStays();
  });

  it('of one pod gives the report of one', async () => {
    const { code, stdout, stderr } = await inCluster('diagnose', 'one-0', '-o', 'json');
    expect(code, stderr).toBe(0);
    expect(validReport(JSON.parse(stdout)).target).toMatchObject({ name: 'one-0', namespace: ns.name });
    await nothingStays();
  });
});

it('matrix divides the sources, and judges the whole', async () => {
  const { code, stdout, stderr } = await inCluster('matrix', 'pods', '--shards', '3', '-o', 'json');
  expect(code, stderr).toBe(1);
  const report = validMatrix(JSON.parse(stdout));
  const here = await nettools(['matrix', 'pods', '-n', ns.name, '-o', 'json']);
  const found = ({ findings }: typeof report) => findings.map(({ id, summary }) => ({ id, summary }));
  expect(found(report)).toEqual(found(validMatrix(JSON.parse(here.stdout))));
  expect(report.sources.map(({ target, failed }) => [target, failed])).toEqual(
    names.map((name) => [`pod/${name}`, undefined]),
  );
  expect(report.destinations.map(({ target }) => target)).toEqual(names.map((name) => `pod/${name}`));
  expect(report.pairs).toEqual({ possible: 30, asked: 30 });
  const pairs = new Set(report.cells.map(({ source, destination }) => `${source} ${destination}`));
  expect(pairs.size).toBe(30);
  // Each cell has the address of the destination that it stands for.
  const addresses = new Map<string, string | undefined>(
    await Promise.all(names.map(async (name) => [`pod/${name}`, (await ns.pod(name)).status.podIP] as const)),
  );
  for (const { destination, family, address } of report.cells) {
    if (family === 4) expect(address).toBe(addresses.get(report.destinations[destination]?.target ?? ''));
  }
  await nothingStays();
});

describe('a Job that is disturbed', () => {
  it('does a shard again whose pod was deleted', async () => {
    const { outcome, job } = await started(2, '--shards', '2');
    const [first] = await jobPods(job);
    await ns.kubectl(['delete', 'pod', first?.metadata.name ?? '', '--wait=false']);
    const { code, stdout, stderr } = await outcome;
    expect(code, stderr).toBe(0);
    const list = validList(JSON.parse(stdout));
    expect(list.items.map(({ target }) => target.name)).toEqual(names);
    expect(list.failed).toEqual([]);
    await nothingStays();
  });

  it('says which targets were not measured when it was ended, and does not pass', async () => {
    const { outcome, job } = await started(1, '--shards', '2', '--parallelism', '1');
    await until('the second shard', 120, async () => {
      const all = await jobPods(job);
      const ran = all.filter(({ status }) => status.phase === 'Succeeded').length;
      return (ran === 1 && all.some(({ status }) => status.phase === 'Running')) || 'the first runs still';
    });
    await ns.kubectl(['patch', `job/${job}`, '--type=merge', '-p', '{"spec":{"activeDeadlineSeconds":1}}']);
    const { code, stdout, stderr } = await outcome;
    expect(code, stderr).toBe(3);
    const { verdict, items, failed } = validList(JSON.parse(stdout));
    expect(verdict).toBe('unknown');
    expect(items.length, JSON.stringify(failed)).toBeGreaterThan(0);
    expect(failed.length).toBeGreaterThan(0);
    const all = [...items.map(({ target }) => `pod/${target.name}`), ...failed.map(({ target }) => target)];
    expect(all.toSorted()).toEqual(names.map((name) => `pod/${name}`));
    expect(failed[0]?.reason).toMatch(/^shard [12] of 2: the Job has ended: .*deadline/);
    await nothingStays();
  });

  it('is removed after Ctrl-C', async () => {
    const { child, outcome } = await started(2, '--shards', '2');
    child.kill('SIGINT');
    const ended = await outcome;
    expect(ended).toMatchObject({ code: 130, stdout: '' });
    expect(ended.stderr).toMatch(/^note: interrupted: removing the Job /m);
    expect((await leftIn(ns.name)).filter((name) => !name.startsWith('pod/'))).toEqual([]);
    await nothingStays();
  });

  it('ends by itself, with all that belongs to it, when its command was killed', async () => {
    const { child, outcome } = await started(2, '--shards', '2', '--deadline', '5s', '--ttl', '1s');
    child.kill('SIGKILL');
    await outcome;
    expect(await leftIn(ns.name)).not.toEqual([]);
    await nothingStays(ns.name, 120);
  });
});

it('a shard whose time is over brings what it has', async () => {
  const words = ['--shards', '1', '--parallel', '1', '--deadline', '25s'];
  const { code, stdout, stderr } = await inCluster(...slow.slice(0, -2), ...words, '-o', 'json');
  expect(code, stderr).toBe(3);
  const { items, failed } = validList(JSON.parse(stdout));
  expect(items.length).toBeGreaterThan(0);
  expect(items.length + failed.length).toBe(6);
  expect(failed.at(-1)?.reason).toBe('the deadline passed before it was measured');
});

it('a shard whose time is over before it has anything says so, and is not done again', async () => {
  const words = ['latency', 'one-0', '--count', '60', '--interval', '200ms', '--deadline', '2s'];
  const outcome = await inCluster(...words);
  expectSentence(
    withoutNotes(outcome),
    3,
    /^error: the deadline of 2 s passed before anything was measured\.$/,
  );
  await nothingStays();
});

describe('pods that do not start', () => {
  const nowhere = ['dns', 'one-0', '--node-selector', 'nettools.example/none=true'];
  const refused = 'no node takes a pod of the Job so far: 0/2 nodes are available: .*node affinity/selector';

  it('since no node takes them, are told with the scheduler word and given up on', async () => {
    const { child, outcome } = startNettools(
      ['in-cluster', ...nowhere, '-n', ns.name, '--image-pull-policy', 'Never'],
      'ignore',
    );
    const before = await said(child, new RegExp(refused));
    expect(before).not.toContain('error: ');
    const ended = await outcome;
    expectSentence(
      withoutNotes(ended),
      3,
      /^error: no node takes the Job's pods: 0\/2 nodes are available: /,
    );
    expect(ended.stderr).toContain('--node-selector, --toleration and --requests say which nodes');
    await nothingStays();
  });

  it('are removed after Ctrl-C, which says so', async () => {
    const { child, outcome } = startNettools(
      ['in-cluster', ...nowhere, '-n', ns.name, '--image-pull-policy', 'Never'],
      'ignore',
    );
    await said(child, new RegExp(refused));
    child.kill('SIGINT');
    const { code, stdout, stderr } = await outcome;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toMatch(/^note: interrupted: removing the Job "nettools-\w+"; another Ctrl-C leaves it/m);
    expect((await leftIn(ns.name)).filter((name) => !name.startsWith('pod/'))).toEqual([]);
    await nothingStays();
  });
});

describe('a ServiceAccount without rights', () => {
  const account = ['--service-account', 'default'];

  it('is named with what it may not, and where rights are described', async () => {
    const outcome = withoutNotes(await inCluster('dns', 'one-0', ...account));
    expectSentence(
      outcome,
      3,
      /^error: ServiceAccount "default" lacks rights: it may not get and watch pods, .* in namespace /,
    );
    expect(outcome.stderr).toMatch(/^https:\S+rbac\.md explains each right/m);
    await nothingStays();
  });

  it('is named once for all shards', async () => {
    const outcome = withoutNotes(await inCluster('dns', ...many, '--shards', '2', ...account));
    expectSentence(
      outcome,
      3,
      /^error: nothing came of the Job: ServiceAccount "default" lacks rights: it may not list, get and watch pods, /,
    );
    await nothingStays();
  });
});

describe('where the namespace has rules', () => {
  it('its pods meet Pod Security "restricted" and a quota that wants requests and limits', async () => {
    const context = {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    };
    await strict.start(pod('web', { containers: [{ ...app, securityContext: context }] }));
    const hard = { 'requests.cpu': '2', 'requests.memory': '2Gi', 'limits.cpu': '4', 'limits.memory': '4Gi' };
    await strict.apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'all' },
      spec: { hard },
    });
    const words = ['dns', 'web', '-n', strict.name, '--image-pull-policy', 'Never', '-o', 'json'];
    const { code, stdout, stderr } = await nettools(['in-cluster', ...words]);
    expect(code, stderr).toBe(0);
    expect(validReport(JSON.parse(stdout)).verdict).toBe('pass');
    await nothingStays(strict.name);
    const tooMuch = await nettools(['in-cluster', ...words, '--limits', 'cpu=1,memory=8Gi']);
    expectSentence(
      tooMuch,
      3,
      /a pod of the Job would be refused: .*exceeded quota.*; nothing was changed\./,
    );
    expect(await leftIn(strict.name)).toEqual([]);
  });
});

/** Waits until a command has said something on stderr, and gives all that it said so far. */
function said(child: ChildProcess, what: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (what.test(text)) resolve(text);
    });
    child.once('close', () => reject(new Error(`it never said ${what}, but: ${text}`)));
  });
}

describe('what makes no sense', () => {
  it.each<[string, 2 | 3, readonly string[], RegExp]>([
    ['no such target', 3, ['dns', 'nosuch'], /no pod "nosuch" in namespace/],
    ['nothing that matches', 3, ['dns', '-l', 'app=none', '--all'], /label selector app=none has no pods/],
    ['a command without a report', 2, ['shell', 'one-0'], /in-cluster takes diagnose, matrix, dns,/],
    ['this machine', 2, ['dns', 'local'], /a target of the kind local is on this machine/],
    ['a flag of another command', 2, ['dns', 'one-0', '--count', '3'], /has no flag --count/],
    [
      'no schedule without a manifest',
      2,
      ['dns', 'one-0', '--schedule', '@daily'],
      /--schedule is for --manifest/,
    ],
    ['no such schedule', 2, ['dns', 'one-0', '--manifest', '--schedule', '* * * *'], /must be five fields/],
    ['no such toleration', 2, ['dns', 'one-0', '--toleration', '!!'], /--toleration must be KEY/],
    ['no shards', 2, ['dns', 'one-0', '--shards', '0'], /--shards must be a whole number from 1/],
    [
      'pods that may not be listed',
      3,
      ['dns', ...many, '--as', 'nobody'],
      /you may not list, get and watch pods, patch pods\/ephemeralcontainers, .* in namespace .*; nothing was changed/,
    ],
    [
      'a matrix of pods that may not be listed',
      3,
      ['matrix', 'pods', '-A', '--as', 'nobody'],
      /you may not list, get and watch pods, .* in all namespaces; nothing was changed/,
    ],
    ['amounts', 2, ['dns', 'one-0', '--limits', 'memory=lots'], /--limits must be amounts such as/],
    [
      'no such ServiceAccount',
      3,
      ['dns', 'one-0', '--service-account', 'none'],
      /serviceaccount "none" not found/,
    ],
    [
      'an image that is not there',
      3,
      ['dns', 'one-0', '--job-image', 'localhost/none:1'],
      /the Job's pods cannot start: ErrImageNeverPull of localhost\/none:1/,
    ],
  ])('%s is one sentence, and leaves nothing', async (_what, code, words, says) => {
    expectSentence(withoutNotes(await inCluster(...words)), code, says);
    await nothingStays();
  });

  it('rights that are missing are named before anything is made', async () => {
    const user = `system:serviceaccount:${ns.name}:default`;
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }];
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'reader' } };
    await ns.apply(
      { ...role, kind: 'Role', rules },
      {
        ...role,
        kind: 'RoleBinding',
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: ns.name }],
      },
    );
    const words = ['dns', ...many, '--as', user];
    expectSentence(
      await inCluster(...words),
      3,
      /you may not get, patch and delete jobs\.batch, get pods\/log in namespace .*; nothing was changed\./,
    );
    const jobs = { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'get', 'patch', 'delete'] };
    const accounts = ['serviceaccounts'].map((name) => ({
      apiGroups: [''],
      resources: [name],
      verbs: ['create'],
    }));
    const roles = { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['create'] };
    const logs = { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] };
    await ns.apply({ ...role, kind: 'Role', rules: [...rules, ...accounts, jobs, roles, logs] });
    expectSentence(
      await inCluster(...words),
      3,
      /you may not give the Job rights that you do not have yourself \(.*patch pods\/ephemeralcontainers.*\); nothing was changed\./,
    );
    expect(await leftIn(ns.name)).toEqual([]);
  });
});

/** A Job that was begun has a note of its name, which is no part of the error. */
function withoutNotes(outcome: Outcome): Outcome {
  return { ...outcome, stderr: outcome.stderr.replace(/^note: .*\n/gm, '') };
}

describe('--manifest', () => {
  const words = ['in-cluster', 'dns', ...many, '-n', ns.name, '--image-pull-policy', 'Never', '--manifest'];

  it('is a Job that kubectl applies, and whose shards bring their evidence', async () => {
    const { code, stdout, stderr } = await nettools([...words, '--shards', '2']);
    expect(code, stderr).toBe(0);
    await kubectl(['apply', '--dry-run=server', '-f', '-'], stdout);
    await kubectl(['apply', '-f', '-'], stdout);
    // Half of the pods cannot ask: the Job has failed, which is all that an alert needs.
    await ns.kubectl(['wait', '--for=condition=Failed', '--timeout=120s', 'job/nettools-dns']);
    const logs = await ns.kubectl(['logs', '-l', 'batch.kubernetes.io/job-name=nettools-dns', '--tail=-1']);
    expect(logs).toMatch(/NT-DNS-\d{3}/);
    expect(logs.match(/^nettools-evidence end \d+ [0-9a-f]{64}$/gm)).toHaveLength(2);
    await kubectl(['delete', '-f', '-'], stdout);
    await nothingStays();
  });

  it.each([
    ['a CronJob', ['--schedule', '*/15 * * * *'], /^kind: CronJob$/m],
    ['a Job for the whole cluster', ['-A'], /^kind: ClusterRoleBinding$/m],
    [
      'one with a place of its own',
      [
        ...['--node-selector', 'kubernetes.io/os=linux', '--toleration', 'dedicated=infra:NoSchedule'],
        ...['--pull-secret', 'registry', '--service-account', 'ops'],
      ],
      /^ +serviceAccountName: ops$/m,
    ],
  ])('is %s', async (_what, more, holds) => {
    const { code, stdout, stderr } = await nettools([...words, ...more]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(holds);
    await kubectl(['apply', '--dry-run=server', '-f', '-'], stdout);
  });
});

it('looks into pods of all namespaces, and into nodes', async () => {
  const { code, stdout, stderr } = await inCluster(
    'routing',
    '-A',
    '-l',
    'app=in-cluster',
    '--shards',
    '2',
    '-o',
    'json',
  );
  expect(code, stderr).toBe(0);
  expect(validList(JSON.parse(stdout)).items.map(({ target }) => target.name)).toEqual(names);
  const nodes = await inCluster('routing', '--all-nodes', '--shards', '2', '-o', 'json');
  expect(nodes.code, nodes.stderr).toBe(0);
  expect(validList(JSON.parse(nodes.stdout)).items.map(({ target }) => target.name)).toEqual([
    'node1',
    'node2',
  ]);
  await nothingStays();
});
