/** The rule of netfilter beside what it drops, by the built binary: of each tool, in the pod and on its node. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, expectFirst, expectInfo } from './named.ts';
import { type Netns, type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-drule');
let client: PodNetns;
let near: PodNetns;
let server: PodNetns;

/** Documentation range (RFC 3849), for two pods on one node: the cluster has no IPv6. */
const [CLIENT6, NEAR6] = ['2001:db8:66::1', '2001:db8:66::2'];

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('near', { spec: { nodeName: 'node1' } }),
    pod('server', { spec: { nodeName: 'node2' } }),
  );
  [client, near, server] = await Promise.all([
    podNetns(ns.name, 'client'),
    podNetns(ns.name, 'near'),
    podNetns(ns.name, 'server'),
  ]);
  await client.run('ip', '-6', 'addr', 'add', `${CLIENT6}/64`, 'dev', 'eth0', 'nodad');
  await near.run('ip', '-6', 'addr', 'add', `${NEAR6}/64`, 'dev', 'eth0', 'nodad');
});

const drops = (target: string, ...args: string[]): Promise<Report> =>
  checkReport('drops', [target, '-n', ns.name, '--for', '4s', ...args]);
const udp = (address: string): string[] => [
  ...['bash', '-c'],
  `while sleep 0.3; do echo x >/dev/udp/${address}/4244; done`,
];

type Steps = readonly { make: string; undo: string }[];
const iptables = (tool: string, chain: string): Steps => [
  {
    make: `${tool} -I ${chain} -p udp --dport 4244 -j DROP`,
    undo: `${tool} -D ${chain} -p udp --dport 4244 -j DROP`,
  },
];
const nft = (hook: string, words: string): Steps => [
  { make: 'nft add table inet ntrule', undo: 'nft delete table inet ntrule' },
  { make: `nft add chain inet ntrule c { type filter hook ${hook} priority -10 ; }`, undo: '' },
  { make: `nft add rule inet ntrule c udp dport 4244 ${words}`, undo: '' },
];
/** @param how of the rule, with what it counts */
const byRule = (place: string, how: string): RegExp =>
  new RegExp(`dropped in ${place} by a rule of netfilter .*:4244; by ${how}\\)\\.$`);

interface Case {
  readonly title: string;
  readonly target: 'client' | 'near' | 'server';
  readonly to: () => string;
  readonly where: () => Netns;
  readonly steps: () => Steps;
  readonly sendsTo: () => string;
  readonly says: RegExp;
}

const CASES: readonly Case[] = [
  {
    title: "iptables-nft in the node's FORWARD",
    target: 'client',
    to: () => server.address,
    where: () => client.node,
    steps: () => iptables('iptables-nft', 'FORWARD'),
    sendsTo: () => server.address,
    says: byRule("the host's namespace", '-t filter -A FORWARD -p udp .* -j DROP \\(it counted \\d+ packets'),
  },
  {
    title: "nft in the node's forward, which counts nothing",
    target: 'client',
    to: () => server.address,
    where: () => client.node,
    steps: () => nft('forward', 'drop'),
    sendsTo: () => server.address,
    says: byRule(
      "the host's namespace",
      'table inet ntrule chain c: udp dport 4244 drop .*\\(it counts nothing',
    ),
  },
  {
    title: "iptables-legacy in the pod's INPUT",
    target: 'server',
    to: () => client.address,
    where: () => server,
    steps: () => iptables('iptables-legacy', 'INPUT'),
    sendsTo: () => server.address,
    says: byRule('pod \\S+/server', '-t filter -A INPUT -p udp .* -j DROP \\(it counted \\d+ packets'),
  },
  {
    title: "nft in the pod's output",
    target: 'client',
    to: () => server.address,
    where: () => client,
    steps: () => nft('output', 'counter drop'),
    sendsTo: () => server.address,
    says: byRule(
      'pod \\S+/client',
      'table inet ntrule chain c: udp dport 4244 counter .*\\(it counted \\d+ packets',
    ),
  },
  ...(['ip6tables-legacy', 'ip6tables-nft'] as const).map(
    (tool): Case => ({
      title: `${tool}, of IPv6`,
      target: 'near',
      to: () => CLIENT6,
      where: () => near,
      steps: () => iptables(tool, 'INPUT'),
      sendsTo: () => NEAR6,
      says: byRule('pod \\S+/near', '.*4244 .*(?:DROP|drop).* \\(it counted \\d+ packets'),
    }),
  ),
];

describe('of a flow', () => {
  test.each(CASES)('$title', async ({ target, to, where, steps, sendsTo, says }) => {
    await withFault(where(), steps(), () =>
      withTraffic(client, udp(sendsTo()), async () => {
        expectFirst(await drops(target, '--to', to()), { id: 'NT-DROP-001', severity: 'warning', says });
      }),
    );
  });
});

describe('of whatever is seen', () => {
  test("on a node, by the node's rules", async () => {
    await withFault(client.node, iptables('iptables-nft', 'FORWARD'), () =>
      withTraffic(client, udp(server.address), async () => {
        const report = await drops('node/node1');
        expectInfo(report, 'NT-DROP-001', byRule("the host's namespace", '-t filter -A FORWARD .*'));
      }),
    );
  });

  test('in a pod of it, whose rules are not read: which it is is not known, and why', async () => {
    await withFault(server, iptables('iptables-nft', 'INPUT'), () =>
      withTraffic(client, udp(server.address), async () => {
        const found = expectInfo(await drops('node/node2'), 'NT-DROP-001', /in pod \S+\/server .*:4244/);
        expect(found.summary).toMatch(
          /could not be told: the rules of pod \S+\/server are read where it is the TARGET/,
        );
      }),
    );
  });

  test('that asks for what is not known of the packets: that it is not known is said', async () => {
    await withFault(server, nft('input', 'ip ttl < 200 drop'), () =>
      withTraffic(client, udp(server.address), async () => {
        const found = expectInfo(await drops('server'), 'NT-DROP-001', /in pod \S+\/server .*:4244/);
        expect(found.summary).toMatch(
          /could not be told: no rule that fits counted as many packets meanwhile/,
        );
      }),
    );
  });
});
