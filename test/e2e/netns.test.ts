import { type ChildProcess, spawn } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NetworkNamespace } from '../../src/model/namespaces.ts';
import type { Report } from '../../src/model/report.ts';
import { staticPodDir } from '../cluster/node.ts';
import { nodes } from '../cluster/paths.ts';
import { run, until } from '../cluster/proc.ts';
import { expectSentence, nettools } from './support/cli.ts';
import { type PodObject, pod, testNamespace } from './support/cluster.ts';
import { ADDRESS, Lab } from './support/lab.ts';
import { asNobody } from './support/nobody.ts';

const ns = testNamespace('netns');
/** Admits no pod that could switch, and refuses ephemeral containers with capabilities. */
const locked = testNamespace('netns-locked', { 'pod-security.kubernetes.io/enforce': 'restricted' });

let lab: Lab;
let web: PodObject;
let crashing: PodObject;
const children: ChildProcess[] = [];

beforeAll(async () => {
  lab = await Lab.make();
  const onNode1 = { nodeName: 'node1' };
  // Its sandbox stays, with nobody in it most of the time.
  const crash = { name: 'app', image: 'localhost/app:1', imagePullPolicy: 'Never', command: ['false'] };
  await ns.apply(pod('crashing', { containers: [crash], spec: onNode1 }));
  await ns.start(pod('web', { spec: onNode1 }));
  web = await ns.pod('web');
  await until('the address of the pod that crashes', 60, async () => {
    crashing = await ns.pod('crashing');
    return crashing.status.podIP !== undefined || 'none yet';
  });
  // Many processes in one namespace: the list has to be read in one pass.
  const many = 'for i in $(seq 200); do sleep 1000 & done; wait';
  children.push(
    spawn('nsenter', [`--net=/run/netns/${lab.router}`, 'sh', '-c', many], {
      stdio: 'ignore',
      detached: true,
    }),
  );
});
afterAll(async () => {
  for (const { pid } of children) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  await lab?.remove();
});
afterEach(async () => {
  // What a command put on a node goes with it.
  const left = await ns.kubectl([
    'get',
    'pods',
    '-o',
    'name',
    '-l',
    'app.kubernetes.io/managed-by=kubectl-nettools',
  ]);
  expect(left).toBe('');
});

async function list(machine: string): Promise<NetworkNamespace[]> {
  const { code, stdout, stderr } = await nettools(['netns', 'ls', machine, '-n', ns.name, '-o', 'json']);
  expect(code, stderr).toBe(0);
  const { apiVersion, kind, items } = JSON.parse(stdout) as {
    apiVersion: string;
    kind: string;
    items: NetworkNamespace[];
  };
  expect([apiVersion, kind]).toEqual(['nettools/v1', 'NamespaceList']);
  return items;
}

const named = (all: readonly NetworkNamespace[], name: string): NetworkNamespace | undefined =>
  all.find(({ paths }) => paths.includes(`/run/netns/${name}`));
const ofPod = (all: readonly NetworkNamespace[], { metadata }: PodObject): NetworkNamespace | undefined =>
  all.find(({ pods }) => pods.some(({ uid }) => uid === metadata.uid));

