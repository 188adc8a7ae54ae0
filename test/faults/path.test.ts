/** A connection that is lost at each place on its way, and the place that is named for it. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { attempt, run } from '../cluster/proc.ts';
import { kubectl, pod, testNamespace } from '../e2e/support/cluster.ts';
import { withWrongChecksums } from './checksums.ts';
import { checkReport, expectFirst, expectSilence, note } from './named.ts';
import { type Netns, nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-path');
const firewall = (to: string, ...flags: string[]): Promise<Report> =>
  checkReport('firewall', ['client', '-n', ns.name, '--to', to, ...flags]);

let client: PodNetns;
let server: PodNetns;
/** Beside the client. */
let near: PodNetns;

/** What is between the nodes: the machine's own namespace, with the bridge. */
const fabric: Netns = { run: (...argv) => run(argv), attempt: (...argv) => attempt(argv) };

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
});

function drop(family: 'ip' | 'bridge', hook: string, match: string): { make: string; undo: string }[] {
  return [
    { make: `nft add table ${family} ntpath`, undo: `nft delete table ${family} ntpath` },
    { make: `nft add chain ${family} ntpath c { type filter hook ${hook} priority -10 ; }`, undo: '' },
    { make: `nft add rule ${family} ntpath c ${match} counter drop`, undo: '' },
  ];
}

interface Case {
  readonly at: string;
  readonly where: () => Netns;
  readonly steps: () => readonly { make: string; undo: string }[];
  readonly to: string;
  readonly id: string;
  readonly says: RegExp;
}

const toServer = (): string => `ip daddr ${server.address} tcp dport 8080`;
const fromServer = (): string => `ip saddr ${server.address} tcp sport 8080`;

const CASES: readonly Case[] = [
  {
    at: "the source's node",
    where: () => nodeNetns('node1'),
    steps: () => drop('ip', 'forward', toServer()),
    to: 'pod/server:8080',
    id: 'NT-PATH-002',
    says: /is lost in node\/node1 .*; a rule there counted \d+ packets meanwhile: table ip ntpath chain c: .*drop/,
  },
  {
    at: 'the network between the nodes',
    where: () => fabric,
    steps: () => drop('bridge', 'forward', toServer()),
    to: 'pod/server:8080',
    id: 'NT-PATH-003',
    says: /is lost between node\/node1 and node\/node2/,
  },
  {
    at: "the destination's node",
    where: () => nodeNetns('node2'),
    steps: () => drop('ip', 'forward', toServer()),
    to: 'pod/server:8080',
    id: 'NT-PATH-004',
    says: /is lost in node\/node2 .*; a rule there counted \d+ packets meanwhile/,
  },
  {
    at: 'the destination',
    where: () => server,
    steps: () => drop('ip', 'input', 'tcp dport 8080'),
    to: 'pod/server:8080',
    id: 'NT-PATH-005',
    says: /arrives at pod\/server, where port 8080 is open, and no answer leaves it .*; a rule there counted/,
  },
  {
    at: 'the way back',
    where: () => nodeNetns('node2'),
    steps: () => drop('ip', 'forward', fromServer()),
    to: 'pod/server:8080',
    id: 'NT-PATH-006',
    says: /answers, and the answer is lost in node\/node2/,
  },
  {
    at: 'the node that both run on',
    where: () => nodeNetns('node1'),
    steps: () => drop('bridge', 'forward', `ip daddr ${near.address} tcp dport 8080`),
    to: 'pod/near:8080',
    id: 'NT-PATH-002',
    says: /is lost in node\/node1/,
  },
];

describe('a connection that is lost', () => {
  test.each(CASES)('at $at', async ({ where, steps, to, id, says }) => {
    await withFault(where(), steps(), async () => {
      expectFirst(await firewall(to, '--deep'), { id, severity: 'critical', says });
    });
  });

  test('at the destination, for a wrong checksum', async () => {
    await withWrongChecksums(client, server, async () => {
      expectFirst(await firewall('pod/server:8080', '--deep'), {
        id: 'NT-PATH-005',
        severity: 'critical',
        says: /arrives at pod\/server, where port 8080 is open, .*; meanwhile \d+ TCP packets? (was|were) thrown away there for a wrong checksum/,
      });
    });
  });

  test('at the source: its own rule is the cause, and the path says that it never left', async () => {
    await withFault(client, drop('ip', 'output', toServer()), async () => {
      const report = await firewall('pod/server:8080', '--deep');
      expectFirst(report, { id: 'NT-FW-005', severity: 'critical', says: /stops what the target sends/ });
      const lost = report.checks.flatMap((c) => c.findings).find((f) => f.id === 'NT-PATH-001');
      expect(lost?.summary).toMatch(/never left pod\/client itself/);
      expect(lost?.causedBy).toBe('NT-FW-005');
      if (lost) note(report, lost);
    });
  });

  test('where only the ends are watched, the gap between them is named', async () => {
    await withFault(nodeNetns('node2'), drop('ip', 'forward', toServer()), async () => {
      expectFirst(await firewall('pod/server:8080', '--both-ends'), {
        id: 'NT-PATH-003',
        severity: 'critical',
        says: /between pod\/client and pod\/server/,
      });
    });
  });
});

test('nothing is said of connections that come through or are refused, and no node pod is left', async () => {
  for (const to of ['pod/server:8080', 'pod/near:8080']) {
    const report = await firewall(to, '--deep');
    expectSilence(report);
    expect(report.verdict).toBe('pass');
    expect(JSON.stringify(report.checks.find((c) => c.id === 'path')?.measurements)).not.toMatch(
      /"packets":(0|null)/,
    );
  }
  const refused = await firewall('pod/server:9', '--deep');
  expect(refused.checks.flatMap((c) => c.findings).filter((f) => f.id.startsWith('NT-PATH'))).toEqual([]);
  const pods = await kubectl(['get', 'pods', '-n', ns.name, '-o', 'name']);
  expect(pods.trim().split('\n').sort()).toEqual(['pod/client', 'pod/near', 'pod/server']);
});
