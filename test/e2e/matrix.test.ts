/** All pairs at once: what is in a matrix, who is in it, what it prints, and what is left of it when somebody stops it. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MatrixReport } from '../../src/model/matrix.ts';
import { until } from '../cluster/proc.ts';
import { expectSentence, nettools, startNettools } from './support/cli.ts';
import { app, helper, pod, testNamespace } from './support/cluster.ts';
import { validMatrix } from './support/report.ts';

const ns = testNamespace('matrix');
const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-matrix-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NAMES = ['one-0', 'one-1', 'one-2', 'two-0', 'two-1', 'two-2'];

beforeAll(async () => {
  await ns.start(
    ...NAMES.map((name) =>
      pod(name, {
        labels: { side: name.startsWith('one') ? 'one' : 'two' },
        containers: [app, helper],
        spec: { nodeName: name.startsWith('one') ? 'node1' : 'node2' },
      }),
    ),
  );
  await ns.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'two' },
    spec: { selector: { side: 'two' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
});

async function matrix(
  ...words: string[]
): Promise<{ report: MatrixReport; code: number | null; stderr: string }> {
  const { code, stdout, stderr } = await nettools(['matrix', '-n', ns.name, ...words, '-o', 'json']);
  expect(stdout, stderr).toMatch(/^\{/);
  return { report: validMatrix(JSON.parse(stdout)), code, stderr };
}

const names = (places: MatrixReport['sources'] | MatrixReport['destinations']): string[] =>
  places.map(({ target }) => target);

describe('a matrix', () => {
  it('of six healthy pods is without a finding, in every format, and comes out of its file byte for byte', async () => {
    const file = join(folder, 'healthy.json');
    for (const format of ['json', 'yaml', 'junit', 'markdown', 'html', 'openmetrics', 'table']) {
      const { code, stdout, stderr } = await nettools([
        ...['matrix', 'pods', '-n', ns.name, '--save', file, '-o', format],
      ]);
      expect(code, stdout + stderr).toBe(0);
      const again = await nettools(['judge', file, '-o', format]);
      expect(again).toMatchObject({ code: 0, stdout });
      if (format !== 'json') continue;
      const { cells, verdict, findings, sources, pairs } = validMatrix(JSON.parse(stdout));
      expect({ verdict, findings, pairs }).toEqual({
        verdict: 'pass',
        findings: [],
        pairs: { possible: 30, asked: 30 },
      });
      expect(names(sources)).toEqual(NAMES.map((name) => `pod/${name}`));
      expect(cells).toHaveLength(30);
      for (const { icmp, tcp, udp, full } of cells)
        expect([icmp?.outcome, tcp?.outcome, tcp?.port, udp?.outcome, full?.outcome]).toEqual([
          ...['reached', 'reached', '8080', 'refused', 'reached'],
        ]);
      for (const { dns, service } of sources)
        expect([dns?.outcome, service?.outcome]).toEqual(['reached', 'reached']);
    }
  });

  it('is of the nodes, whose pods go away again', async () => {
    const { report, code } = await matrix('nodes');
    expect(code).toBe(0);
    expect(names(report.sources)).toEqual(['node/node1', 'node/node2']);
    expect(report.cells).toHaveLength(2);
    const left = await ns.kubectl(['get', 'pods', '-o', 'name']);
    expect(left.trim().split('\n').sort()).toEqual(NAMES.map((name) => `pod/${name}`));
  });

  it('goes from the pods of one selector to those of another, and to a Service', async () => {
    const { report, code } = await matrix('-l', 'side=one', '--to-selector', 'side=two', '--to', 'svc/two');
    expect(code).toBe(0);
    expect(names(report.sources)).toEqual(['pod/one-0', 'pod/one-1', 'pod/one-2']);
    expect(names(report.destinations)).toEqual(['pod/two-0', 'pod/two-1', 'pod/two-2', 'svc/two']);
    const service = report.cells.filter(({ destination }) => destination === 3);
    expect(service.map(({ tcp, icmp }) => [tcp?.outcome, icmp])).toEqual(
      Array(3).fill(['reached', undefined]),
    );
  });

  it('takes so many pods of each node, and so many pairs', async () => {
    const { report } = await matrix('pods', '--per-node', '2');
    expect(names(report.sources)).toEqual(['pod/one-0', 'pod/one-1', 'pod/two-0', 'pod/two-1']);
    const sample = await matrix('pods', '--max-pairs', '12');
    expect(sample.report.pairs).toEqual({ possible: 30, asked: 12 });
    for (let at = 0; at < 6; at++) {
      expect(sample.report.cells.filter(({ source }) => source === at)).toHaveLength(2);
      expect(sample.report.cells.filter(({ destination }) => destination === at)).toHaveLength(2);
    }
  });

  it('names what fails, where, and how to look at it', async () => {
    const { status } = await ns.pod('one-0');
    const chain = 'add table inet f; add chain inet f i { type filter hook input priority 0; }';
    await ns.help('two-2', 'nft', `${chain}; add rule inet f i ct state new ip saddr ${status.podIP} drop`);
    try {
      const file = join(folder, 'bad.json');
      const { report, code } = await matrix('pods', '--save', file);
      expect(code).toBe(1);
      expect(report.findings.map(({ id, subject }) => [id, subject])).toEqual([
        ['NT-MTX-005', 'pod/one-0 → pod/two-2'],
      ]);
      const { stdout } = await nettools(['judge', file]);
      expect(stdout).toMatch(
        /^pattern: One direction only\. From pod\/one-0 on node1 to pod\/two-2 on node2/m,
      );
      const remedy = report.findings[0]?.remediation.split('\n')[1] ?? '';
      expect(remedy).toMatch(
        /^kubectl nettools diagnose .*pod\/one-0 -n \S+ --to pod\/two-2:8080 --both-ends$/,
      );
    } finally {
      await ns.help('two-2', 'nft', 'delete table inet f');
    }
  });

  it('has a row with its reason for a source that cannot be opened', async () => {
    const { report, code } = await matrix('one-0', 'two-0', 'nosuch');
    expect(code).toBe(3);
    expect(report.verdict).toBe('unknown');
    const nosuch = report.sources.find(({ target }) => target === 'pod/nosuch');
    expect(nosuch?.failed).toMatch(/^no pod "nosuch" in namespace/);
    expect(report.cells).toHaveLength(2);
  });

  it.each([
    [['nosuch'], /^error: no pod "nosuch" in namespace "\S+"\.$/m],
    [['one-0', '--to', 'nosuch'], /^error: no pod "nosuch" in namespace "\S+"\.$/m],
    [['deploy/nosuch'], /^error: no deployment "nosuch" in namespace "\S+"\.$/m],
    [['node/nosuch'], /^error: no node "nosuch"\.$/m],
    [['-l', 'app=nosuch'], /^error: label selector app=nosuch has no pods that run in namespace "\S+"\.$/m],
    [['one-0', '-n', 'nosuch'], /^error: there is no namespace "nosuch"\.$/m],
    [['one-0', 'svc/x.nosuch'], /^error: there is no namespace "nosuch"\.$/m],
  ])('says what is not there: %j', async (words, says) => {
    expectSentence(await nettools(['matrix', '-n', ns.name, ...words]), 3, says);
  });

  it('does nothing to more sources than --max-targets', async () => {
    await ns.start(pod('bare-0', { labels: { app: 'bare' } }), pod('bare-1', { labels: { app: 'bare' } }));
    const words = ['matrix', '-n', ns.name, '-l', 'app=bare', '--max-targets', '1'];
    expectSentence(
      await nettools(words),
      2,
      /^error: this selects 2 targets \(pods in 1 namespace on \d nodes?\)/,
    );
    expect(await ns.ephemerals('bare-0')).toEqual([]);
  });

  it('prints what is there after Ctrl-C', async () => {
    const file = join(folder, 'interrupted.json');
    const words = ['matrix', '-n', ns.name, '-l', 'side', '--parallel', '1', '--save', file, '-o', 'json'];
    const { child, outcome } = startNettools(words);
    await until('the first source', 100, async () => {
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      return size > 1000 || 'nothing is saved yet';
    });
    child.kill('SIGINT');
    const { code, stdout } = await outcome;
    expect(code).toBe(130);
    const { sources, cells } = validMatrix(JSON.parse(stdout));
    expect(sources).toHaveLength(6);
    expect(sources.at(-1)?.failed).toBe('interrupted before it was measured');
    expect(cells.length).toBeGreaterThan(0);
    expect((await nettools(['judge', file, '-o', 'json'])).stdout).toBe(stdout);
  });
});