describe('netns ls local', () => {
  it("has the machine's own, the cluster's pods and nodes, named ones and who lives in them", async () => {
    await until('all processes', 60, async () => {
      const count = named(await list('local'), lab.router)?.processCount;
      // The sleeps, their shell, and the name server.
      return count === 202 || `${count} are seen`;
    });
    const all = await list('local');
    const own = (await run(['readlink', '/proc/self/ns/net'])).replace(/\D/g, '');
    expect(all[0]).toMatchObject({ inode: own, kind: 'host', processes: [] });
    expect(all.filter(({ kind }) => kind === 'host')).toHaveLength(1);

    const subject = named(all, lab.name);
    const router = named(all, lab.router);
    expect(subject).toMatchObject({
      kind: 'named',
      processCount: 0,
      interfaces: [
        {
          name: 'eth0',
          kind: 'veth',
          addresses: [`${ADDRESS}/28`],
          peer: { inode: router?.inode, name: 'eth0' },
        },
      ],
    });
    expect(router).toMatchObject({ kind: 'process', interfaces: [{ peer: { inode: subject?.inode } }] });
    expect(router?.processes.map(({ command }) => command)).toEqual(
      expect.arrayContaining(['sleep', 'coredns']),
    );

    const node1 = named(all, 'ntnode1');
    expect(node1?.processes.map(({ command }) => command)).toEqual(
      expect.arrayContaining(['kubelet', 'containerd']),
    );
    const found = ofPod(all, web);
    expect(found).toMatchObject({
      kind: 'pod',
      // The kubelet's own log folder tells, with no API.
      pods: [{ namespace: ns.name, name: 'web' }],
      interfaces: [{ name: 'eth0', addresses: [`${web.status.podIP}/24`], peer: { inode: node1?.inode } }],
    });
    expect(found?.containers.map(({ name }) => name)).toContain('app');
    // The kernel says the same of the other end.
    const veth = found?.interfaces[0]?.peer?.name;
    expect(node1?.interfaces.find(({ name }) => name === veth)?.peer).toEqual({
      inode: found?.inode,
      name: 'eth0',
    });
  });

  it('is a table for people', async () => {
    const { code, stdout } = await nettools(['netns', 'ls', 'local']);
    expect(code).toBe(0);
    const [head = '', ...lines] = stdout.trimEnd().split('\n');
    expect(head.trim().split(/ {2,}/)).toEqual([
      'INODE',
      'KIND',
      'NAME',
      'PID',
      'ADDRESSES',
      'INTERFACES→PEER',
    ]);
    const line = lines.find((one) => one.includes(`${ns.name}/web `)) ?? '';
    expect(line).toMatch(/^\d+ +pod +\S+\/web \(app\) +\d+ +\d\S+\/24 +eth0→veth\w+@ntnode1$/);
  });

  it('is what can be seen without root, and says that it takes root to see all', async () => {
    const { code, stdout, stderr } = await asNobody('netns', 'ls', 'local', '-o', 'json');
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(
      /^note: \d+ of \d+ namespaces could not be entered, .* seeing them all takes root \(sudo\)\.\n$/,
    );
    const { items } = JSON.parse(stdout) as { items: NetworkNamespace[] };
    expect(named(items, lab.name)).toMatchObject({
      interfaces: [],
      unread: expect.stringContaining('not permitted'),
    });
  });
});

describe('netns run local', () => {
  it.each<[string, () => string]>([
    ['a pod', () => `${ns.name}/web`],
    ['a number', () => 'INODE'],
  ])('switches into %s', async (_what, word) => {
    const inode = ofPod(await list('local'), web)?.inode ?? '';
    const chosen = word() === 'INODE' ? inode : word();
    const outcome = await nettools(['netns', 'run', 'local', chosen, '--', 'readlink', '/proc/self/ns/net']);
    expect(outcome).toMatchObject({ code: 0, stdout: `net:[${inode}]\n` });
  });

  it("has the pod's own resolv.conf there", async () => {
    const outcome = await nettools([
      'netns',
      'run',
      'local',
      `${ns.name}/web`,
      '--',
      'cat',
      '/etc/resolv.conf',
    ]);
    expect(outcome.stdout).toContain(`search ${ns.name}.svc.cluster.local`);
  });

  it('is the name under which packets are captured', async () => {
    const words = ['local', '--netns', lab.name, '--duration', '500ms', '-w', '-'];
    const { code, stderr } = await nettools(['capture', ...words]);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(new RegExp(`^capturing on any at local \\(\\S+\\) ${lab.name} to stdout`, 'm'));
  });

  it('switches into a named one, and passes the exit code on', async () => {
    const script = 'ip -o -4 addr show eth0; exit 7';
    const outcome = await nettools(['netns', 'run', 'local', lab.name, '--', 'sh', '-c', script]);
    expect(outcome).toMatchObject({ code: 7 });
    expect(outcome.stdout).toContain(`${ADDRESS}/28`);
  });

  it('tells in a sentence what is not there', async () => {
    const outcome = await nettools(['netns', 'run', 'local', 'no-such', '--', 'true']);
    expectSentence(outcome, 3, /no network namespace "no-such" among the \d+ there/);
  });

  it.each([
    [['netns', 'ls'], /netns ls needs a machine: NODE or local/],
    [['netns', 'ls', 'deploy/web'], /takes a machine, NODE or local, not "deploy\/web"/],
    [['netns', 'run', 'local', '--', 'ip'], /needs a NAMESPACE after the machine/],
    [['netns', 'shell', 'local', 'a', 'b'], /put -- before the command/],
    [['netns', 'run', 'local', 'a'], /needs a command after --/],
    [['run', 'web', '--netns', 'x', '--', 'true'], /--netns switches namespaces on a machine/],
    [['run', 'netns:x', '--netns', 'y', '--', 'true'], /--netns switches namespaces on a machine/],
    [['run', 'local', '--netns', '', '--', 'true'], /--netns is empty/],
    [['run', 'netns:x', '-c', 'app', '--', 'true'], /-c names a container of a pod/],
  ])('%j is wrong usage', async (args, says) => {
    expectSentence(await nettools(args), 2, says);
  });
});

