/** Ways back that differ from the way there: one that takes no large packets, told from a server that stops, and one by another node. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { bridge } from '../cluster/paths.ts';
import { attempt, run, until } from '../cluster/proc.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { dropIn, TOO_LARGE } from './path-faults.ts';
import { nodeAddress, nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-way-back');
let client: PodNetns;
let far: PodNetns;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nt-way-back-'));
  const key = ['openssl', 'req', '-x509', '-newkey', 'rsa:4096', '-nodes', '-days', '2'];
  await run([...key, '-keyout', join(folder, 'key'), '-out', join(folder, 'cert'), '-subj', '/CN=shop']);
  await ns.start(pod('client', { spec: { nodeName: 'node1' } }), pod('far', { spec: { nodeName: 'node2' } }));
  [client, far] = await Promise.all([podNetns(ns.name, 'client'), podNetns(ns.name, 'far')]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The node of the server is the router that takes less, and the server takes no ICMP but echo requests. */
const narrowed = <T>(work: () => Promise<T>): Promise<T> => {
  const back = `${client.address}/32 via 198.51.100.11`;
  const narrow = [{ make: `ip route add ${back} mtu 1400`, undo: `ip route del ${back}` }];
  return withFault(nodeNetns('node2'), narrow, () => withFault(far, dropIn(TOO_LARGE), work));
};

/** Sends the head by itself, as most servers do, and then so much of a large page. */
const page = (port: number, sends: number): string[] => [
  'perl',
  '-MIO::Socket::INET',
  '-e',
  `my $s = IO::Socket::INET->new(LocalPort => ${port}, Listen => 64, ReuseAddr => 1) or die; $SIG{CHLD} = "IGNORE";
   while (my $c = $s->accept) { next if fork; $c->autoflush(1); sysread($c, my $asked, 4096) or exit;
     print $c "HTTP/1.1 200 OK\\r\\nContent-Length: 400000\\r\\nConnection: close\\r\\n\\r\\n"; select undef, undef, undef, 0.05;
     print $c "x" x ${sends}; sleep 20 if ${sends} < 400000; close $c; exit }`,
];

/** What it says to a hello fills four large packets. */
const handshakes = (port: number): string[] => [
  ...['openssl', 's_server', '-accept', String(port), '-key', join(folder, 'key'), '-quiet'],
  ...['-cert', join(folder, 'cert'), '-cert_chain', join(folder, 'cert')],
];

const served = (port: number, server: readonly string[], work: () => Promise<void>): Promise<void> =>
  withTraffic(far, server, async () => {
    await until(`port ${port}`, 60, async () => {
      const all = await far.run('ss', '-ltnH');
      return all.includes(`:${port} `) || 'nobody listens';
    });
    await work();
  });

const diagnose = (to: string): Promise<Report> =>
  checkReport('diagnose', ['client', '-n', ns.name, '--to', to]);

describe('NT-MTU-006', () => {
  test('an answer that stalls, and comes whole in smaller packets', () =>
    served(8181, page(8181, 400_000), async () => {
      const url = `http://${far.address}:8181/`;
      const report = await narrowed(() => diagnose(url));
      expectFirst(report, {
        id: 'NT-MTU-006',
        severity: 'critical',
        says: /^Large packets from http:\S+ are lost on the way back: its answer comes whole over connections that take packets of up to 1400 bytes, and stalls over those that take packets of 1420 bytes and more\.$/,
      });
      expect(problems(report)).toContainEqual(
        expect.objectContaining({ id: 'NT-HTTP-003', causedBy: 'NT-MTU-006' }),
      );
      expectSilence(await diagnose(url));
    }));

  test('a handshake that stalls, and comes whole in smaller packets', () =>
    served(8182, handshakes(8182), async () => {
      const to = `${far.address}:8182`;
      const tls = (): Promise<Report> => checkReport('tls', ['client', '-n', ns.name, '--to', to]);
      const report = await narrowed(tls);
      expectFirst(report, {
        id: 'NT-MTU-006',
        severity: 'critical',
        says: /^Large packets from \S+:8182 are lost on the way back: its part of the TLS handshake comes whole over connections that take packets of up to 1400 bytes, and stalls over those that take packets of 1420 bytes and more\.$/,
      });
      expect(problems(report)).toContainEqual(
        expect.objectContaining({ id: 'NT-TLS-002', causedBy: 'NT-MTU-006' }),
      );
      const mended = problems(await tls());
      expect(mended.filter(({ id }) => id !== 'NT-TLS-001')).toEqual([]);
    }));

  test('no fault of the way: the server stops, in small packets too', () =>
    served(8183, page(8183, 1000), async () => {
      const report = await diagnose(`http://${far.address}:8183/`);
      expectFirst(report, {
        id: 'NT-HTTP-003',
        severity: 'critical',
        says: /the answer stalls: 1000 of 400000 bytes came .*; over a connection that takes packets of 576 bytes at most it gets no further: their size is not the cause, and the server or a proxy before it stops there\.$/,
      });
      expect(problems(report).map(({ id }) => id)).not.toContain('NT-MTU-006');
    }));
});

