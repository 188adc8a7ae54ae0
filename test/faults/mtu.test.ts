/** Faults of the mtu check, each made for real and named by the built binary. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { checkReport, expectFirst, expectInfo, expectSilence } from './named.ts';
import { dropIn, narrowRoute, TOO_LARGE } from './path-faults.ts';
import { type Netns, nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-mtu');
let client: PodNetns;
let far: PodNetns;

beforeAll(async () => {
  await ns.start(pod('client', { spec: { nodeName: 'node1' } }), pod('far', { spec: { nodeName: 'node2' } }));
  [client, far] = await Promise.all([podNetns(ns.name, 'client'), podNetns(ns.name, 'far')]);
});

const mtu = (...args: string[]) => checkReport('mtu', ['client', '-n', ns.name, ...args]);

/** The client's node is the router that takes less. */
function narrowed<T>(work: () => Promise<T>): Promise<T> {
  return withFault(nodeNetns('node1'), narrowRoute(far), async () => {
    // What one test has taught the kernel would keep the next from meeting the fault.
    await client.run('ip', 'route', 'flush', 'cache');
    try {
      return await work();
    } finally {
      await client.run('ip', 'route', 'flush', 'cache');
    }
  });
}

const dropping = <T>(netns: Netns, rule: string, work: () => Promise<T>) =>
  withFault(netns, dropIn(rule), work);

/** The message that a router sends does not come through. */
const withoutMessage = <T>(work: () => Promise<T>) => dropping(client, TOO_LARGE, work);

const byId = (report: Report, id: string) => problems(report).filter((finding) => finding.id === id);

describe('a path inside the cluster that carries 1400 bytes', () => {
  test('is an MTU that is too high when routers say so', async () => {
    const report = await narrowed(() => mtu('--to', 'pod/far'));
    expectFirst(report, {
      id: 'NT-MTU-002',
      severity: 'warning',
      says: /eth0 sends packets of up to 1500 bytes, but the way to pod\/far carries 1400 \(says 198\.18\.1\.1\): 100 fewer/,
    });
    expect(problems(report)).toHaveLength(1);
    expectSilence(await mtu('--to', 'pod/far'));
  });

  test('is a black hole too when their messages are dropped', async () => {
    const report = await narrowed(() => withoutMessage(() => mtu('--to', 'pod/far')));
    expectFirst(report, { id: 'NT-MTU-002', severity: 'warning', says: /carries 1400 \(nobody says so\)/ });
    expect(byId(report, 'NT-MTU-001')).toEqual([
      expect.objectContaining({ severity: 'critical', causedBy: 'NT-MTU-002', subject: 'pod/far' }),
    ]);
    expectSilence(await mtu('--to', 'pod/far'));
  });

  test('also from a session without rights', async () => {
    const report = await narrowed(() =>
      withoutMessage(() => mtu('--to', 'pod/far', '--profile', 'restricted')),
    );
    expect(byId(report, 'NT-MTU-001')[0]?.summary).toMatch(/1400 is the largest size that gets through/);
  });
});

describe('a way out of the node that carries 1400 bytes', () => {
  test("is an MTU that is too high, whatever the destination: the pod's own node says so", async () => {
    const report = await narrowed(() => mtu('--to', `${far.address}:8080`));
    expectFirst(report, {
      id: 'NT-MTU-002',
      severity: 'warning',
      says: /eth0 sends packets of up to 1500 bytes, but its node itself sends only 1400 on to .* \(says 198\.18\.1\.1\)/,
    });
    expect(problems(report)).toHaveLength(1);
  });

  test('no fault: the pod has that MTU itself', async () => {
    const steps = [{ make: 'ip link set eth0 mtu 1400', undo: 'ip link set eth0 mtu 1500' }];
    expectSilence(await narrowed(() => withFault(client, steps, () => mtu('--to', `${far.address}:8080`))));
  });
});