describe('a node', () => {
  it('lists its namespaces with the names that the API has', async () => {
    const all = await list('node1');
    expect(all[0]).toMatchObject({ kind: 'host' });
    expect(all[0]?.interfaces.flatMap(({ addresses }) => addresses)).toContain('198.51.100.11/24');
    const peer = ofPod(await list('local'), web)?.interfaces[0]?.peer;
    expect(peer?.name).toMatch(/^veth/);
    expect(ofPod(all, web)).toMatchObject({
      kind: 'pod',
      pods: [{ namespace: ns.name, name: 'web' }],
      // The other node's links have the same indexes: it takes the ids of the namespaces to tell them apart.
      interfaces: [{ name: 'eth0', addresses: [`${web.status.podIP}/24`], peer }],
    });
    expect(ofPod(all, crashing)?.interfaces).toMatchObject([{ addresses: [`${crashing.status.podIP}/24`] }]);
  });

  it.each([
    ['a pod', () => web],
    ['a pod that crashes', () => crashing],
  ])('is a way into %s, with its files and no ephemeral container', async (_what, of) => {
    const { metadata, status } = of();
    const script = 'ip -o -4 addr show eth0; cat /etc/resolv.conf; ls /sys/class/net | tr "\\n" " "';
    const args = ['netns', 'run', 'node1', metadata.name, '-n', ns.name, '--', 'sh', '-c', script];
    const { code, stdout, stderr } = await nettools(args);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`${status.podIP}/24`);
    expect(stdout).toContain(`search ${ns.name}.svc.cluster.local`);
    expect(stdout).toMatch(/eth0 lo $/);
    expect((await ns.pod(metadata.name)).spec.ephemeralContainers).toBeUndefined();
  });

  it('carries checks into a pod that takes no ephemeral container', async () => {
    const restricted = {
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      nodeName: 'node1',
    };
    const container = {
      name: 'app',
      image: 'localhost/app:1',
      imagePullPolicy: 'Never',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    };
    await locked.start(pod('inside', { containers: [container], spec: restricted }));
    const target = ['node/node1', '--netns', `${locked.name}/inside`, '-n', ns.name];
    const { code, stdout, stderr } = await nettools(['arp', ...target, '-o', 'json'], { limit: 120 });
    expect(code, stderr).toBe(0);
    const { status } = await locked.pod('inside');
    const report = JSON.parse(stdout) as Report;
    expect(report.target).toEqual({
      kind: 'node',
      name: 'node1',
      address: status.podIP,
      netns: `${locked.name}/inside`,
    });
    expect(report.checks).toMatchObject([{ id: 'arp', status: 'pass' }]);
    expect((await locked.pod('inside')).spec.ephemeralContainers).toBeUndefined();
  });

  it('enters a namespace that nobody lives in', async () => {
    const args = ['netns', 'run', 'node1', lab.name, '-n', ns.name, '--', 'ip', '-o', '-4', 'addr'];
    const { code, stdout, stderr } = await nettools(args);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`${ADDRESS}/28`);
  });

  it('tells in a sentence what is not there', async () => {
    const no = ['netns', 'run', 'node1', 'no-such', '-n', ns.name, '--', 'true'];
    expectSentence(await nettools(no), 3, /no network namespace "no-such" among the \d+ there/);
    const noProcess = ['netns', 'run', 'node1', 'pid:4194304', '-n', ns.name, '--', 'true'];
    expectSentence(await nettools(noProcess), 3, /no process 4194304 on node "node1"/);
    expectSentence(await nettools(['netns', 'ls', 'no-node', '-n', ns.name]), 3, /no node "no-node"/);
  });
});

