/** Faults of the conntrack check, each made for real in a pod's own namespace and named by the built binary. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../cluster/proc.ts';
import { hostPod, pod, testNamespace } from '../e2e/support/cluster.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { fewPorts, keepSending, manySockets, TRACKING, translate } from './path-faults.ts';
import { type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-conntrack');
let client: PodNetns;
let far: PodNetns;

beforeAll(async () => {
  await ns.start(pod('client', { spec: { nodeName: 'node1' } }), pod('far', { spec: { nodeName: 'node2' } }));
  [client, far] = await Promise.all([podNetns(ns.name, 'client'), podNetns(ns.name, 'far')]);
});

afterEach(async () => {
  await client.attempt('conntrack', '-F');
});

const conntrack = (...args: string[]) => checkReport('conntrack', ['client', '-n', ns.name, ...args]);

/** Fills the table of the client's namespace; a table belongs to its namespace, so nobody else's is touched. */
async function fill(entries: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'nettools-conntrack-'));
  const lines: string[] = [];
  for (let i = 0; i < entries; i++) {
    const [host, port] = [1 + Math.floor(i / 50_000), 1024 + (i % 50_000)];
    const [from, to] = [`192.0.2.${host}`, '198.51.100.200'];
    lines.push(
      `-A -t 600 -u SEEN_REPLY,ASSURED -s ${from} -d ${to} -r ${to} -q ${from} -p udp` +
        ` --sport ${port} --dport 53 --reply-port-src 53 --reply-port-dst ${port}`,
    );
  }
  try {
    await writeFile(join(folder, 'entries'), `${lines.join('\n')}\n`);
    // The last ones do not fit when the table is to be full.
    await client.attempt('conntrack', '-R', join(folder, 'entries'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const max = async (): Promise<number> =>
  Number(await client.run('cat', '/proc/sys/net/netfilter/nf_conntrack_max'));

describe('the table', () => {
  test.each([
    { share: 0.77, severity: 'warning' as const, says: /holds \d+ of \d+ entries \(7[67][.\d]* %\)/ },
    { share: 0.96, severity: 'critical' as const, says: /holds \d+ of \d+ entries \(9[56][.\d]* %\)/ },
  ])('is filled to $share', async ({ share, severity, says }) => {
    const entries = Math.ceil(share * (await max()));
    const report = await withFault(client, TRACKING, async () => {
      await fill(entries);
      return conntrack('--for', '1s');
    });
    expectFirst(report, { id: 'NT-CT-001', severity, says });
  });

  test('is full and refuses new connections', async () => {
    const entries = (await max()) + 100;
    const report = await withFault(client, TRACKING, async () => {
      await fill(entries);
      return withTraffic(client, ['ping', '-q', '-i', '0.2', far.address], () => conntrack());
    });
    expectFirst(report, {
      id: 'NT-CT-001',
      severity: 'critical',
      says: /\d+ packets were dropped during the run because no entry was free/,
    });
  });

  test('is far from full', async () => {
    const report = await withFault(client, TRACKING, async () => {
      await client.run('ping', '-c', '1', far.address);
      return conntrack('--for', '1s');
    });
    expectSilence(report);
    expect(report.verdict).toBe('pass');
  });
});

test('NAT has no port left', async () => {
  const report = await withFault(client, fewPorts(client, 9999), () =>
    withTraffic(client, manySockets(far.address, 9999), () => conntrack()),
  );
  expectFirst(report, {
    id: 'NT-CT-002',
    severity: 'warning',
    says: /\d+ packets were dropped during the run because their entry could not be inserted/,
  });
});

describe('a connection to a Service', () => {
  /** On the pod's link, and nobody has it. */
  const GONE = '198.18.2.250';
  let service: string;

  beforeAll(async () => {
    await ns.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'logs' },
      spec: { selector: { app: 'far' }, ports: [{ name: 'syslog', port: 514, protocol: 'UDP' }] },
    });
    service = await ns.kubectl(['get', 'service', 'logs', '-o', 'jsonpath={.spec.clusterIP}']);
  });

  test('still leads to an endpoint that is gone', async () => {
    const report = await withFault(client, translate(service, 514, GONE), () =>
      withTraffic(client, keepSending(service, 514), () => conntrack()),
    );
    expectFirst(report, {
      id: 'NT-CT-003',
      severity: 'critical',
      says: /1 connection to svc\/logs in \S+ \(198[.\d]+:514\/udp\) still leads to 198\.18\.2\.250, which is not among its endpoints/,
    });
  });

  test('leads to an endpoint that is there', async () => {
    const report = await withFault(client, translate(service, 514, far.address), () =>
      withTraffic(client, keepSending(service, 514), () => conntrack()),
    );
    expectSilence(report);
  });
});

