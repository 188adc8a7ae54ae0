/** Jobs of "in-cluster" whose pods and targets are taken away while they run. */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { until } from '../cluster/proc.ts';
import { nettools, startNettools } from '../e2e/support/cli.ts';
import { cliImage } from '../e2e/support/cli-image.ts';
import { kubectl, pod, testNamespace } from '../e2e/support/cluster.ts';
import { validList } from '../e2e/support/report.ts';

const ns = testNamespace('full-in-cluster');
const names = ['a-0', 'a-1', 'a-2', 'a-3', 'a-4', 'a-5'];
const slow = [
  'latency',
  '-l',
  'app=full-in-cluster',
  '--all',
  '--count',
  '150',
  '--interval',
  '200ms',
  '--parallel',
  '2',
];
const place = ['-n', ns.name, '--image-pull-policy', 'Never', '-o', 'json'];
const target = (name: string) => pod(name, { labels: { app: 'full-in-cluster' } });

beforeAll(async () => {
  await cliImage();
  await ns.start(...names.map(target));
});

interface Shard {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status: { readonly phase: string };
}

async function shards(index?: number): Promise<readonly Shard[]> {
  const own = index === undefined ? '' : `,batch.kubernetes.io/job-completion-index=${index}`;
  const selector = `app.kubernetes.io/name=nettools-job${own}`;
  const list = await ns.kubectl(['get', 'pods', '-l', selector, '-o', 'json']);
  return (JSON.parse(list) as { readonly items: readonly Shard[] }).items;
}

const running = (all: readonly Shard[]) => all.filter(({ status }) => status.phase === 'Running');

/** Ends the processes of a pod the hard way, as the kernel does that has no memory left. */
function kill({ metadata: { uid } }: Shard): void {
  const id = uid.replaceAll('-', '[-_]');
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const cgroup = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
      const isProgram = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('__shard');
      if (isProgram && new RegExp(id).test(cgroup)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

describe('a shard that is killed again and again', () => {
  it('fails for good, and its targets are told', async () => {
    const { outcome } = startNettools(['in-cluster', ...slow, '--shards', '2', ...place], 'ignore', {
      limit: 400,
    });
    const killed = new Set<string>();
    await until('three ends of the first shard', 300, async () => {
      for (const one of running(await shards(0))) {
        if (!killed.has(one.metadata.uid)) kill(one);
        killed.add(one.metadata.uid);
      }
      return killed.size === 3 || `${killed.size} were killed`;
    });
    const { code, stdout, stderr } = await outcome;
    expect(code, stderr).toBe(3);
    const { verdict, items, failed } = validList(JSON.parse(stdout));
    expect(verdict).toBe('unknown');
    const all = [...items.map((one) => `pod/${one.target.name}`), ...failed.map((one) => one.target)];
    expect(all.toSorted()).toEqual(names.map((name) => `pod/${name}`));
    expect(failed.length).toBeGreaterThan(0);
    for (const { reason } of failed) {
      expect(reason).toBe(
        'shard 1 of 2: its pod ended with exit code 137, and its log has no whole evidence',
      );
    }
  });
});

describe('targets that come and go', () => {
  it('are measured where they are there, and told where they went away', async () => {
    const { outcome } = startNettools(['in-cluster', ...slow, '--shards', '2', ...place], 'ignore', {
      limit: 400,
    });
    await until(
      'running shards',
      60,
      async () => running(await shards()).length === 2 || 'they do not run yet',
    );
    await ns.kubectl(['delete', 'pod', 'a-5']);
    await ns.start(target('a-6'));
    const { code, stdout, stderr } = await outcome;
    const { items, failed } = validList(JSON.parse(stdout));
    const measured = items.map((one) => one.target.name);
    expect(measured, stderr).toEqual(expect.arrayContaining(names.slice(0, 5)));
    // It went before its shard had listed it, or while it was measured.
    expect(code).toBe(failed.length === 0 && !measured.includes('a-5') ? 0 : 3);
    for (const { target: name } of failed) expect(name).toBe('pod/a-5');
    await ns.start(target('a-5'));
  });
});

describe('a node that is drained', () => {
  it('gives its shards to another one, and they are no failures', async () => {
    const { outcome } = startNettools(['in-cluster', ...slow, '--shards', '4', ...place], 'ignore', {
      limit: 400,
    });
    await until(
      'running shards',
      60,
      // Which targets are a shard's hangs on the namespace's name: one that has none is done at once.
      async () => {
        const all = await shards();
        return (
          (all.length === 4 &&
            running(all).length >= 2 &&
            all.every(({ status }) => status.phase !== 'Pending')) ||
          'they do not run yet'
        );
      },
    );
    await kubectl(['cordon', 'node2']);
    try {
      for (const { metadata } of running(await shards())) {
        const eviction = {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name: metadata.name, namespace: ns.name },
        };
        const path = `/api/v1/namespaces/${ns.name}/pods/${metadata.name}/eviction`;
        await kubectl(['create', '--raw', path, '-f', '-'], JSON.stringify(eviction));
      }
      const { code, stdout, stderr } = await outcome;
      const { items, failed } = validList(JSON.parse(stdout));
      const known = items.filter(({ verdict }) => verdict !== 'pass');
      expect([...failed, ...known], stderr).toEqual([]);
      expect(code, stderr).toBe(0);
      expect(items.map((one) => one.target.name)).toEqual(expect.arrayContaining(names.slice(0, 5)));
    } finally {
      await kubectl(['uncordon', 'node2']);
    }
  });
});

describe('a command with cluster-wide rights that was killed', () => {
  it('leaves a binding of nobody, which the next one removes', async () => {
    const words = [
      'in-cluster',
      'latency',
      '-A',
      ...slow.slice(1),
      '--deadline',
      '5s',
      '--ttl',
      '1s',
      ...place,
    ];
    const { child, outcome } = startNettools(words);
    await until('running shards', 60, async () => running(await shards()).length > 0 || 'none runs yet');
    child.kill('SIGKILL');
    await outcome;
    const jobs = () =>
      ns.kubectl(['get', 'jobs,serviceaccounts', '-l', 'app.kubernetes.io/name=nettools-job', '-o', 'name']);
    await until('the end of the Job', 120, async () => (await jobs()) === '' || 'it is there');
    const left = () =>
      kubectl(['get', 'clusterroles,clusterrolebindings', '-l', 'kubectl-nettools/run', '-o', 'name']);
    expect((await left()).split('\n').filter((line) => line.includes(ns.name))).toHaveLength(2);
    const next = await nettools(['in-cluster', 'routing', '-A', '-l', 'app=full-in-cluster', ...place]);
    expect(next.code, next.stderr).toBe(0);
    expect(await left()).not.toContain(ns.name);
  });
});