describe('a static pod', () => {
  const [node1] = nodes;
  if (node1 === undefined) throw new Error('no node');
  const file = join(staticPodDir(node1), `${ns.name}.json`);
  /** The name that the kubelet gives to what the API shows of it. */
  const name = 'static-node1';
  let mirror: PodObject;

  beforeAll(async () => {
    const manifest = { ...pod('static'), metadata: { name: 'static', namespace: ns.name } };
    // The kubelet reads what has been moved there as a whole, and no hidden file.
    const unfinished = join(staticPodDir(node1), `.${ns.name}`);
    writeFileSync(unfinished, JSON.stringify(manifest));
    renameSync(unfinished, file);
    await until('the mirror of the static pod', 60, async () => {
      const listed = await ns.kubectl(['get', 'pod', name, '--ignore-not-found', '-o', 'name']);
      if (listed.trim() === '') return 'it is not there';
      mirror = await ns.pod(name);
      return (mirror.status.phase === 'Running' && mirror.status.podIP !== undefined) || mirror.status.phase;
    });
  });
  afterAll(async () => {
    rmSync(file, { force: true });
    await until('the end of the static pod', 60, async () => {
      const listed = await ns.kubectl(['get', 'pod', name, '--ignore-not-found', '-o', 'name']);
      return listed.trim() === '' || 'it is there';
    });
  });

  it.each([
    ['shell', []],
    ['latency', []],
    ['run', ['--', 'true']],
  ])('takes no container, and %s says how to get in', async (command, words) => {
    const outcome = await nettools([command, name, '-n', ns.name, ...words]);
    expectSentence(outcome, 3, /is a static pod of node "node1": the API cannot add a container to it/);
    expect(outcome.stderr).toContain(`kubectl nettools netns shell node1 ${ns.name}/${name},`);
    expect(outcome.stderr).toContain('with --via node.');
  });

  it('is entered from its node', async () => {
    const args = ['netns', 'run', 'node1', `${ns.name}/${name}`, '-n', ns.name];
    const { code, stdout, stderr } = await nettools([
      ...args,
      '--',
      'ip',
      '-o',
      '-4',
      'addr',
      'show',
      'eth0',
    ]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`${mirror.status.podIP}/24`);
  });

  it('is entered from its node by its own name too, with --via node', async () => {
    const outcome = await nettools(['routing', name, '-n', ns.name, '--via', 'node', '-o', 'json']);
    expect(outcome.code, outcome.stderr).toBe(0);
    const { target } = JSON.parse(outcome.stdout) as Report;
    expect(target).toMatchObject({ kind: 'pod', name, address: mirror.status.podIP, via: 'node' });
  });

  it('is diagnosed from its node', async () => {
    const target = ['node/node1', '--netns', `${ns.name}/${name}`, '-n', ns.name];
    const { code, stdout, stderr } = await nettools(['diagnose', ...target, '-o', 'json'], { limit: 120 });
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout) as Report;
    expect(report.target).toMatchObject({ address: mirror.status.podIP, netns: `${ns.name}/${name}` });
    expect(report.verdict).toBe('pass');
  });
});

describe('completion', () => {
  const complete = async (...words: string[]): Promise<string[]> =>
    (await nettools(['__complete', ...words])).stdout.split('\n').map((line) => line.split('\t')[0] ?? '');

  it('offers machines and their namespaces', async () => {
    expect(await complete('netns', 'ls', '')).toEqual(expect.arrayContaining(['node1', 'node2', 'local']));
    expect(await complete('netns', 'run', 'local', 'ntlab-')).toEqual(
      expect.arrayContaining([lab.name, lab.router]),
    );
    expect(await complete('netns', 'shell', 'node1', `${ns.name}/`)).toContain(`${ns.name}/web`);
    expect(await complete('run', 'node/node1', '--netns', `${ns.name}/`)).toContain(`${ns.name}/web`);
  });
});
