/** Faults of the arp check, each made for real and named by the built binary. */
import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../cluster/proc.ts';
import { hostPod, pod, testNamespace } from '../e2e/support/cluster.ts';
import { checkReport, type Expected, expectFirst, expectSilence } from './named.ts';
import { type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-arp');
let client: PodNetns;
let near: PodNetns;
let third: PodNetns;
let far: PodNetns;

beforeAll(async () => {
  await ns.start(
    ...['client', 'near', 'third'].map((name) => pod(name, { spec: { nodeName: 'node1' } })),
    pod('far', { spec: { nodeName: 'node2' } }),
  );
  [client, near, third, far] = await Promise.all([
    podNetns(ns.name, 'client'),
    podNetns(ns.name, 'near'),
    podNetns(ns.name, 'third'),
    podNetns(ns.name, 'far'),
  ]);
});

const arp = (...to: string[]) => {
  return checkReport('arp', ['client', '-n', ns.name, ...to.flatMap((dest) => ['--to', dest])]);
};
const forget = (from: PodNetns, who: PodNetns) =>
  from.attempt('ip', 'neigh', 'del', who.address, 'dev', 'eth0');
/** A pod that hears ARP and does not answer. */
const MUTE = [
  { make: 'sysctl -qw net.ipv4.conf.eth0.arp_ignore=8', undo: 'sysctl -qw net.ipv4.conf.eth0.arp_ignore=0' },
  // Its own questions would tell who it is.
  { make: 'ip neigh flush dev eth0', undo: '' },
];
const WRONG_MAC = '02:00:00:00:00:99';

async function names(
  work: () => Promise<Awaited<ReturnType<typeof arp>>>,
  expected: Expected,
): Promise<void> {
  expectFirst(await work(), expected);
}

describe('NT-ARP-001', () => {
  test('the gateway is gone: nobody has its address', async () => {
    const gone = client.gateway.replace(/\.\d+$/, '.254');
    const steps = [
      {
        make: `ip route replace default via ${gone}`,
        undo: `ip route replace default via ${client.gateway}`,
      },
    ];
    await withFault(client, steps, () =>
      names(() => arp(), {
        id: 'NT-ARP-001',
        severity: 'critical',
        says: /The gateway 198\.18\.1\.254 on eth0 does not answer: its neighbour entry is (FAILED|INCOMPLETE); dns, apiserver are behind it/,
      }),
    );
    expectSilence(await arp());
  });

  test('the gateway falls silent, and the kernel still trusts its old answer', async () => {
    expectSilence(await arp());
    // The link leaves the bridge, and the node does not answer on it.
    const steps = [
      {
        make: `sysctl -qw net.ipv4.conf.${client.veth}.arp_ignore=8`,
        undo: `sysctl -qw net.ipv4.conf.${client.veth}.arp_ignore=0`,
      },
      { make: `ip link set ${client.veth} nomaster`, undo: `ip link set ${client.veth} master cni0` },
    ];
    await withFault(client.node, steps, async () => {
      const known = await client.run('ip', 'neigh', 'show', client.gateway);
      expect(known).toMatch(/lladdr/);
      await names(() => arp(), {
        id: 'NT-ARP-001',
        severity: 'critical',
        says: /The gateway 198\.18\.1\.1 on eth0 does not answer/,
      });
    });
    expectSilence(await arp());
  });
});

describe('NT-ARP-002', () => {
  test('a pod on the link that was asked for does not answer', async () => {
    await withFault(near, MUTE, async () => {
      await forget(client, near);
      await names(() => arp('pod/near'), {
        id: 'NT-ARP-002',
        severity: 'critical',
        says: /pod\/near \(198[.\d]+\) does not answer on eth0: its neighbour entry is (FAILED|INCOMPLETE)/,
      });
    });
    expectSilence(await arp('pod/near'));
  });

  test('a ready pod of the node that nobody asked for does not answer', async () => {
    await withFault(near, MUTE, async () => {
      await forget(client, near);
      await names(() => arp(), {
        id: 'NT-ARP-002',
        severity: 'warning',
        says: /pod\/near \(198[.\d]+\) .*while the API says that the pod is ready/,
      });
    });
    expectSilence(await arp());
  });

  test.each([
    { who: 'a pod', address: () => near.address, to: ['pod/near'] },
    { who: 'the gateway', address: () => client.gateway, to: ['pod/far'] },
  ])('a wrong PERMANENT entry of $who', async ({ address, to }) => {
    const entry = `${address()} dev eth0`;
    const steps = [
      { make: `ip neigh replace ${entry} lladdr ${WRONG_MAC} nud permanent`, undo: `ip neigh del ${entry}` },
    ];
    await withFault(client, steps, () =>
      names(() => arp(...to), {
        id: 'NT-ARP-002',
        severity: 'critical',
        says: /The PERMANENT entry of 198[.\d]+ on eth0 says 02:00:00:00:00:99, but [0-9a-f:]{17} answers for it/,
      }),
    );
    expectSilence(await arp(...to));
  });

  test.each([
    { who: 'a pod', address: () => near.address, to: ['pod/near'] },
    { who: 'the gateway', address: () => client.gateway, to: [] },
  ])('NT-ARP-008: an entry of $who that was in use is out of date', async ({ address, to }) => {
    expectSilence(await arp(...to));
    // As after a move that nobody has announced; the run makes the kernel ask again.
    await client.run(
      'ip',
      'neigh',
      'replace',
      address(),
      'dev',
      'eth0',
      'lladdr',
      WRONG_MAC,
      'nud',
      'reachable',
    );
    // Within a second (net.ipv4.neigh.*.locktime) the kernel lets no answer change an entry.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await names(() => arp(...to), {
      id: 'NT-ARP-008',
      severity: 'warning',
      says: /^When the run began, the target had 02:00:00:00:00:99 on eth0 for .* \((REACHABLE|DELAY)\), and [0-9a-f:]{17} has that address: what was sent there went to the wrong host/,
    });
    expectSilence(await arp(...to));
  });

  test('the last router does not find the destination', async () => {
    await withFault(far, MUTE, async () => {
      await far.node.attempt('ip', 'neigh', 'del', far.address, 'dev', 'cni0');
      await names(() => arp('pod/far'), {
        id: 'NT-ARP-002',
        severity: 'critical',
        says: /pod\/far .*the router 198[.\d]+ has looked for it, or for the next router on the way to it, and says "host unreachable"/,
      });
    });
    expectSilence(await arp('pod/far'));
  });
});

