/** Faults of the interfaces check, each made for real and named by the built binary. */
import { beforeAll, describe, test } from 'vitest';
import { hostPod, pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-interfaces');
let client: PodNetns;

beforeAll(async () => {
  await ns.start(pod('client', { spec: { nodeName: 'node1' } }));
  client = await podNetns(ns.name, 'client');
});

const interfaces = (...args: string[]) => checkReport('interfaces', ['client', '-n', ns.name, ...args]);

describe('NT-IF-001', () => {
  test("the other end of the pod's link is down", async () => {
    const { node, veth } = client;
    const steps = [{ make: `ip link set ${veth} down`, undo: `ip link set ${veth} up` }];
    expectFirst(await withFault(node, steps, () => interfaces()), {
      id: 'NT-IF-001',
      severity: 'critical',
      says: /eth0, which carries 198[.\d]+, has no carrier/,
    });
    expectSilence(await interfaces());
  });

  test('the interface is switched off', async () => {
    const steps = [
      { make: 'ip link set eth0 down', undo: `ip route replace default via ${client.gateway}` },
      // Undone first: without the link there is no route to add.
      { make: 'true', undo: 'ip link set eth0 up' },
    ];
    expectFirst(await withFault(client, steps, () => interfaces()), {
      id: 'NT-IF-001',
      severity: 'critical',
      says: /eth0, which carries 198[.\d]+, is switched off/,
    });
    expectSilence(await interfaces());
  });
});

test('NT-IF-002: a tunnel whose other end has no route', async () => {
  const steps = [
    { make: 'ip route add unreachable 203.0.113.9', undo: 'ip route del unreachable 203.0.113.9' },
    {
      make: 'ip link add tunnel0 type vxlan id 7 remote 203.0.113.9 dstport 4789',
      undo: 'ip link del tunnel0',
    },
    { make: 'ip addr add 192.0.2.1/24 dev tunnel0', undo: '' },
    { make: 'ip link set tunnel0 up', undo: '' },
    { make: 'ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev tunnel0 nud permanent', undo: '' },
  ];
  expectFirst(await withFault(client, steps, () => interfaces('--to', '192.0.2.2')), {
    id: 'NT-IF-002',
    severity: 'warning',
    says: /\d+ of \d+ packets to be sent on tunnel0 were errors \(100 %\)/,
  });
  expectSilence(await interfaces());
});

describe('what is no fault', () => {
  test('a bridge without ports, a link that is down and has no address', async () => {
    const steps = [
      // As a Docker daemon in the pod has it.
      { make: 'ip link add docker0 type bridge', undo: 'ip link del docker0' },
      { make: 'ip addr add 192.0.2.1/24 dev docker0', undo: '' },
      { make: 'ip link set docker0 up', undo: '' },
      { make: 'ip link add spare type veth peer name spare1', undo: 'ip link del spare' },
    ];
    expectSilence(await withFault(client, steps, () => interfaces()));
  });

  test("a node's own namespace", async () => {
    await ns.start(hostPod('host', 'node1'));
    expectSilence(await checkReport('interfaces', ['host', '-n', ns.name]));
  });
});
