/** Two runs on the real cluster: nothing between them that is told, and each of what may change told once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../cluster/proc.ts';
import { nettools } from '../e2e/support/cli.ts';
import { app, helper, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { validDiff } from '../e2e/support/report.ts';
import { drop, narrow, upload, withFaults } from '../faults/latency-faults.ts';
import { type PodNetns, podNetns, withFault } from '../faults/pod-netns.ts';

const ns = testNamespace('differ');
const folder = mkdtempSync(join(tmpdir(), 'nettools-diff-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let client: PodNetns;
let server: PodNetns;

beforeAll(async () => {
  await ns.start(
    ...['client', 'server-0', 'server-1'].map((name) =>
      pod(name, {
        labels: { app: name.replace(/-\d$/, '') },
        containers: [app, helper, ...(name === 'client' ? [sink] : [])],
        spec: { nodeName: name === 'client' ? 'node1' : 'node2' },
      }),
    ),
  );
  await ns.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'server' },
    spec: { selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  [client, server] = await Promise.all([podNetns(ns.name, 'client'), podNetns(ns.name, 'server-0')]);
  await until('the Service has both endpoints', 60, async () => {
    const { stdout } = await nettools([
      'service',
      'client',
      '-n',
      ns.name,
      '--to',
      'svc/server',
      '-o',
      'json',
    ]);
    return stdout.includes('"ready": 2') || stdout;
  });
});

/** Takes what is sent, to fill a queue. */
const sink: Manifest = {
  ...helper,
  name: 'sink',
  command: ['socat', '-u', 'TCP-LISTEN:9000,fork,reuseaddr', 'OPEN:/dev/null'],
};

const WORDS = ['--to', 'svc/server', '--to', 'pod/server-0:8080'];

/** A run that was saved. */
async function saved(name: string, words: readonly string[]): Promise<string> {
  const file = join(folder, `${name}.json`);
  const { code, stderr } = await nettools([...words, '-n', ns.name, '--save', file]);
  expect([0, 1, 3], stderr).toContain(code);
  return file;
}

type Diff = ReturnType<typeof validDiff>;