describe('NT-CT-008', () => {
  const OUTSIDE = `ntwb-${randomBytes(3).toString('hex')}`;
  /** On the link of the nodes, and nobody's. */
  const ADDRESS = '198.51.100.78';
  const outside = (...argv: readonly string[]): Promise<string> =>
    run(['nsenter', `--net=/run/netns/${OUTSIDE}`, ...argv]);
  /** Its connections go to the node of the server. */
  const ASKS = `while :; do for i in 1 2 3; do timeout 5 bash -c "exec 3<>/dev/tcp/$0/8080" & sleep 0.4; done; wait; done`;

  beforeAll(async () => {
    await run(['ip', 'netns', 'add', OUTSIDE]);
    await run(`ip link add ${OUTSIDE} type veth peer name eth0 netns ${OUTSIDE}`.split(' '));
    await run(['ip', 'link', 'set', OUTSIDE, 'master', bridge.name, 'up']);
    await outside('ip', 'addr', 'add', `${ADDRESS}/24`, 'dev', 'eth0');
    await outside('ip', 'link', 'set', 'eth0', 'up');
    await outside('ip', 'route', 'add', `${far.address}/32`, 'via', nodeAddress('node2'));
  });
  afterAll(() => attempt(['ip', 'netns', 'delete', OUTSIDE]));

  test('answers by a node that drops what is invalid, whose questions went by another', async () => {
    const back = `${ADDRESS}/32 via ${nodeAddress('node1')}`;
    const elsewhere = [{ make: `ip route add ${back}`, undo: `ip route del ${back}` }];
    const drops = [
      { make: 'nft add table ip ntinvalid', undo: 'nft delete table ip ntinvalid' },
      { make: 'nft add chain ip ntinvalid c { type filter hook forward priority 0 ; }', undo: '' },
      { make: 'nft add rule ip ntinvalid c ct state invalid counter drop', undo: '' },
    ];
    const onNode = (): Promise<Report> => checkReport('diagnose', ['node/node1']);
    await until('the server, from outside', 60, async () => {
      const connect = ['timeout', '2', 'bash', '-c', `</dev/tcp/${far.address}/8080`];
      const met = await attempt(['nsenter', `--net=/run/netns/${OUTSIDE}`, ...connect]);
      return met.code === 0 || met.stderr || 'nobody answers';
    });
    await withTraffic(`/run/netns/${OUTSIDE}`, ['bash', '-c', ASKS, far.address], () =>
      withFault(nodeNetns('node1'), drops, async () => {
        const report = await withFault(nodeNetns('node2'), elsewhere, onNode);
        expectFirst(report, {
          id: 'NT-CT-008',
          severity: 'critical',
          says: /^What 198\.18\.2\.\d+:8080 answers 198\.51\.100\.78:\d+ comes by eth0 and is dropped here.*: \d+ SYN-ACKs came in 4 s, none went on, and no SYN of theirs passed\. The questions go another way, .* \(\d+ packets in the run\), and a rule dropped \d+: .*ct state invalid/,
        });
        // By one way they come, whatever the rule.
        const mended = problems(await onNode());
        expect(mended.map(({ id }) => id)).not.toContain('NT-CT-008');
      }),
    );
  });
});
