/** What pods send to a host outside of the cluster: with whose address it leaves, and who is answered there. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { bridge } from '../cluster/paths.ts';
import { attempt, run, until } from '../cluster/proc.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { nodeAddress, nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-way-out');
const node1 = nodeNetns('node1');
/** On the link of the nodes, and no part of the cluster. */
const HOST = { name: 'ntwayout', address: '198.51.100.85', port: 8080 };
const TO = `http://${HOST.address}:${HOST.port}/`;
const host = {
  run: (...argv: readonly string[]) => run(['ip', 'netns', 'exec', HOST.name, ...argv]),
  attempt: (...argv: readonly string[]) => attempt(['ip', 'netns', 'exec', HOST.name, ...argv]),
};

const SERVER = `require("node:http").createServer((asked, answer) => answer.end("ok")).listen(${HOST.port})`;

let client: PodNetns;

async function removeHost(): Promise<void> {
  await attempt(['ip', 'netns', 'delete', HOST.name]);
  await attempt(['ip', 'link', 'delete', HOST.name]);
}

beforeAll(async () => {
  await removeHost();
  const make = [
    `ip netns add ${HOST.name}`,
    `ip link add ${HOST.name} type veth peer name eth0 netns ${HOST.name}`,
    `ip link set ${HOST.name} master ${bridge.name} up`,
    `ip -n ${HOST.name} link set lo up`,
    `ip -n ${HOST.name} link set eth0 up`,
    `ip -n ${HOST.name} addr add ${HOST.address}/24 dev eth0`,
  ];
  for (const command of make) await run(command.split(' '));
  await ns.start(pod('client', { spec: { nodeName: 'node1' } }));
  client = await podNetns(ns.name, 'client');
});
afterAll(removeHost);

const diagnose = (...flags: string[]): Promise<Report> =>
  checkReport('diagnose', ['client', '-n', ns.name, '--to', TO, ...flags]);

/** While the host answers whom it can. */
const served = (work: () => Promise<void>): Promise<void> =>
  withTraffic(`/run/netns/${HOST.name}`, [process.execPath, '-e', SERVER], async () => {
    await until('the server', 60, async () => {
      const { code } = await node1.attempt('curl', '-s', '-m', '2', '-o', '/dev/null', TO);
      return code === 0 || 'no answer';
    });
    await work();
  });

function masquerading() {
  const to = `ip saddr ${client.address} ip daddr ${HOST.address}`;
  return [
    { make: 'nft add table ip ntwayout', undo: 'nft delete table ip ntwayout' },
    { make: 'nft add chain ip ntwayout c { type nat hook postrouting priority 90 ; }', undo: '' },
    { make: `nft add rule ip ntwayout c ${to} masquerade`, undo: '' },
  ];
}

const dropping = (hook: string, match: string) => [
  { make: 'nft add table ip ntwayout', undo: 'nft delete table ip ntwayout' },
  { make: `nft add chain ip ntwayout c { type filter hook ${hook} priority -10 ; }`, undo: '' },
  { make: `nft add rule ip ntwayout c ${match} counter drop`, undo: '' },
];

const ids = (report: Report): string[] => problems(report).map(({ id }) => id);

describe('NT-CT-009', () => {
  test('nobody masquerades, and the host knows no way back to pods', () =>
    served(async () => {
      const report = await diagnose('--deep');
      expectFirst(report, {
        id: 'NT-CT-009',
        severity: 'critical',
        says: new RegExp(
          `^What the pod sends to \\S+ \\(${HOST.address}:${HOST.port}\\) leaves node/node1 by eth0 with the pod's own address ${client.address}, which nobody masquerades there, and gets no answer \\(\\d+ packets\\); what node/node1 sends there itself, from ${nodeAddress('node1')}, is answered: `.replaceAll(
            '.',
            '\\.',
          ),
        ),
      });
      expect(problems(report)).toContainEqual(
        expect.objectContaining({ id: 'NT-FW-001', causedBy: 'NT-CT-009' }),
      );
    }));

  test('from the pod alone it is not known, and what decides is said', () =>
    served(async () => {
      expectFirst(await diagnose(), {
        id: 'NT-FW-001',
        severity: 'critical',
        says: /was silent: .*; not measured: with which address it leaves the pod's node \(masqueraded or not\), and whether the node itself is answered \(--deep shows both\)/,
      });
    }));

  test('silence where the node masquerades', () =>
    served(() => withFault(node1, masquerading(), async () => expectSilence(await diagnose('--deep')))));

  test('silence where pods are routed, and send with their own address rightly', () =>
    served(() => {
      const way = `${client.address}/32 via ${nodeAddress('node1')}`;
      const route = [{ make: `ip route add ${way}`, undo: `ip route del ${way}` }];
      return withFault(host, route, async () => expectSilence(await diagnose('--deep')));
    }));

  test('another cause: the host answers nobody', () =>
    served(() =>
      withFault(host, dropping('input', `tcp dport ${HOST.port}`), async () => {
        for (const steps of [[], masquerading()]) {
          await withFault(node1, steps, async () => {
            const report = await diagnose('--deep');
            expect(ids(report)).toContain('NT-FW-001');
            expect(ids(report)).not.toContain('NT-CT-009');
          });
        }
      }),
    ));

  test('another cause: a rule of the node, which is named', () =>
    served(() =>
      withFault(node1, dropping('forward', `ip daddr ${HOST.address} tcp dport ${HOST.port}`), async () => {
        const report = await diagnose('--deep');
        expectFirst(report, {
          id: 'NT-PATH-002',
          severity: 'critical',
          says: /is lost in node\/node1 .*; a rule there counted \d+ packets meanwhile: table ip ntwayout chain c: .*drop/,
        });
        expect(ids(report)).not.toContain('NT-CT-009');
      }),
    ));
});