async function diff(
  before: string,
  after: string,
  ...flags: string[]
): Promise<{ diff: Diff; code: number }> {
  const { code, stdout, stderr } = await nettools(['diff', before, after, '-o', 'json', ...flags]);
  expect(stdout, stderr).toMatch(/^\{/);
  return { diff: validDiff(JSON.parse(stdout)), code };
}

const regressions = ({ changes }: Diff): string[] =>
  changes
    .filter(({ isRegression }) => isRegression)
    .map(({ where, id, summary }) => `${where}: ${id ?? ''} ${summary}`);

const latency = (name: string): Promise<string> => saved(name, ['latency', 'client', ...WORDS]);
const diagnose = (name: string): Promise<string> => saved(name, ['diagnose', 'client', ...WORDS]);

describe('a healthy network', () => {
  it('does not differ from itself: ten runs of latency, each compared with the one before', async () => {
    let before = await latency('healthy-0');
    for (let run = 1; run <= 10; run++) {
      const after = await latency(`healthy-${run}`);
      const { diff: seen, code } = await diff(before, after);
      expect({ code, changes: seen.changes, notCompared: seen.notCompared }, String(run)).toEqual({
        code: 0,
        changes: [],
        notCompared: [],
      });
      expect(seen.compared.measures).toBeGreaterThan(5);
      before = after;
    }
  });

  it('does not differ in a diagnosis, nor in a matrix, nor in a list', async () => {
    for (const words of [
      ['diagnose', 'client', ...WORDS],
      ['matrix', 'pods'],
      ['latency', '-l', 'app=server', '--all'],
    ]) {
      const [a, b] = [await saved('a', words), await saved('b', words)];
      const { diff: seen, code } = await diff(a, b);
      expect({ code, changes: seen.changes }, JSON.stringify(seen.notCompared)).toEqual({
        code: 0,
        changes: [],
      });
    }
  });
});

describe('what changes', () => {
  let before = '';
  beforeAll(async () => {
    before = await latency('before');
  });

  it('a delay is a regression, by the test that is named, and its end an improvement', async () => {
    // As kernels without netem can do it: a full queue on the way out of the server.
    const full = [narrow(ns, 'server-0'), upload(ns, 'server-0', `${client.address}:9000`, 16_384)];
    const slow = await withFaults(full, () => latency('slow'));
    const { diff: seen, code } = await diff(before, slow);
    expect(code).toBe(1);
    expect(regressions(seen).join('\n')).toMatch(
      /pod\/server-0:8080, icmp: round trip .* \d\d+(?:\.\d+)? ms slower/,
    );
    expect(
      seen.changes.find(({ what, summary }) => what === 'measure' && summary.includes('icmp: round trip'))
        ?.test,
    ).toMatchObject({ name: 'Mann–Whitney U' });
    // The gateway and the DNS server are as they were.
    expect(seen.changes.filter(({ summary }) => !summary.includes('server'))).toEqual([]);
    expect(await diff(slow, before)).toMatchObject({ code: 0, diff: { verdict: 'better' } });
  });

  it('a loss of 40 % is a regression', async () => {
    const lossy = await withFaults([drop(ns, 'server-0', 'numgen random mod 100 < 40')], () =>
      latency('lossy'),
    );
    const { diff: seen, code } = await diff(before, lossy);
    expect(code).toBe(1);
    expect(regressions(seen).join('\n')).toMatch(
      /pod\/server-0:8080, icmp: loss 0 of 50 \(0 %\), now \d+ of 50/,
    );
  });

  it('a policy, a rule that drops, and an endpoint that is gone are told', async () => {
    const good = await diagnose('good');
    await ns.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'deny' },
      spec: { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress'] },
    });
    // The plugin of the test cluster enforces none: a rule does what it says.
    const drop = [
      { make: 'nft add table inet ntdiff', undo: 'nft delete table inet ntdiff' },
      { make: 'nft add chain inet ntdiff in { type filter hook input priority 0 ; }', undo: '' },
      { make: 'nft add rule inet ntdiff in tcp dport 8080 counter drop', undo: '' },
    ];
    const denied = await withFault(server, drop, () => diagnose('denied'));
    await ns.kubectl(['delete', 'networkpolicy', 'deny']);
    const { diff: seen, code } = await diff(good, denied);
    expect(code).toBe(1);
    expect(regressions(seen).join('\n')).toMatch(/NT-FW-006/);

    await ns.kubectl(['delete', 'pod', 'server-1', '--wait=true']);
    const alone = await diagnose('alone');
    const gone = await diff(good, alone);
    expect(gone.code).toBe(1);
    expect(regressions(gone.diff).join('\n')).toMatch(/svc\/server: ready endpoints 2, now 1\./);
  });

  it('is the same of bundles and of reports, in every format, and refused of two kinds', async () => {
    const report = join(folder, 'report.json');
    writeFileSync(report, (await nettools(['judge', before, '-o', 'json'])).stdout);
    expect((await diff(report, before)).diff.changes).toEqual([]);
    for (const [format, begins] of [
      ['table', 'before '],
      ['markdown', '## Difference'],
      ['junit', '<?xml'],
      ['html', '<!doctype html>'],
      ['yaml', 'apiVersion'],
    ] as const) {
      const { code, stdout } = await nettools(['diff', before, report, '-o', format]);
      expect({ code, begins: stdout.startsWith(begins) }, stdout.slice(0, 80)).toEqual({
        code: 0,
        begins: true,
      });
    }
    const matrix = await saved('kind', ['matrix', 'pods']);
    const { code, stderr } = await nettools(['diff', before, matrix]);
    expect({ code, stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('only runs of one kind can be compared'),
    });
  });
});
