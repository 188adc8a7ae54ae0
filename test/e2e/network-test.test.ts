/** Expectations in a file: each kind of them met and not met, what a run adds, what it prints, and how a first file is had. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NetworkTestPlan, TestOutcome } from '../../src/model/network-test.ts';
import { apiPort, nodes } from '../cluster/paths.ts';
import { expectSentence, nettools } from './support/cli.ts';
import { app, helper, pod, testNamespace } from './support/cluster.ts';
import { findingIds, networkTest, testFile, told } from './support/network-test.ts';

const ns = testNamespace('network-test');
const folder = mkdtempSync(join(tmpdir(), 'nettools-e2e-tests-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await ns.start(
    pod('web-0', { labels: { app: 'web' }, containers: [app, helper], spec: { nodeName: 'node1' } }),
    pod('web-1', { labels: { app: 'web' }, spec: { nodeName: 'node2' } }),
    pod('db', { spec: { nodeName: 'node2' } }),
  );
  await ns.apply(
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'db' },
      spec: { selector: { app: 'db' }, ports: [{ port: 5432, targetPort: 8080 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'empty' },
      spec: { selector: { app: 'nobody' }, ports: [{ port: 80 }] },
    },
  );
});

describe('test', () => {
  it('--plan says what would be added where, and adds nothing', async () => {
    const input = testFile(ns.name, [
      '{from: {selector: app=web, all: true}, to: [svc/db:5432, svc/empty:80], expect: connected}',
      '{from: node/node1, to: {target: pod/db}, expect: denied}',
    ]);
    const { code, stdout } = await nettools(['test', '-f', '-', '--plan', '-o', 'json'], { input });
    expect(code).toBe(0);
    const plan = JSON.parse(stdout) as NetworkTestPlan;
    expect(plan.sources.map(({ from, adds, expectations }) => [from, adds, expectations])).toEqual([
      [`pod/web-0 in ${ns.name}`, 'ephemeral container', 2],
      [`pod/web-1 in ${ns.name}`, 'ephemeral container', 2],
      ['node/node1', 'pod on the node', 1],
    ]);
    for (const { probes } of plan.sources) expect(probes).toBeGreaterThan(20);
    expect(plan.witnesses).toEqual([`pod/db in ${ns.name}`]);
    const { stdout: table } = await nettools(['test', '-f', '-', '--plan'], { input });
    expect(table).toMatch(
      /2 ephemeral containers and 1 pod on a node would be added; nothing was changed\.\n$/,
    );
    for (const name of ['web-0', 'web-1', 'db']) expect(await ns.ephemerals(name)).toEqual([]);
    const pods = await ns.kubectl(['get', 'pods', '-o', 'name']);
    expect(pods.trim().split('\n')).toHaveLength(3);
  });

  /** Each kind of expectation, as it is and as it is not. */
  const KINDS: readonly [string, TestOutcome, ...string[]][] = [
    ['{from: web-0, to: svc/db:5432, expect: connected, within: 5s}', 'met'],
    ['{from: web-0, to: svc/db:5432, expect: connected, within: 1us}', 'failed'],
    ['{from: web-0, to: pod/db:8081, expect: connected}', 'failed', 'NT-SOCK-001'],
    ['{from: web-0, to: svc/empty:80, expect: connected}', 'failed', 'NT-SVC-001'],
    ['{from: web-0, to: {target: pod/db, port: 8081}, expect: refused}', 'met'],
    ['{from: web-0, to: {target: pod/db, port: 8080}, expect: refused}', 'failed'],
    ['{from: web-0, to: svc/db:5432, expect: denied}', 'failed'],
    ['{from: web-0, to: pod/db:8082, expect: denied}', 'notProven', 'NT-SOCK-001'],
    ['{from: web-0, to: pod/db, expect: {loss: 5%, mtu: 1400}}', 'met'],
    ['{from: web-0, to: pod/db, expect: {mtu: 9000}}', 'failed'],
    ['{from: web-0, dns: kubernetes.default, expect: {answers: 1, within: 4s}}', 'met'],
    ['{from: web-0, dns: kubernetes.default, expect: {answers: [192.0.2.1]}}', 'failed'],
    ['{from: web-0, dns: nosuch.default, expect: {answers: 1}}', 'failed', 'NT-DNS-005'],
    ['{from: web-0, dns: nosuch.default, expect: {answers: 0}}', 'met'],
    [
      '{from: web-0, to: svc/kubernetes.default:443, expect: {certificateDays: 1, certificateNames: [kubernetes.default.svc]}}',
      'met',
    ],
    ['{from: web-0, to: svc/kubernetes.default:443, expect: {certificateDays: 36000}}', 'failed'],
    [
      '{from: web-0, to: svc/kubernetes.default:443, expect: {certificateNames: [shop.example.com]}}',
      'failed',
    ],
    ['{from: web-0, to: "http://db:5432/", expect: {status: 200, within: 10s}}', 'met'],
    ['{from: web-0, to: "http://db:5432/", expect: {status: [500, 503]}}', 'failed'],
    ['{from: web-0, to: {target: pod/db}, expect: {throughput: 100k}}', 'met'],
    ['{from: web-0, to: {target: pod/db}, expect: {throughput: 900T}}', 'failed'],
    ['{from: web-1, expect: {noFindingAbove: warning}}', 'met'],
    ['{from: web-0, to: svc/empty:80, expect: {noFindingAbove: warning}}', 'failed', 'NT-SVC-001'],
    ['{from: web-0, to: svc/nosuch:1, expect: connected}', 'unknown'],
    ['{from: nosuch, to: svc/db:5432, expect: connected}', 'unknown'],
    [
      '{from: {selector: app=db, all: true}, to: {selector: app=db, all: true, port: 8080}, expect: connected}',
      'unknown',
    ],
    ['{from: {nodes: all}, to: {nodes: all}, expect: {loss: 20%, mtu: 1400}}', 'met'],
    ['{from: node/node1, to: svc/db:5432, expect: connected}', 'met'],
    // The API server of the test cluster runs on this machine.
    [`{from: local, to: "127.0.0.1:${apiPort}", expect: connected}`, 'met'],
  ];

  it('tells each kind of expectation that is met from one that is not, and adds one entry to each pod', async () => {
    const { report, outcome } = await networkTest(
      ns.name,
      KINDS.map(([line]) => line),
    );
    expect(outcome.code).toBe(1);
    expect(report.verdict).toBe('fail');
    KINDS.forEach(([line, wanted, id], i) => {
      const results = report.results.filter(({ number }) => number === i + 1);
      expect(results.length, line).toBe(line.includes('{from: {nodes') ? 2 : 1);
      for (const result of results) {
        expect([line, result.outcome], `${result.summary}\n${told(report)}`).toEqual([line, wanted]);
        if (id !== undefined) expect([line, ...findingIds(result)]).toContain(id);
        // A failure brings its proof and its remedy; what is met has no findings.
        for (const { evidence, remediation } of result.findings) {
          expect(evidence.length).toBeGreaterThan(0);
          expect(remediation).not.toBe('');
        }
        if (wanted === 'met') expect(result.findings).toEqual([]);
      }
    });
    // The load had a server beside db, and the sources one session each.
    for (const name of ['web-0', 'web-1', 'db']) expect(await ns.ephemerals(name)).toHaveLength(1);
  });

  it('ends with 0 where all are met, and with 3 where one could not be measured or proven', async () => {
    const good = '{from: web-0, to: svc/db:5432, expect: connected}';
    expect((await networkTest(ns.name, [good])).outcome.code).toBe(0);
    const unknown = await networkTest(ns.name, [good, '{from: nosuch, to: svc/db:5432, expect: connected}']);
    expect([unknown.outcome.code, unknown.report.verdict]).toEqual([3, 'unknown']);
    const down = await networkTest(ns.name, ['{from: web-0, to: pod/db:8082, expect: denied}']);
    expect([down.outcome.code, down.report.verdict]).toEqual([3, 'unknown']);
  });

  it('--retry-for measures again until all is met, and tells so', async () => {
    const asked = networkTest(
      ns.name,
      ['{from: web-0, to: svc/late:80, expect: connected}'],
      '--retry-for',
      '60s',
    );
    await setTimeout(2000);
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'late' },
      spec: { selector: { app: 'db' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    const { report, outcome } = await asked;
    expect(outcome.code, told(report)).toBe(0);
    expect(report.tries).toBeGreaterThan(1);
    await ns.kubectl(['delete', 'service', 'late']);
    const never = await networkTest(
      ns.name,
      ['{from: web-0, to: svc/late:80, expect: connected}'],
      '--retry-for',
      '3s',
    );
    expect([never.outcome.code, never.report.tries > 1]).toEqual([3, true]);
  });

  it('takes "denied" for proven where another source reaches the listener that a rule keeps from this one', async () => {
    const { status } = await ns.pod('db');
    const chain = 'add table inet f; add chain inet f o { type filter hook output priority 0; }';
    const far = nodes.find(({ name }) => name === 'node2')?.address ?? '';
    await ns.help(
      'web-0',
      'nft',
      `${chain}; add rule inet f o ip daddr { ${status.podIP}, ${far} } tcp dport { 8080, 10250 } counter drop`,
    );
    try {
      const denied = '{from: web-0, to: pod/db:8080, expect: denied}';
      const allowed = '{from: web-1, to: pod/db:8080, expect: connected}';
      const { report, outcome } = await networkTest(ns.name, [denied, allowed], '--witness', 'sources');
      expect(outcome.code, told(report)).toBe(0);
      expect(report.results[0]?.provenBy).toEqual([`pod/web-1 in ${ns.name}`]);
      // Without that source a node is asked, if it may be.
      const byNode = await networkTest(ns.name, [denied]);
      expect(byNode.report.results[0], told(byNode.report)).toMatchObject({
        outcome: 'met',
        provenBy: ['node/node2'],
      });
      // No pod has the address of a node that only the kubelet listens on: the source's own node can tell.
      const outside = await networkTest(ns.name, [`{from: web-0, to: '${far}:10250', expect: denied}`]);
      expect(outside.report.results[0], told(outside.report)).toMatchObject({
        outcome: 'met',
        provenBy: [expect.stringMatching(/^node\/node[12]$/)],
      });
      const alone = await networkTest(ns.name, [denied], '--witness', 'sources');
      expect(alone.outcome.code).toBe(3);
      expect(alone.report.results[0]?.outcome).toBe('notProven');
      expect(findingIds(alone.report.results[0] ?? { findings: [] })[0]).toBe('NT-FW-005');
    } finally {
      await ns.help('web-0', 'nft', 'delete table inet f');
    }
    const pods = await ns.kubectl(['get', 'pods', '-o', 'name']);
    expect(pods.trim().split('\n')).toHaveLength(3);
  });

  it('prints JUnit that xmllint reads, TAP that prove reads, a table and Markdown', async () => {
    const file = join(folder, 'two.yaml');
    writeFileSync(
      file,
      testFile(ns.name, [
        '{name: "db & <web>", from: web-0, to: svc/db:5432, expect: connected}',
        '{name: nobody, from: web-0, to: pod/db:8081, expect: connected}',
      ]),
    );
    const printed = async (format: string): Promise<string> => {
      const { code, stdout, stderr } = await nettools(['test', '-f', folder, '-o', format]);
      expect(code, stderr).toBe(1);
      const path = join(folder, `out.${format}`);
      writeFileSync(path, stdout);
      return path;
    };
    const junit = await printed('junit');
    const xpath = (path: string): string =>
      execFileSync('xmllint', ['--xpath', path, junit], { encoding: 'utf8' }).trim();
    expect(xpath('count(//testcase)')).toBe('2');
    expect(xpath('string(//testsuite/@failures)')).toBe('1');
    expect(xpath('string(//testcase[1]/@name)')).toContain('db & <web>');
    expect(xpath('string(//testcase[failure]/failure/@type)')).toBe('NT-SOCK-001');
    const tap = await printed('tap');
    let proved = '';
    try {
      execFileSync('prove', ['--exec', 'cat', tap], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      proved = (error as { stdout: string }).stdout;
    }
    expect(proved).toMatch(/Tests: 2 Failed: 1\)\n {2}Failed test: +2\n/);
    const { stdout: table } = await nettools(['test', '-f', file]);
    expect(table).toMatch(/^√ db & <web> \(.*\n/);
    expect(table).toMatch(/\nverdict: fail \(1 met, 1 failed\), \d+\.\d s\n$/);
    const { stdout: markdown } = await nettools(['test', '-f', file, '-o', 'markdown']);
    expect(markdown).toMatch(/^## Network tests: fail\n/);
  });

  it('says in one sentence what is wrong with a file, before anything is asked', async () => {
    const broken = testFile(ns.name, ['{name: x, from: web-0, to: svc/db:5432, expect: conected}']);
    const nowhere = { KUBECONFIG: '/nonexistent' };
    expectSentence(
      await nettools(['test', '-f', '-'], { input: broken, env: nowhere }),
      2,
      /standard input:5: tests\[1\]\.expect must be connected, denied or refused, not "conected"\./,
    );
    expectSentence(
      await nettools(['test', '-f', '/nonexistent.yaml']),
      2,
      /cannot be read: there is no such file or folder/,
    );
    expectSentence(await nettools(['test']), 2, /test needs -f FILE/);
    const good = testFile(ns.name, ['{from: web-0, to: svc/db:5432, expect: connected}']);
    expectSentence(
      await nettools(['test', '-f', '-'], { input: good, env: nowhere }),
      3,
      /kubeconfig|KUBECONFIG/,
    );
  });
});

describe('test init', () => {
  it('writes what works now, and its file is green', async () => {
    const { code, stdout, stderr } = await nettools(['test', 'init', 'web-0', '-n', ns.name]);
    expect(code, stderr).toBe(0);
    const { tests } = load(stdout) as { tests: { to?: string; dns?: string; expect: unknown }[] };
    expect(tests.map(({ to, dns }) => to ?? dns)).toEqual([
      'svc/db:5432',
      `db.${ns.name}`,
      `empty.${ns.name}`,
      'kubernetes.default',
    ]);
    expect(stdout).toMatch(/\n# left out: svc\/empty:80\. expected connected: /);
    const again = await nettools(['test', '-f', '-'], { input: stdout });
    expect(again.code, again.stdout).toBe(0);
  });

  it("translates netassert's tests, which then run", async () => {
    const place = (kind: string, name: string): string =>
      `k8sResource: {kind: ${kind}, name: ${name}, namespace: ${ns.name}}`;
    const theirs = `- {name: web-to-db, type: k8s, protocol: tcp, targetPort: 8080, exitCode: 0, src: {${place('pod', 'web-0')}}, dst: {${place('pod', 'db')}}}\n`;
    const { code, stdout } = await nettools(['test', 'init', '--from-netassert', '-'], { input: theirs });
    expect(code).toBe(0);
    const ours = await nettools(['test', '-f', '-'], { input: stdout });
    expect(ours.code, ours.stdout).toBe(0);
    expect(ours.stdout).toMatch(/^√ web-to-db /);
  });
});