describe('NT-ARP-004', () => {
  test("another host has the target's own address", async () => {
    const address = `${client.address}/32`;
    const steps = [{ make: `ip addr add ${address} dev eth0`, undo: `ip addr del ${address} dev eth0` }];
    await withFault(near, steps, () =>
      names(() => arp(), {
        id: 'NT-ARP-004',
        severity: 'critical',
        says: /The target's own address 198[.\d]+ on eth0 is used by another host too: [0-9a-f:]{17} answers for it/,
      }),
    );
    // Those that heard the other one have to learn anew.
    await client.attempt('arping', '-c', '1', '-A', '-I', 'eth0', client.address);
    await client.node.attempt('ip', 'neigh', 'del', client.address, 'dev', 'cni0');
    expectSilence(await arp());
  });

  test('two hosts say that they are the destination', async () => {
    const address = `${near.address}/32`;
    const steps = [{ make: `ip addr add ${address} dev eth0`, undo: `ip addr del ${address} dev eth0` }];
    await withFault(third, steps, () =>
      names(() => arp('pod/near'), {
        id: 'NT-ARP-004',
        severity: 'critical',
        says: /2 hosts on eth0 claim to be pod\/near \(198[.\d]+\)/,
      }),
    );
    await client.node.attempt('ip', 'neigh', 'del', near.address, 'dev', 'cni0');
    await forget(client, near);
    expectSilence(await arp('pod/near'));
  });

  test('one host has two interfaces on the link, and answers by both', async () => {
    const SECOND = '198.18.1.243';
    const attach = [
      { make: `ip link add ntflux type veth peer name net1 netns ${near.pid}`, undo: 'ip link del ntflux' },
      { make: 'ip link set ntflux master cni0', undo: '' },
      { make: 'ip link set ntflux up', undo: '' },
    ];
    const own = [
      { make: `ip addr add ${SECOND}/24 dev net1`, undo: '' },
      { make: 'ip link set net1 up', undo: '' },
    ];
    const ask = () => arp('pod/near:8080', `${SECOND}:8080`);
    await withFault(client.node, attach, () =>
      withFault(near, own, () =>
        names(ask, {
          id: 'NT-ARP-004',
          severity: 'warning',
          says: /\S+ and \S+ on eth0 all answer for .*: it is one host with 2 interfaces on this link/,
        }),
      ),
    );
    await client.node.attempt('ip', 'neigh', 'del', near.address, 'dev', 'cni0');
    await forget(client, near);
    expectSilence(await arp('pod/near'));
  });

  test('IPv6 duplicate address detection fails', async () => {
    const steps = [
      {
        make: 'ip -6 addr add 2001:db8:99::1/64 dev eth0',
        undo: 'ip -6 addr del 2001:db8:99::1/64 dev eth0',
      },
    ];
    await withFault(near, steps, async () => {
      // The first one has to be sure of its address before the second one asks.
      await until(
        'the address of near',
        60,
        async () => !(await near.run('ip', '-6', 'addr')).includes('tentative') || 'tentative',
      );
      // The CNI plugin switches detection off where a bridge sends packets back to where they came from.
      const detect = {
        make: 'sysctl -qw net.ipv6.conf.eth0.accept_dad=1',
        undo: 'sysctl -qw net.ipv6.conf.eth0.accept_dad=0',
      };
      await withFault(client, [detect, ...steps], async () => {
        await until(
          'dadfailed',
          60,
          async () => (await client.run('ip', '-6', 'addr')).includes('dadfailed') || 'not yet',
        );
        await names(() => arp(), {
          id: 'NT-ARP-004',
          severity: 'critical',
          says: /The kernel does not use 2001:db8:99::1 on eth0: another host on the link has it/,
        });
      });
    });
    expectSilence(await arp());
  });
});

