/** A connection that is lost at each place on its way, and the place that is named for it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { nodes } from '../cluster/paths.ts';
import { attempt, run, until } from '../cluster/proc.ts';
import { kubectl, pod, testNamespace } from '../e2e/support/cluster.ts';
import { withWrongChecksums } from './checksums.ts';
import { checkReport, expectFirst, expectSilence, note } from './named.ts';
import { type Netns, nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withStrictFilter } from './strict-filter.ts';
import { withTraffic } from './traffic.ts';

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

/** node2's own packets and everybody else's go on. */
const policyDrop = () => [
  { make: 'nft add table ip ntpath', undo: 'nft delete table ip ntpath' },
  {
    make: 'nft add chain ip ntpath c { type filter hook forward priority -10 ; policy drop ; }',
    undo: '',
  },
  { make: `nft add rule ip ntpath c ip daddr != ${server.address} accept`, undo: '' },
];

const OVERLAY = { device: 'ntpathvx', near: '198.18.250.1', far: '198.18.250.2' };

/** A tunnel between the nodes that the way to the server takes, one end after the other. */
function tunnel(own: string, other: string, address: string, peer: string): { make: string; undo: string }[] {
  const { device } = OVERLAY;
  return [
    {
      make: `ip link add ${device} type vxlan id 4343 local ${own} remote ${other} dstport 8472`,
      undo: `ip link del ${device}`,
    },
    { make: `ip addr add ${address}/30 dev ${device}`, undo: '' },
    { make: `ip link set ${device} up`, undo: '' },
    { make: `sysctl -qw net.ipv4.conf.${device}.rp_filter=0`, undo: '' },
    {
      make: `ip route add ${peer}/32 via ${address === OVERLAY.near ? OVERLAY.far : OVERLAY.near}`,
      undo: '',
    },
  ];
}

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
        says: /arrives at pod\/server, where port 8080 is open, .*; meanwhile \d+ TCP packets? (was|were) discarded there for a wrong checksum/,
      });
    });
  });

  test('by the reverse path filter of its node', async () => {
    await withStrictFilter(client, async () => {
      expectFirst(await firewall('pod/server:8080', '--deep'), {
        id: 'NT-PATH-002',
        severity: 'critical',
        says: /is lost in node\/node1 .*; meanwhile the reverse path filter there dropped \d+ packets?/,
      });
    });
  });

  describe('by the set of addresses of a policy', () => {
    const SET = 'KUBE-SRC-NTPATH';
    /** As an agent writes it: who is in the set passes, everybody else does not. */
    const enforced = (...members: readonly string[]) => [
      { make: 'nft add table ip ntpath', undo: 'nft delete table ip ntpath' },
      { make: `nft add set ip ntpath ${SET} { type ipv4_addr ; }`, undo: '' },
      { make: `nft add element ip ntpath ${SET} { ${members.join(', ')} }`, undo: '' },
      { make: 'nft add chain ip ntpath c { type filter hook forward priority -10 ; }', undo: '' },
      { make: `nft add rule ip ntpath c ${toServer()} ip saddr @${SET} accept`, undo: '' },
      { make: `nft add rule ip ntpath c ${toServer()} counter drop`, undo: '' },
    ];
    const GONE = '198.18.1.251';

    beforeAll(async () => {
      await ns.apply({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'peers' },
        spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] },
      });
    });
    afterAll(async () => {
      await ns.kubectl(['delete', 'networkpolicy', 'peers']);
    });

    test('that is behind: set, members and policy are named', async () => {
      await withFault(nodeNetns('node2'), enforced(near.address, GONE), async () => {
        expectFirst(await firewall('pod/server:8080', '--deep'), {
          id: 'NT-PATH-004',
          severity: 'critical',
          says: new RegExp(
            `is lost in node/node2 .*; NetworkPolicies allow it \\(${ns.name}/peers\\), and what lets it pass there asks for a set of addresses, table ip ntpath set ${SET}, which has 2 members \\(.*, 1 of them no pod of the target's namespace\\): the target's address ${client.address} is not in it, so the set is behind the API`,
          ),
        });
      });
    });

    test('that has the target, and another rule stops it: the set is not blamed', async () => {
      const steps = [
        ...enforced(near.address, client.address),
        { make: `nft insert rule ip ntpath c ${toServer()} counter drop`, undo: '' },
      ];
      await withFault(nodeNetns('node2'), steps, async () => {
        const report = await firewall('pod/server:8080', '--deep');
        expect(JSON.stringify(report)).not.toContain('is behind the API');
      });
    });

    test('that is right: nothing is said', async () => {
      await withFault(nodeNetns('node2'), enforced(near.address, client.address), async () => {
        expectSilence(await firewall('pod/server:8080', '--deep'));
      });
    });
  });

  test('by the policy of a chain, which counts nothing: the chain is named', async () => {
    await withFault(nodeNetns('node2'), policyDrop(), async () => {
      expectFirst(await firewall('pod/server:8080', '--deep'), {
        id: 'NT-PATH-004',
        severity: 'critical',
        says: /is lost in node\/node2 .*; table ip ntpath chain c: policy drop: it counts nothing, and no rule before it in its chain accepts TCP to/,
      });
    });
  });

  test("by a rule that stops the overlay's packets: it is named, whatever they carry", async () => {
    const [one, two] = ['node1', 'node2'].map((name) => nodes.find((node) => node.name === name)?.address);
    const there = tunnel(one ?? '', two ?? '', OVERLAY.near, server.address);
    const back = tunnel(two ?? '', one ?? '', OVERLAY.far, client.address);
    await withFault(nodeNetns('node1'), there, () =>
      withFault(nodeNetns('node2'), back, async () => {
        const healthy = await firewall('pod/server:8080', '--deep');
        expectSilence(healthy);
        await withFault(nodeNetns('node2'), drop('ip', 'input', 'udp dport 8472'), async () => {
          expectFirst(await firewall('pod/server:8080', '--deep'), {
            id: 'NT-PATH-003',
            severity: 'critical',
            says: /between node\/node1 and node\/node2 .*; a rule there counted \d+ packets, to the port of an overlay, meanwhile: table ip ntpath chain c: udp dport 8472/,
          });
        });
      }),
    );
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

  test("by the destination's own kernel, whose accept queue is full", async () => {
    const deaf = [
      'perl',
      '-MIO::Socket::INET',
      '-e',
      'my $socket = IO::Socket::INET->new(LocalPort => 7000, Listen => 1, ReuseAddr => 1) or die; sleep 600',
    ];
    const open = ['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/7000 4<>/dev/tcp/127.0.0.1/7000; sleep 600'];
    await withTraffic(server, deaf, async () => {
      await until('a listener', 60, async () => /:7000 /.test(await server.run('ss', '-ltnH')) || 'not yet');
      // Two connections fit in, and are never accepted.
      await withTraffic(server, open, async () => {
        await until(
          'a full queue',
          60,
          async () => /LISTEN 2 +1 .*:7000/.test(await server.run('ss', '-ltnH')) || 'not yet',
        );
        expectFirst(await firewall('pod/server:7000', '--both-ends'), {
          id: 'NT-PATH-005',
          severity: 'critical',
          says: /arrives at pod\/server, where 2 connections wait in a queue of 1, and no answer leaves it .*; meanwhile an accept queue there was full \d+ times, and what came was dropped/,
        });
      });
    });
  });

  test('where the destination gets no answer of its own neighbour, which is named', async () => {
    const deafToArp = [
      { make: 'nft add table arp ntpath', undo: 'nft delete table arp ntpath' },
      { make: 'nft add chain arp ntpath c { type filter hook input priority 0 ; }', undo: '' },
      { make: 'nft add rule arp ntpath c drop', undo: 'ip neigh flush all' },
      { make: 'ip neigh flush all', undo: '' },
    ];
    await withFault(server, deafToArp, async () => {
      expectFirst(await firewall('pod/server:8080', '--both-ends'), {
        id: 'NT-PATH-005',
        severity: 'critical',
        says: /no answer leaves it .*; pod\/server asked for the gateway \S+ on the way to \S+ on eth0, and nothing answers \((?:FAILED|INCOMPLETE)\)/,
      });
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

describe("a destination's own sockets", () => {
  /** Accepts at most fifty connections a second, with a queue of 4. */
  const slow = [
    'perl',
    '-MIO::Socket::INET',
    '-e',
    'my $s = IO::Socket::INET->new(LocalPort => 7000, Listen => 4, ReuseAddr => 1) or die; my @c; while (my $c = $s->accept) { push @c, $c; shift @c if @c > 500; select undef, undef, undef, 0.02 }',
  ];
  /** So many connections at the same moment, again and again: what finds the queue full tries again a second later. */
  const bursts = (count: number) => [
    'perl',
    '-MIO::Socket::INET',
    '-e',
    'while (1) { my @s = map { IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => 7000, Blocking => 0) } 1..$ARGV[1]; select undef, undef, undef, 1.5 }',
    server.address,
    String(count),
  ];
  const sleeper = [
    'perl',
    '-MIO::Socket::INET',
    '-e',
    'my $s = IO::Socket::INET->new(Proto => "udp", LocalPort => 7001) or die; sleep 600',
  ];
  const reader = [
    'perl',
    '-MIO::Socket::INET',
    '-e',
    'my $s = IO::Socket::INET->new(Proto => "udp", LocalPort => 7001) or die; 1 while defined $s->recv(my $b, 2000)',
  ];
  const datagrams = () => [
    'bash',
    '-c',
    'while printf %1000s x >/dev/udp/$0/7001; do sleep 0.005; done 2>/dev/null',
    server.address,
  ];
  const listens = (filter: string, port: number): Promise<void> =>
    until(
      `port ${port}`,
      60,
      async () => (await server.run('ss', filter)).includes(`:${port} `) || 'nobody listens',
    );

  test('whose accept queue is full now and then, though connections pass', async () => {
    await withTraffic(server, slow, async () => {
      await listens('-ltnH', 7000);
      // As many as fit in are no fault. First, since what the others leave behind is tried again for seconds.
      await withTraffic(client, bursts(2), async () => {
        expectSilence(await firewall('pod/server:7000', '--both-ends'));
      });
      await withTraffic(client, bursts(30), async () => {
        await until('an overflow', 60, async () => {
          const full = await server.run('nstat', '-az', 'TcpExtListenOverflows');
          return !/TcpExtListenOverflows\s+0\s/.test(full) || full;
        });
        expectFirst(await firewall('pod/server:7000', '--both-ends'), {
          id: 'NT-PATH-009',
          severity: 'warning',
          says: /the accept queue of port 7000 at pod\/server overflowed and dropped \d+ connection attempts during the run, while \d+ connections were accepted there\.$/,
        });
        // Of another port of the same pod it says nothing.
        expectSilence(await firewall('pod/server:8080', '--both-ends'));
      });
    });
  });

  test('whose receive buffer is full: datagrams are lost there', async () => {
    await withTraffic(server, sleeper, async () => {
      await listens('-lunH', 7001);
      await withTraffic(client, datagrams(), async () => {
        await until('a full buffer', 60, async () => {
          const lost = await server.run('nstat', '-az', 'UdpRcvbufErrors');
          return !/UdpRcvbufErrors\s+0\s/.test(lost) || lost;
        });
        expectFirst(await firewall('pod/server:7001/udp', '--both-ends'), {
          id: 'NT-PATH-010',
          severity: 'warning',
          says: /\d+ datagrams to UDP port 7001 did not fit into the receive buffer at pod\/server during the run, while \d+ were read there\.$/,
        });
      });
    });
    await withTraffic(server, reader, async () => {
      await listens('-lunH', 7001);
      await withTraffic(client, datagrams(), async () => {
        expectSilence(await firewall('pod/server:7001/udp', '--both-ends'));
      });
    });
  });
});

test('nothing is said of connections that come through, and no node pod is left', async () => {
  for (const to of ['pod/server:8080', 'pod/near:8080']) {
    const report = await firewall(to, '--deep');
    expectSilence(report);
    expect(report.verdict).toBe('pass');
    expect(JSON.stringify(report.checks.find((c) => c.id === 'path')?.measurements)).not.toMatch(
      /"packets":(0|null)/,
    );
  }
  const pods = await kubectl(['get', 'pods', '-n', ns.name, '-o', 'name']);
  expect(pods.trim().split('\n').sort()).toEqual(['pod/client', 'pod/near', 'pod/server']);
});

describe('a connection that is refused', () => {
  test('by the destination: what listens there is named, and nothing on the way is blamed', async () => {
    expectFirst(await firewall('pod/server:9', '--both-ends'), {
      id: 'NT-PATH-007',
      severity: 'critical',
      says: /^pod\/server:9 \([^)]*:9\) refuses the connection itself .*: nothing listens on port 9 there, but on 8080\b/,
    });
  });

  test("in the destination's name, on its node: the rule there is named", async () => {
    const reject = drop('ip', 'forward', toServer()).map(({ make, undo }) => ({
      make: make.replace('counter drop', 'counter reject with tcp reset'),
      undo,
    }));
    await withFault(nodeNetns('node2'), reject, async () => {
      const report = await firewall('pod/server:8080', '--deep');
      expectFirst(report, {
        id: 'NT-PATH-004',
        severity: 'critical',
        says: /does not answer itself: the probe never arrives there, it is lost in node\/node2, and what comes back .* is made on the way in its name, and seen first at node\/node2; .*; a rule there counted \d+ packets meanwhile: .*reject with tcp reset/,
      });
      expect(report.checks.find(({ id }) => id === 'path')?.status).toBe('fail');
    });
  });
});

test("NT-PATH-008: the source's node puts its own address in the place of the pod's", async () => {
  const masquerade = [
    { make: 'nft add table ip ntsnat', undo: 'nft delete table ip ntsnat' },
    { make: 'nft add chain ip ntsnat c { type nat hook postrouting priority 90 ; }', undo: '' },
    {
      make: `nft add rule ip ntsnat c ip saddr ${client.address} ip daddr ${server.address} masquerade`,
      undo: '',
    },
  ];
  // As a policy that allows the pod is enforced.
  const enforced = drop(
    'ip',
    'forward',
    `ip daddr ${server.address} ip saddr != ${client.address} tcp dport 8080`,
  );
  const says = new RegExp(
    `^The probe to pod/server:8080 .* leaves with ${client.address} and is seen with 198\\.51\\.100\\.11 at node/node1`,
  );
  await withFault(nodeNetns('node2'), enforced, async () => {
    expectSilence(await firewall('pod/server:8080', '--deep'));
    await withFault(nodeNetns('node1'), masquerade, async () => {
      const report = await firewall('pod/server:8080', '--deep');
      const found = report.checks.flatMap(({ findings }) => findings).find(({ id }) => id === 'NT-PATH-008');
      expect(found).toMatchObject({ severity: 'warning', summary: expect.stringMatching(says) });
      if (found) note(report, found);
      const lost = report.checks.flatMap(({ findings }) => findings).find(({ id }) => id === 'NT-PATH-004');
      expect(lost?.summary).toMatch(/a rule there counted \d+ packets meanwhile/);
    });
  });
  await withFault(nodeNetns('node1'), masquerade, async () => {
    const report = await firewall('pod/server:8080', '--deep');
    expectSilence(report);
    expect(report.checks.flatMap(({ findings }) => findings).map(({ id }) => id)).toContain('NT-PATH-008');
  });
});
