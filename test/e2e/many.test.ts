/** The same checks on many targets at once: what they share leads, and none is lost. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run as runHere, until } from '../cluster/proc.ts';
import { bash, expectSentence, nettools, startNettools } from './support/cli.ts';
import { app, helper, pod, testNamespace } from './support/cluster.ts';
import { validList } from './support/report.ts';

const ns = testNamespace('many');
const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-many-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = ['one-0', 'one-1', 'one-2', 'two-0', 'two-1', 'two-2'];
const labels = { app: 'many' };
const all = ['-n', ns.name, '-l', 'app=many', '--all'];
const drop = ['udp', 'tcp'].map((way) => `add rule inet f out ${way} dport 53 drop`);

beforeAll(async () => {
  await ns.start(
    ...names.map((name) =>
      pod(name, {
        labels,
        containers: [app, helper],
        spec: { nodeName: name.startsWith('one') ? 'node1' : 'node2' },
      }),
    ),
    ...['bare-0', 'bare-1'].map((name) => pod(name, { labels: { app: 'bare' } })),
  );
  const rules = ['add table inet f', 'add chain inet f out { type filter hook output priority 0; }', ...drop];
  await Promise.all(
    names.filter((name) => name.startsWith('two')).map((name) => ns.help(name, 'nft', rules.join('; '))),
  );
});

describe('checks of many pods', () => {
  it('lead with the node that all affected pods share, and give the same again from the saved file', async () => {
    const file = join(folder, 'list.json');
    for (const format of ['json', 'yaml', 'junit', 'markdown', 'html', 'openmetrics', 'table']) {
      const words = ['-o', format];
      const { code, stdout, stderr } = await nettools(['dns', ...all, '--save', file, ...words]);
      expect(code, stderr).toBe(1);
      const again = await nettools(['judge', file, ...words]);
      expect(again.stdout).toBe(stdout);
      expect(again.code).toBe(1);
      if (format === 'json') {
        const list = validList(JSON.parse(stdout));
        expect(list.items.map(({ target }) => target.name)).toEqual(names);
        expect(list.groups[0]).toMatchObject({
          severity: 'critical',
          of: 6,
          inCommon: { trait: 'node', values: ['node2'], others: 0 },
        });
      }
      if (format === 'table')
        expect(stdout).toMatch(/^6 pods in \S+\n\ncause: .*: 3 of 6 pods, all on node2 \(all 3 there\)\./);
    }
  });

  it('give one of several TARGETs that cannot be opened a line with its reason', async () => {
    const targets = ['bare-0', 'nosuch', 'bare-1', 'deploy/none'];
    const { code, stdout, stderr } = await nettools(['routing', '-n', ns.name, ...targets, '-o', 'json']);
    expect(code, stderr).toBe(3);
    const list = validList(JSON.parse(stdout));
    expect(list.items.map(({ target, verdict }) => [target.name, verdict])).toEqual([
      ['bare-0', 'pass'],
      ['bare-1', 'pass'],
    ]);
    expect(list.failed).toEqual([
      { target: 'pod/nosuch', reason: `no pod "nosuch" in namespace "${ns.name}"` },
      { target: 'deploy/none', reason: `no deployment "none" in namespace "${ns.name}"` },
    ]);
  });

  it('do nothing to more pods than --max-targets', async () => {
    await ns.start(
      pod('untouched-0', { labels: { app: 'untouched' } }),
      pod('untouched-1', { labels: { app: 'untouched' } }),
    );
    const words = ['routing', '-A', '-l', 'app=untouched', '--max-targets', '1'];
    expectSentence(
      await nettools(words),
      2,
      /^error: this selects 2 targets \(pods in 1 namespace on \d nodes?\)/,
    );
    expect(await ns.ephemerals('untouched-0')).toEqual([]);
    const { code, stdout } = await nettools([...words, '--yes', '-o', 'json']);
    expect(code).toBe(0);
    expect(validList(JSON.parse(stdout)).items).toHaveLength(2);
  });

  it.each([
    ['dns', ['dns', ...all], 6],
    ['matrix', ['matrix', '-n', ns.name, '-l', 'app=bare'], 2],
  ])('are told though the disk is full, and nothing half is left: %s', async (_name, words, size) => {
    const disk = join(folder, 'disk');
    await runHere(['mkdir', '-p', disk]);
    await runHere(['mount', '-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', disk]);
    try {
      const file = join(disk, 'list.json');
      const { code, stdout, stderr } = await nettools([...words, '--save', file, '-o', 'json']);
      expect(code, stderr).toBe(3);
      const { items, sources } = JSON.parse(stdout);
      expect(items ?? sources).toHaveLength(size);
      expect(stderr.match(/cannot be written: no space is left on the device\./g)).toHaveLength(1);
      expect(readdirSync(disk)).toEqual([]);
    } finally {
      await runHere(['umount', disk]);
    }
  });

  it('print what is there after Ctrl-C', async () => {
    const file = join(folder, 'interrupted.json');
    const words = ['latency', ...all, '--parallel', '1', '--save', file, '-o', 'json'];
    const { child, outcome } = startNettools(words);
    // What one target gave is in the file before the next one has ended.
    await until('the first target', 100, async () => {
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      return size > 1000 || 'nothing is saved yet';
    });
    child.kill('SIGINT');
    const { code, stdout } = await outcome;
    expect(code).toBe(130);
    const list = validList(JSON.parse(stdout));
    expect(list.items.length).toBeGreaterThan(0);
    expect(list.items.length + list.failed.length).toBe(6);
    expect(list.failed.at(-1)?.reason).toBe('interrupted before it was measured');
    expect((await nettools(['judge', file, '-o', 'json'])).stdout).toBe(stdout);
  });
});

it('looks into every node of the cluster', async () => {
  const { code, stdout, stderr } = await nettools(['routing', '-n', ns.name, '--all-nodes', '-o', 'json']);
  expect(code, stderr).toBe(0);
  const list = validList(JSON.parse(stdout));
  expect(list.items.map(({ target }) => `${target.kind}/${target.name}`)).toEqual([
    'node/node1',
    'node/node2',
  ]);
});

describe('a command in many pods', () => {
  const run = (...words: string[]) => nettools(['run', '-n', ns.name, ...words]);

  it('has its lines with the pod before each, and the highest exit code', async () => {
    const script = 'case $(hostname) in one-*) echo out; echo err >&2;; *) exit 7;; esac';
    const { code, stdout, stderr } = await run('-l', 'app=many', '--all', '--', 'sh', '-c', script);
    expect(code).toBe(7);
    const lines = (text: string) => text.trimEnd().split('\n').sort();
    expect(lines(stdout)).toEqual(['[pod/one-0] out', '[pod/one-1] out', '[pod/one-2] out']);
    expect(lines(stderr)).toEqual([
      '[pod/one-0] err',
      '[pod/one-1] err',
      '[pod/one-2] err',
      'note: 3 of 6 did not end with 0: pod/two-0 (7), pod/two-1 (7), pod/two-2 (7).',
    ]);
  });

  it('runs in those that can be opened', async () => {
    const { code, stdout, stderr } = await run('bare-0', 'nosuch', '--', 'echo', 'here');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '[pod/bare-0] here\n' });
    expect(stderr).toContain('error: pod/nosuch: no pod "nosuch" in namespace');
  });

  it('ends everywhere when its reader goes', async () => {
    const line = `kubectl-nettools run -n ${ns.name} bare-0 bare-1 -- sh -c 'while :; do echo x; done' | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout } = await bash(line);
    expect(stdout).toMatch(/^\[pod\/bare-\d\] x\n141\n$/);
  });
});
