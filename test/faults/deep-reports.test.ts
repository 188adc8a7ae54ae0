/** Losses that people reported and in which the kernel's reason decided: the same made here, and told by --deep. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { withWrongChecksums } from './checksums.ts';
import { checkReport, note } from './named.ts';
import { nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withStrictFilter } from './strict-filter.ts';

const ns = testNamespace('f-said');
let client: PodNetns;
let server: PodNetns;

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('server', { spec: { nodeName: 'node2' } }),
  );
  [client, server] = await Promise.all([podNetns(ns.name, 'client'), podNetns(ns.name, 'server')]);
});

const firewall = (): Promise<Report> =>
  checkReport('firewall', ['client', '-n', ns.name, '--to', 'pod/server:8080', '--deep']);

function expectSaid(report: Report, id: string, says: RegExp): void {
  const all = report.checks.flatMap(({ findings }) => findings);
  const found = all.find((finding) => finding.id === id);
  expect(found?.summary, all.map(({ id: one, summary }) => `${one} ${summary}`).join('\n')).toMatch(says);
  if (found) note(report, found);
}

const HOST1 = "dropped on node1 in the host's network";
const HOST2 = "dropped on node2 in the host's network";
const rule = (tool: string, table: string, chain: string, words: string) => ({
  make: `${tool} -t ${table} -A ${chain} ${words}`,
  undo: `${tool} -t ${table} -D ${chain} ${words}`,
});

describe('as it was reported', () => {
  // cilium/pwru#416
  test('IP forwarding that is off at the interface of the pods', async () => {
    const off = [
      {
        make: 'sysctl -qw net.ipv4.conf.cni0.forwarding=0',
        undo: 'sysctl -qw net.ipv4.conf.cni0.forwarding=1',
      },
    ];
    await withFault(nodeNetns('node1'), off, async () => {
      expectSaid(
        await firewall(),
        'NT-PATH-002',
        new RegExp(`${HOST1} because there is no route for them \\(\\w+ in \\w+\\)`),
      );
    });
  });

  // kubernetes/kubernetes#74839 and #94861: an answer whose question was not tracked
  test('a rule that drops what connection tracking calls invalid', async () => {
    const invalid = '-m conntrack --ctstate INVALID -j DROP';
    const steps = [
      rule('iptables-nft', 'raw', 'PREROUTING', `-s ${client.address}/32 -d ${server.address}/32 -j NOTRACK`),
      rule('iptables-nft', 'filter', 'FORWARD', `-s ${server.address}/32 ${invalid}`),
    ];
    await withFault(nodeNetns('node2'), steps, async () => {
      expectSaid(
        await firewall(),
        'NT-PATH-006',
        new RegExp(`${HOST2} by a rule of netfilter .*counted \\d+ packets meanwhile: .*--ctstate INVALID`),
      );
    });
  });

  // projectcalico/calico#4630
  test('a reverse path filter that is a rule', async () => {
    await withStrictFilter(
      client,
      async () => {
        expectSaid(
          await firewall(),
          'NT-PATH-002',
          new RegExp(
            `${HOST1} by a rule of netfilter .*counted \\d+ packets meanwhile: .*-m rpfilter .*-j DROP`,
          ),
        );
      },
      rule('iptables-nft', 'raw', 'PREROUTING', `-s ${client.address}/32 -m rpfilter --invert -j DROP`),
    );
  });

  // projectcalico/calico#4511: the last rule of a chain that is jumped to
  test('a chain for one pod, at whose end is a drop', async () => {
    const steps = [
      { make: 'iptables-nft -N cali-tw-server', undo: 'iptables-nft -X cali-tw-server' },
      rule('iptables-nft', 'filter', 'cali-tw-server', '-m mark --mark 0x10000/0x10000 -j RETURN'),
      rule('iptables-nft', 'filter', 'cali-tw-server', '-m comment --comment no-profile -j DROP'),
      {
        make: `iptables-nft -I FORWARD -d ${server.address}/32 -j cali-tw-server`,
        undo: `iptables-nft -D FORWARD -d ${server.address}/32 -j cali-tw-server`,
      },
    ];
    await withFault(nodeNetns('node2'), steps, async () => {
      expectSaid(
        await firewall(),
        'NT-PATH-004',
        new RegExp(
          `${HOST2} by a rule of netfilter .*counted \\d+ packets meanwhile: .*-A cali-tw-server .*-j DROP`,
        ),
      );
    });
  });

  // projectcalico/calico#3145 and #4865
  test('checksums that offloading left wrong', async () => {
    await withWrongChecksums(client, server, async () => {
      expectSaid(
        await firewall(),
        'NT-PATH-005',
        /dropped on node2 in the network of pod\/server because their checksum is wrong \(TCP_CSUM in \w+\)/,
      );
    });
  });

  // cilium/cilium#23283: the reason led there
  test('an address that is nobody there: the packet is refused, not lost', async () => {
    const report = await checkReport('firewall', [
      ...['client', '-n', ns.name, '--to', 'pod/server:8089', '--deep'],
    ]);
    expectSaid(report, 'NT-PATH-007', /refuses the connection itself/);
    const all = report.checks.flatMap(({ findings }) => findings);
    expect(all.filter(({ id }) => id.startsWith('NT-DROP'))).toEqual([]);
  });

  // inspektor-gadget's tcpdrop: a qdisc that drops a share, here one of nearly no rate
  test('a queue that is full', async () => {
    const tight = [
      {
        make: 'tc qdisc add dev eth0 root tbf rate 2kbit burst 100 limit 150',
        undo: 'tc qdisc del dev eth0 root',
      },
    ];
    await withFault(server, tight, async () => {
      const report = await firewall();
      const all = report.checks
        .flatMap(({ findings }) => findings)
        .map(({ summary }) => summary)
        .join('\n');
      expect(all).toMatch(/dropped on node2 in the network of pod\/server .*queue.* \(QDISC_DROP in \w+\)/);
    });
  });
});
