/** What the kernel says of a loss over IPv6: as a cluster of IPv6 alone would have it, between two pods of one node. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding, Report } from '../../src/model/report.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { DualFront } from './dual-front.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-deep6');
/** Documentation range (RFC 3849). */
const CLIENT6 = '2001:db8:66::1';
const NEAR6 = '2001:db8:66::2';

let client: PodNetns;
let near: PodNetns;
let front: DualFront;

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('near', { spec: { nodeName: 'node1' } }),
  );
  [client, near] = await Promise.all([podNetns(ns.name, 'client'), podNetns(ns.name, 'near')]);
  await client.run('ip', '-6', 'addr', 'add', `${CLIENT6}/64`, 'dev', 'eth0', 'nodad');
  await near.run('ip', '-6', 'addr', 'add', `${NEAR6}/64`, 'dev', 'eth0', 'nodad');
  const addresses = new Map([
    ['client', CLIENT6],
    ['near', NEAR6],
  ]);
  front = await DualFront.start(ns.name, addresses, true);
});
afterAll(() => front.stop());

const diagnose = (to = 'pod/near:8080'): Promise<Report> =>
  checkReport('diagnose', ['client', '-n', ns.name, '-s', front.url, '--to', to, '--deep']);

const rule = (words: string) => [
  { make: 'nft add table ip6 ntdeep6', undo: 'nft delete table ip6 ntdeep6' },
  { make: 'nft add chain ip6 ntdeep6 c { type filter hook input priority -10 ; }', undo: '' },
  { make: `nft add rule ip6 ntdeep6 c ${words}`, undo: '' },
];

const findings = (report: Report): Finding[] => report.checks.flatMap((check) => check.findings);

test('over IPv6 what the far pod drops has the reason, the place and the rule', async () => {
  await withFault(near, rule('tcp dport 8080 counter drop'), async () => {
    expectFirst(await diagnose(), {
      id: 'NT-PATH-005',
      severity: 'critical',
      says: /\[2001:db8:66::2\]:8080\) arrives at pod\/near.*; \d+ packets were dropped on node1 in the network of pod\/near by a rule of netfilter \(NETFILTER_DROP in \w+\); a rule there counted \d+ packets meanwhile: table ip6 ntdeep6 chain c: /,
    });
  });
});

test('over IPv6 datagrams have the place at which they end', async () => {
  await withFault(near, rule('udp dport 7002 drop'), async () => {
    expectFirst(await diagnose('pod/near:7002/udp'), {
      id: 'NT-DROP-001',
      severity: 'warning',
      says: /packets? to pod\/near:7002.* dropped on node1 in the network of pod\/near by a rule of netfilter \(NETFILTER_DROP in \w+\); by table ip6 ntdeep6 chain c: .* \(it counts nothing\)/,
    });
  });
});

test('over IPv6 a probe that arrives says nothing of drops', async () => {
  const report = await diagnose();
  expectSilence(report);
  expect(findings(report).filter(({ id }) => id.startsWith('NT-DROP'))).toEqual([]);
});