describe('a black hole on the way out', () => {
  test('by echo requests and by a transfer', async () => {
    const report = await narrowed(() => withoutMessage(() => mtu('--to', `${far.address}:8080`)));
    expectFirst(report, {
      id: 'NT-MTU-001',
      severity: 'critical',
      says: /1500 bytes \(the MTU of eth0\) are lost .* 1400 is the largest .* none of 1448 bytes/,
    });
    expectSilence(await mtu('--to', `${far.address}:8080`));
  });

  test('by a transfer alone, where nobody answers echo requests', async () => {
    const report = await narrowed(() =>
      withoutMessage(() => dropping(far, 'icmp type echo-request', () => mtu('--to', `${far.address}:8080`))),
    );
    expectFirst(report, {
      id: 'NT-MTU-001',
      severity: 'critical',
      says: /a connection got small segments through, but none of 1448 bytes/,
    });
  });

  test("on the pod's own link, which names what lies behind it", async () => {
    const chain = `{ type filter hook ingress device ${client.veth} priority 0 ; }`;
    const report = await withFault(
      client.node,
      [
        { make: 'nft add table netdev ntf', undo: 'nft delete table netdev ntf' },
        { make: `nft add chain netdev ntf in ${chain}`, undo: '' },
        { make: 'nft add rule netdev ntf in ip length > 1400 drop', undo: '' },
      ],
      () => mtu('--to', 'pod/far'),
    );
    expectFirst(report, {
      id: 'NT-MTU-002',
      severity: 'warning',
      says: /the way to gateway, .*carries 1400/,
    });
    expect(byId(report, 'NT-MTU-001')).toEqual([
      expect.objectContaining({
        subject: 'gateway',
        summary: expect.stringMatching(/what lies behind it \(.*pod\/far/),
      }),
    ]);
  });
});

describe('what is no fault', () => {
  test('a smaller path outside of the cluster, as long as routers further on say so', async () => {
    const device = /dev (\S+)/.exec(await far.node.run('ip', 'route', 'get', far.address))?.[1] ?? '';
    const route = `${far.address}/32 dev ${device} mtu 1400`;
    const steps = [{ make: `ip route add ${route}`, undo: `ip route del ${route}` }];
    const report = await withFault(far.node, steps, () => mtu('--to', `${far.address}:8080`));
    await client.run('ip', 'route', 'flush', 'cache');
    expectSilence(report);
    expect(report.checks[0]?.measurements['destinations']).toContainEqual(
      expect.objectContaining({ pathMtu: 1400, announcedBy: '198.51.100.12' }),
    );
  });

  test('a filter of large pings, when full segments get through', async () => {
    const report = await dropping(far, 'icmp type echo-request ip length > 1000', () =>
      mtu('--to', 'pod/far'),
    );
    expectSilence(report);
    expectInfo(
      report,
      'NT-MTU-004',
      /^Segments of full size get to pod\/far by TCP, but echo requests .* get no answer/,
    );
  });

  test('a route that has the smaller MTU itself', async () => {
    const route = `${far.address} via ${client.gateway} mtu 1400`;
    const steps = [{ make: `ip route add ${route}`, undo: `ip route del ${far.address}` }];
    const report = await narrowed(() => withFault(client, steps, () => mtu('--to', 'pod/far')));
    expectSilence(report);
  });

  test.each([
    ['CoreDNS', ['deploy/coredns', '-n', 'kube-system']],
    ['a pod that admits no rights', ['locked', '-n', 'locked']],
  ])('%s', async (_title, target) => {
    const report = await checkReport('mtu', target);
    expectSilence(report);
    expect(report.verdict).toBe('pass');
  });

  test('an image without the right ping is skipped and not passed', async () => {
    const report = await mtu('--image', 'localhost/app:1');
    expectSilence(report);
    expect(report.checks[0]).toMatchObject({ status: 'skip', findings: [{ id: 'NT-SYS-001' }] });
  });
});

test('fragments are dropped on the way', async () => {
  const steps = [
    { make: 'nft add table ip ntfrag', undo: 'nft delete table ip ntfrag' },
    // Before connection tracking puts them together.
    { make: 'nft add chain ip ntfrag p { type filter hook prerouting priority -450 ; }', undo: '' },
    { make: `nft add rule ip ntfrag p ip daddr ${far.address} ip frag-off & 0x3fff != 0 drop`, undo: '' },
  ];
  const report = await withFault(nodeNetns('node2'), steps, () => mtu('--to', 'pod/far'));
  expectFirst(report, {
    id: 'NT-MTU-005',
    severity: 'warning',
    says: /^Packets of 1500 bytes get to pod\/far and back, and none of 3 echo requests of 3000 bytes, which travel in fragments/,
  });
  expectSilence(await mtu('--to', 'pod/far'));
});

test('the MTU of a route is above that of its link', async () => {
  const [first] = (await client.run('ip', '-o', 'route', 'show', 'default')).split('\n');
  const words = (first ?? '').trim().split(/\s+/).join(' ');
  const steps = [
    { make: 'ip link set eth0 mtu 1320', undo: 'ip link set eth0 mtu 1500' },
    { make: `ip route replace ${words} mtu 1442`, undo: `ip route replace ${words}` },
  ];
  expectFirst(await withFault(client, steps, () => mtu('--to', 'pod/far')), {
    id: 'NT-MTU-003',
    severity: 'warning',
    says: /^The route to .*pod\/far.* has an MTU of its own, 1442, above the 1320 of eth0/,
  });
  // A route below its link is a setting like any other.
  const lower = [{ make: `ip route replace ${words} mtu 1400`, undo: `ip route replace ${words}` }];
  await withFault(client, lower, async () => expectSilence(await mtu('--to', 'pod/far')));
});

test('large packets are lost on the way back alone', async () => {
  await dropping(client, `ip saddr ${far.address} ip length > 1300`, async () => {
    expectInfo(
      await mtu('--to', 'pod/far'),
      'NT-MTU-004',
      /^Segments of full size get to pod\/far by TCP, but echo requests of more than 1300 bytes get no answer: either the way back loses/,
    );
    // Without a transfer nothing tells one way from the other.
    expectFirst(await checkReport('diagnose', ['client', '-n', ns.name, '--to', 'pod/far:8080']), {
      id: 'NT-MTU-002',
      severity: 'warning',
      says: /carries 1300 \(nobody says so\): 200 fewer\. The answers are as large, so it may as well be the way back\.$/,
    });
  });
});

test('the way back is narrower than the way there', async () => {
  const back = `${client.address}/32 via 198.51.100.11`;
  const narrow = [{ make: `ip route add ${back} mtu 1400`, undo: `ip route del ${back}` }];
  // The far side is not told.
  const report = await withFault(nodeNetns('node2'), narrow, () =>
    dropping(far, TOO_LARGE, () => mtu('--to', 'pod/far')),
  );
  expectFirst(report, {
    id: 'NT-MTU-004',
    severity: 'warning',
    says: /^Packets of 1500 bytes get to .*pod\/far.*, and the answers come back in fragments \(\d+ were put together meanwhile\)/,
  });
  expectSilence(await mtu('--to', 'pod/far'));
});
