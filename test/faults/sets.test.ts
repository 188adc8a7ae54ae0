/** Packets that are lost by an element of a set or a map: nft's, named and not, and ipset's. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-sets');
let client: PodNetns;
let server: PodNetns;

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('server', { spec: { nodeName: 'node2' } }),
  );
  client = await podNetns(ns.name, 'client');
  server = await podNetns(ns.name, 'server');
});

const look = (): Promise<Report> =>
  checkReport('firewall', ['client', '-n', ns.name, '--to', `${server.address}:8080`]);

/** Objects of one table, and a rule of its chain on the way out; AT stands for the server's address. */
function nft(...lines: readonly string[]): { make: string; undo: string }[] {
  return [
    { make: 'nft add table inet tv', undo: 'nft delete table inet tv' },
    { make: 'nft add chain inet tv o { type filter hook output priority 0 ; }', undo: '' },
    ...lines.map((line) => ({ make: `nft add ${line.replaceAll('AT', server.address)}`, undo: '' })),
  ];
}

interface Case {
  readonly title: string;
  readonly lines: readonly string[];
  readonly id: 'NT-FW-002' | 'NT-FW-005';
  /** AT stands for the server's address. */
  readonly says: string;
  readonly remedy: string;
}

const CASES: readonly Case[] = [
  {
    title: 'a named set with intervals',
    lines: [
      'set inet tv bad { type ipv4_addr ; flags interval ; elements = { 198.18.2.0/24, 10.1.0.5-10.1.0.9 } ; }',
      'rule inet tv o ip daddr @bad counter drop',
    ],
    id: 'NT-FW-005',
    says: 'ip daddr @bad counter packets \\d+ drop \\[element 198\\.18\\.2\\.0/24 of bad\\]',
    remedy: "nft delete element inet tv bad '{ 198.18.2.0/24 }'",
  },
  {
    title: 'a set of concatenations, whose rule counts nothing',
    lines: [
      'set inet tv c { type ipv4_addr . inet_proto . inet_service ; flags interval ; elements = { 198.18.2.0/24 . tcp . 8080-8090 } ; }',
      'rule inet tv o ip daddr . meta l4proto . th dport @c drop',
    ],
    id: 'NT-FW-002',
    says: 'this rule fits and counts nothing: .* @c drop \\[element 198\\.18\\.2\\.0/24 \\. tcp \\. 8080-8090 of c\\]',
    remedy: "nft delete element inet tv c '{ 198.18.2.0/24 . tcp . 8080-8090 }'",
  },
  {
    title: 'a set whose elements expire',
    lines: [
      'set inet tv t { type ipv4_addr ; flags timeout ; elements = { AT timeout 1h } ; }',
      'rule inet tv o ip daddr @t counter drop',
    ],
    id: 'NT-FW-005',
    says: '\\[element AT of t\\]',
    remedy: "nft delete element inet tv t '{ AT }'",
  },
  {
    title: 'a verdict map with a name',
    lines: [
      'map inet tv v { type ipv4_addr . inet_service : verdict ; elements = { AT . 8080 : drop, AT . 443 : accept } ; }',
      'rule inet tv o ip daddr . tcp dport vmap @v',
    ],
    id: 'NT-FW-002',
    says: 'vmap @v \\{ drop \\} \\[element AT \\. 8080 of v\\]',
    remedy: "nft delete element inet tv v '{ AT . 8080 }'",
  },
  {
    title: 'a verdict map without a name',
    lines: ['rule inet tv o ip daddr AT counter tcp dport vmap { 8080 : drop, 22 : accept }'],
    id: 'NT-FW-005',
    says: 'tcp dport vmap \\{ 8080 : drop \\} # handle',
    remedy: 'nft delete rule inet tv o handle',
  },
  {
    title: 'an element that counts by itself',
    lines: [
      'map inet tv k { type inet_service : verdict ; counter ; elements = { 8080 : drop, 443 : accept } ; }',
      'rule inet tv o tcp dport vmap @k',
    ],
    id: 'NT-FW-005',
    says: '\\[element 8080 of k\\]',
    remedy: "nft delete element inet tv k '{ 8080 }'",
  },
];

describe('nft', () => {
  test.each(CASES)('$title', async ({ lines, id, says, remedy }) => {
    const at = (text: string, address: string): string => text.replaceAll('AT', address);
    const report = await withFault(client, nft(...lines), look);
    const escaped = server.address.replaceAll('.', '\\.');
    const first = expectFirst(report, { id, severity: 'critical', says: new RegExp(at(says, escaped)) });
    expect(first.remediation).toContain(at(remedy, server.address));
  });

  test('elements of others stop nothing', async () => {
    const lines = [
      'set inet tv bad { type ipv4_addr ; flags interval ; elements = { 198.18.77.0/24 } ; }',
      'rule inet tv o ip daddr @bad drop',
      'rule inet tv o tcp dport vmap { 8081 : drop, 8080 : accept }',
      'rule inet tv o tcp dport 8080 drop',
    ];
    expectSilence(await withFault(client, nft(...lines), look));
  });
});

describe('ipset', () => {
  const rule = (words: string): { make: string; undo: string } => ({
    make: `iptables-legacy -A OUTPUT ${words}`,
    undo: `iptables-legacy -D OUTPUT ${words}`,
  });
  const set = (
    name: string,
    type: string,
    ...members: readonly string[]
  ): { make: string; undo: string }[] => [
    { make: `ipset create ${name} ${type}`, undo: `ipset destroy ${name}` },
    ...members.map((one) => ({ make: `ipset add ${name} ${one}`, undo: '' })),
  ];

  test.each<[string, () => { make: string; undo: string }[], () => string]>([
    [
      'hash:ip',
      () => [...set('ntblk', 'hash:ip', server.address), rule('-m set --match-set ntblk dst -j DROP')],
      () => `member ${server.address} of ipset ntblk`,
    ],
    [
      'hash:net',
      () => [...set('ntblk', 'hash:net', '198.18.2.0/24'), rule('-m set --match-set ntblk dst -j DROP')],
      () => 'member 198.18.2.0/24 of ipset ntblk',
    ],
    [
      'hash:ip,port',
      () => [
        ...set('ntblk', 'hash:ip,port', `${server.address},tcp:8080`),
        rule('-m set --match-set ntblk dst,dst -j DROP'),
      ],
      () => `member ${server.address},tcp:8080 of ipset ntblk`,
    ],
    [
      'list:set',
      () => [
        ...set('ntblk', 'hash:ip', server.address),
        ...set('ntlist', 'list:set', 'ntblk'),
        rule('-m set --match-set ntlist dst -j DROP'),
      ],
      () => `member ${server.address} of ipset ntblk`,
    ],
  ])('%s', async (_type, steps, says) => {
    // By the tools of this machine: the smaller image has no ipset, and names the rule with its set alone.
    const report = await withFault(client, steps(), () =>
      checkReport('firewall', [`pid:${client.pid}`, '--to', `${server.address}:8080`]),
    );
    const escaped = says().replaceAll(/[.:/]/g, '\\$&');
    const first = expectFirst(report, { id: 'NT-FW-005', severity: 'critical', says: new RegExp(escaped) });
    expect(first.remediation).toMatch(/ipset del ntblk /);
  });
});