describe('what a pod does not see', () => {
  test.each([
    ['in a pod that tracks nothing', () => conntrack('--for', '1s')],
    ['without rights', () => checkReport('conntrack', ['locked', '-n', 'locked', '--for', '1s'])],
    ['in an image without tools', () => conntrack('--for', '1s', '--image', 'localhost/app:1')],
  ])('is skipped %s', async (_title, run) => {
    const report = await run();
    expectSilence(report);
    expect(report.checks[0]).toMatchObject({ status: 'skip', findings: [{ id: 'NT-SYS-001' }] });
  });

  test('is there through a pod with hostNetwork', async () => {
    await ns.start(hostPod('host', 'node1'));
    const report = await checkReport('conntrack', ['host', '-n', ns.name]);
    expectSilence(report);
    expect(report.checks[0]).toMatchObject({ status: 'pass', measurements: { table: 'node' } });
  });
});

test('segments out of the window go on untranslated, and a reset ends the connection', async () => {
  const script = join(import.meta.dirname, 'out-of-window.pl');
  await ns.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'late' },
    spec: { selector: { app: 'far' }, ports: [{ port: 80, targetPort: 8095 }] },
  });
  await proxied(ns, 'late', 1);
  const address = await ns.kubectl(['get', 'service', 'late', '-o', 'jsonpath={.spec.clusterIP}']);
  const connect = `while :; do exec 3<>/dev/tcp/${address}/80; echo asked >&3; sleep 0.2; done`;
  const onNode = () => checkReport('conntrack', ['node/node1', '--for', '5s']);
  await withTraffic(far, ['perl', script, '8095'], async () => {
    await until('the server', 60, async () => {
      const all = await far.run('ss', '-ltnH');
      return all.includes(':8095 ') || 'nobody listens';
    });
    const met = await client.attempt(
      ...[
        'timeout',
        '5',
        'bash',
        '-c',
        `exec 3<>/dev/tcp/${address}/80; for i in 1 2 3; do echo x >&3; sleep 1; done`,
      ],
    );
    expect(met.stderr).toMatch(/Connection reset by peer|Broken pipe/);
    await withTraffic(client, ['timeout', '60', 'bash', '-c', connect], async () => {
      const report = await onNode();
      expectFirst(report, {
        id: 'NT-CT-007',
        severity: 'warning',
        says: /^Connection tracking called \d\d+ packets invalid during the run .*nf_conntrack_tcp_be_liberal is 0\), and no rule drops what is invalid: it goes on untranslated/,
      });
      // A rule that drops them: what was lost is sent again, and nothing is reset.
      const drops = [
        { make: 'nft add table ip ntinvalid', undo: 'nft delete table ip ntinvalid' },
        { make: 'nft add chain ip ntinvalid c { type filter hook forward priority 0 ; }', undo: '' },
        { make: 'nft add rule ip ntinvalid c ct state invalid drop', undo: '' },
      ];
      expectSilence(await withFault(client.node, drops, onNode));
    });
  });
});