describe('NT-ARP-005', () => {
  test('a pod answers for addresses that are not its own', async () => {
    const steps = [
      { make: 'sysctl -qw net.ipv4.ip_forward=1', undo: 'sysctl -qw net.ipv4.ip_forward=0' },
      {
        make: 'sysctl -qw net.ipv4.conf.eth0.proxy_arp_pvlan=1',
        undo: 'sysctl -qw net.ipv4.conf.eth0.proxy_arp_pvlan=0',
      },
    ];
    const nobody = [241, 242, 243].map((n) => client.gateway.replace(/\d+$/, String(n)));
    // Its answers for those who are there come late (proxy_delay), but come: only the absent ones are looked at.
    const report = await withFault(near, steps, () => arp(...nobody));
    expectFirst(report, {
      id: 'NT-ARP-005',
      severity: 'warning',
      says: /[0-9a-f:]{17} on eth0 answers for \d+ addresses, .*198\.18\.1\.241/,
    });
    for (const address of nobody) await client.attempt('ip', 'neigh', 'del', address, 'dev', 'eth0');
    await client.run('ip', 'neigh', 'flush', 'dev', 'eth0');
    expectSilence(await arp());
  });
});

describe('what is no fault', () => {
  test('a node that answers for everybody (proxy ARP at the gateway)', async () => {
    const { node, veth } = client;
    const steps = [
      { make: `ip link set ${veth} nomaster`, undo: `ip link set ${veth} master cni0` },
      {
        make: `sysctl -qw net.ipv4.conf.${veth}.proxy_arp=1`,
        undo: `sysctl -qw net.ipv4.conf.${veth}.proxy_arp=0`,
      },
      {
        make: `ip route add ${client.address}/32 dev ${veth}`,
        undo: `ip route del ${client.address}/32 dev ${veth}`,
      },
    ];
    const link = [
      // As Calico has it: a /32, and a gateway on the link that nobody has.
      { make: 'ip addr flush dev eth0 scope global', undo: `ip addr add ${client.address}/24 dev eth0` },
      {
        make: `ip addr add ${client.address}/32 dev eth0`,
        undo: `ip addr del ${client.address}/32 dev eth0`,
      },
      { make: 'ip route add 169.254.1.1 dev eth0 scope link', undo: 'ip route del 169.254.1.1 dev eth0' },
      {
        make: 'ip route add default via 169.254.1.1',
        undo: `ip route replace default via ${client.gateway}`,
      },
    ];
    await withFault(node, steps, () =>
      withFault(client, link, async () => expectSilence(await arp('pod/near', 'pod/far'))),
    );
    await client.attempt('ip', 'route', 'replace', 'default', 'via', client.gateway);
    await client.attempt('ip', 'neigh', 'flush', 'dev', 'eth0');
    await until(
      'the way back',
      60,
      async () => (await client.attempt('ping', '-c1', '-W1', client.gateway)).code === 0 || 'no',
    );
    expectSilence(await arp('pod/near'));
  });

  test("a node's own namespace", async () => {
    await ns.start(hostPod('host', 'node1'));
    expectSilence(await checkReport('arp', ['host', '-n', ns.name, '--to', 'pod/far']));
  });

  test('an old FAILED entry that nobody needs', async () => {
    await client.attempt('ping', '-c1', '-W1', client.gateway.replace(/\d+$/, '249'));
    await until('FAILED', 60, async () => (await client.run('ip', 'neigh')).includes('FAILED') || 'not yet');
    expectSilence(await arp('pod/near'));
  });
});

describe('NT-ARP-007', () => {
  test('the API has one address for two pods', async () => {
    // Of a node that nobody runs, so that nobody says otherwise.
    await ns.apply(pod('twin', { spec: { nodeName: 'nobodys-node' } }));
    const status = {
      phase: 'Running',
      podIP: far.address,
      podIPs: [{ ip: far.address }],
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    await ns.kubectl(['patch', 'pod', 'twin', '--subresource=status', '-p', JSON.stringify({ status })]);
    expectFirst(await arp('pod/far'), {
      id: 'NT-ARP-007',
      severity: 'critical',
      says: new RegExp(
        `^${far.address} is the address of 2 pods: \\S+/(far|twin) on \\S+, \\S+/(far|twin) on \\S+\\.$`,
      ),
    });
    await ns.kubectl(['delete', 'pod', 'twin', '--force', '--grace-period=0']);
    expectSilence(await arp('pod/far'));
  });
});
