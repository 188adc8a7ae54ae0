/** What the kernel says of a loss: with --deep the finding has the reason, the place and, of netfilter, the rule. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding, Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { pod, testNamespace } from '../e2e/support/cluster.ts';
import { dropping } from './bpf-programs.ts';
import { checkReport, expectFirst, expectSilence, note } from './named.ts';
import { type Netns, nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withStrictFilter } from './strict-filter.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-deep');
let client: PodNetns;
let server: PodNetns;

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('server', { spec: { nodeName: 'node2' } }),
  );
  [client, server] = await Promise.all([podNetns(ns.name, 'client'), podNetns(ns.name, 'server')]);
});

const diagnose = (to: string): Promise<Report> =>
  checkReport('diagnose', ['client', '-n', ns.name, '--to', to, '--deep']);

type Steps = readonly { make: string; undo: string }[];

interface Case {
  readonly at: string;
  readonly where: () => Netns;
  readonly steps: () => Steps;
  readonly id: string;
  readonly says: RegExp;
}

const iptables = (tool: string, table: string, chain: string, match: string): Steps => [
  {
    make: `${tool} -t ${table} -I ${chain} ${match} -j DROP`,
    undo: `${tool} -t ${table} -D ${chain} ${match} -j DROP`,
  },
];
const nft = (family: string, hook: string, priority: number, words: string): Steps => [
  { make: `nft add table ${family} ntdeep`, undo: `nft delete table ${family} ntdeep` },
  { make: `nft add chain ${family} ntdeep c { type filter hook ${hook} priority ${priority} ; }`, undo: '' },
  { make: `nft add rule ${family} ntdeep c ${words}`, undo: '' },
];
const there = (): string => `-s ${client.address}/32 -d ${server.address}/32 -p tcp --dport 8080`;
const toServer = (): string => `ip daddr ${server.address} tcp dport 8080`;

const HOST1 = "on node1 in the host's network";
const HOST2 = "on node2 in the host's network";
const IN_SERVER = 'on node2 in the network of pod/server';
/** @param rule how the rule begins */
const netfilter = (place: string, rule: string): RegExp =>
  new RegExp(
    `; \\d+ packets? (was|were) dropped ${place} by a rule of netfilter \\(NETFILTER_DROP in \\w+\\); .*${rule}`,
  );
const other = (place: string, words: string, reason: string): RegExp =>
  new RegExp(`; \\d+ packets? (was|were) dropped ${place} ${words} \\(${reason} in \\w+\\)`);

const CASES: readonly Case[] = [
  {
    at: 'iptables-nft in FORWARD of the far node',
    where: () => nodeNetns('node2'),
    steps: () => iptables('iptables-nft', 'filter', 'FORWARD', there()),
    id: 'NT-PATH-004',
    says: netfilter(HOST2, 'a rule there counted \\d+ packets meanwhile: -t filter -A FORWARD .* -j DROP'),
  },
  {
    at: 'iptables-nft in PREROUTING of the far node',
    where: () => nodeNetns('node2'),
    steps: () => iptables('iptables-nft', 'raw', 'PREROUTING', there()),
    id: 'NT-PATH-004',
    says: netfilter(HOST2, 'a rule there counted \\d+ packets meanwhile: -t raw -A PREROUTING .* -j DROP'),
  },
  {
    at: 'nft in forward of the near node, which counts nothing',
    where: () => nodeNetns('node1'),
    steps: () => nft('ip', 'forward', -10, `${toServer()} drop`),
    id: 'NT-PATH-002',
    says: netfilter(HOST1, 'table ip ntdeep chain c: .*drop.*: it counts nothing'),
  },
  {
    at: 'a rule that asks for more than is known of the packet',
    where: () => nodeNetns('node2'),
    steps: () => nft('ip', 'forward', -10, `${toServer()} ip ttl < 200 drop`),
    id: 'NT-PATH-004',
    says: netfilter(HOST2, 'which rule that is could not be told: no rule that fits counted'),
  },
  {
    at: 'INPUT of the destination',
    where: () => server,
    steps: () => iptables('iptables-legacy', 'filter', 'INPUT', '-p tcp --dport 8080'),
    id: 'NT-PATH-005',
    says: netfilter(IN_SERVER, 'a rule there counted \\d+ packets meanwhile: -t filter -A INPUT .* -j DROP'),
  },
  {
    at: 'OUTPUT of the destination, where the answer is stopped',
    where: () => server,
    steps: () => nft('inet', 'output', -10, 'tcp sport 8080 counter drop'),
    id: 'NT-PATH-005',
    says: netfilter(IN_SERVER, 'chain c: .*drop|which rule'),
  },
  {
    at: 'a blackhole route on the near node',
    where: () => nodeNetns('node1'),
    steps: () => [
      { make: `ip route add blackhole ${server.address}`, undo: `ip route del blackhole ${server.address}` },
    ],
    id: 'NT-PATH-002',
    says: other(HOST1, 'because there is no route for them', 'NOT_SPECIFIED'),
  },
];

/** What follows from another finding, or says the same of it from further away. */
function expectBeneath(report: Report, id: string, causedBy: string | undefined, says: RegExp): void {
  const lost = findings(report).find((finding) => finding.id === id);
  expect(
    lost?.summary,
    findings(report)
      .map(({ summary }) => summary)
      .join('\n'),
  ).toMatch(says);
  if (causedBy !== undefined) expect(lost?.causedBy).toBe(causedBy);
  if (lost) note(report, lost);
}

const findings = (report: Report): Finding[] => report.checks.flatMap((check) => check.findings);

describe('a connection that is dropped', () => {
  test.each(CASES)('$at', async ({ where, steps, id, says }) => {
    await withFault(where(), steps(), async () => {
      expectFirst(await diagnose('pod/server:8080'), { id, severity: 'critical', says });
    });
  });

  test('for a neighbour that does not answer the far node', async () => {
    const node2 = nodeNetns('node2');
    const flush = `ip neigh flush to ${server.address}`;
    const deaf = [
      { make: 'nft add table arp ntdeep', undo: 'nft delete table arp ntdeep' },
      { make: 'nft add chain arp ntdeep c { type filter hook input priority 0 ; }', undo: '' },
      { make: 'nft add rule arp ntdeep c drop', undo: '' },
    ];
    await withFault(server, deaf, () =>
      withFault(node2, [{ make: flush, undo: flush }], async () => {
        const report = await diagnose('pod/server:8080');
        const words = 'because a neighbour does not answer \\(ARP, NDP\\)';
        expectBeneath(report, 'NT-PATH-004', 'NT-ARP-002', other(HOST2, words, 'NEIGH_FAILED'));
      }),
    );
  });

  test('by a BPF program at the interface of the destination', async () => {
    const [link] = JSON.parse(await server.run('ip', '-j', 'link', 'show', 'dev', 'eth0')) as [
      { ifindex: number },
    ];
    await withTraffic(server, dropping('xdp', link.ifindex), async () => {
      await until(
        'a program',
        60,
        async () => /xdp/.test(await server.run('ip', 'link', 'show', 'dev', 'eth0')) || 'none',
      );
      expectFirst(await diagnose('pod/server:8080'), {
        id: 'NT-PATH-004',
        severity: 'critical',
        says: other(IN_SERVER, 'by a program or filter \\(XDP, tc, cgroup, LSM\\)', '(?:XDP|NOT_SPECIFIED)'),
      });
    });
  });

  test('by reverse path filtering', async () => {
    await withStrictFilter(client, async () => {
      const report = await diagnose('pod/server:8080');
      expectBeneath(
        report,
        'NT-PATH-002',
        undefined,
        other(HOST1, 'by reverse path filtering', 'IP_RPFILTER'),
      );
    });
  });

  test("in the target's own OUTPUT: what never leaves has the reason too, beneath the rule", async () => {
    await withFault(client, nft('ip', 'output', -10, `${toServer()} counter drop`), async () => {
      const report = await diagnose('pod/server:8080');
      expectFirst(report, { id: 'NT-FW-005', severity: 'critical', says: /stops what the target sends/ });
      const says = netfilter('on node1 in the network of pod/client', 'counted');
      expectBeneath(report, 'NT-PATH-001', 'NT-FW-005', says);
    });
  });

  test('of datagrams too: they are not followed, and the kernel says where they end', async () => {
    await withFault(
      nodeNetns('node2'),
      nft('ip', 'forward', -10, `ip daddr ${server.address} udp dport 7002 drop`),
      async () => {
        expectFirst(await diagnose('pod/server:7002/udp'), {
          id: 'NT-DROP-001',
          severity: 'warning',
          says: new RegExp(
            `packets? to pod/server:7002.* dropped ${HOST2} by a rule of netfilter \\(NETFILTER_DROP in \\w+\\); by table ip ntdeep chain c: .* \\(it counts nothing\\)`,
          ),
        });
      },
    );
  });

  test('of datagrams that end at two places: each has its own count', async () => {
    const port = 'udp dport 7003';
    const half = nft('ip', 'forward', -10, `ip daddr ${server.address} ${port} numgen inc mod 2 0 drop`);
    const send = ['bash', '-c', 'while sleep 0.1; do echo x >/dev/udp/$0/7003; done', server.address];
    await withFault(nodeNetns('node2'), half, () =>
      withFault(server, nft('inet', 'input', -10, `${port} drop`), () =>
        withTraffic(client, send, async () => {
          const all = findings(await diagnose('pod/server:7003/udp')).filter(
            ({ id }) => id === 'NT-DROP-001',
          );
          const at = (place: string): number =>
            Number(
              all
                .map(({ summary }) => new RegExp(`^(\\d+) packets? .* dropped ${place} `).exec(summary)?.[1])
                .find(Boolean),
            );
          expect(at(HOST2), JSON.stringify(all.map(({ summary }) => summary))).toBeGreaterThan(3);
          // Every other one, give or take what was on its way as the watch began and ended.
          expect(Math.abs(at(HOST2) - at(IN_SERVER))).toBeLessThanOrEqual(3);
        }),
      ),
    );
  });

  test('by a receive buffer that is full', async () => {
    const sleeper = [
      ...['perl', '-MIO::Socket::INET', '-e'],
      'my $s = IO::Socket::INET->new(Proto => "udp", LocalPort => 7001) or die; sleep 600',
    ];
    const datagrams = [
      ...['bash', '-c', 'while printf %1000s x >/dev/udp/$0/7001; do sleep 0.005; done 2>/dev/null'],
      server.address,
    ];
    await withTraffic(server, sleeper, () =>
      withTraffic(client, datagrams, async () => {
        await until('a full buffer', 60, async () => {
          const lost = await server.run('nstat', '-az', 'UdpRcvbufErrors');
          return !/UdpRcvbufErrors\s+0\s/.test(lost) || lost;
        });
        expectFirst(await diagnose('pod/server:7001/udp'), {
          id: 'NT-PATH-010',
          severity: 'warning',
          says: /did not fit into the receive buffer at pod\/server during the run \(SOCKET_RCVBUFF in \w+\), while/,
        });
      }),
    );
  });

  test('because it is too big: the way is narrower than the link', async () => {
    const route = `${server.address}/32 via 198.51.100.12`;
    const narrow = [{ make: `ip route add ${route} mtu 1400`, undo: `ip route del ${route}` }];
    await withFault(nodeNetns('node1'), narrow, async () => {
      const report = await diagnose('pod/server:8080');
      const found = findings(report).find(({ id }) => id === 'NT-DROP-011');
      expect(
        found?.summary,
        findings(report)
          .map((f) => f.summary)
          .join('\n'),
      ).toMatch(
        new RegExp(`dropped ${HOST1} because they are too big for the link \\(PKT_TOO_BIG in \\w+\\)`),
      );
      if (found) note(report, found);
    });
  });
});

test('what another node drops is nothing of a flow that comes through', async () => {
  // More than a thousand a second.
  const flood = [
    'bash',
    '-c',
    'while sleep 0.05; do for i in {1..100}; do echo x >/dev/udp/198.18.2.1/4242; done; done',
  ];
  await withFault(nodeNetns('node2'), nft('inet', 'input', -10, 'udp dport 4242 drop'), () =>
    withTraffic('/run/netns/ntnode2', flood, async () => {
      const report = await diagnose('pod/server:8080');
      expectSilence(report);
      expect(findings(report).filter(({ id }) => id.startsWith('NT-DROP'))).toEqual([]);
      expect(JSON.stringify(findings(report))).not.toMatch(/reasons of drops/);
    }),
  );
});

test('a diagnosis of a node counts what its own network drops, and says nothing where it drops nothing of the kind', async () => {
  const node = nodeNetns('node1');
  const dropped = async (): Promise<Finding | undefined> =>
    findings(await checkReport('diagnose', ['node/node1', '-n', ns.name])).find(
      ({ id }) => id === 'NT-DROP-015',
    );
  // A sender that cannot be (RFC 1122, 3.2.1.3), and more of it than in one bad moment.
  const bad = nft(
    'ip',
    'prerouting',
    -300,
    `ip saddr ${client.address} udp dport 4245 ip saddr set 224.0.0.7`,
  );
  const send = ['bash', '-c', 'while sleep 0.02; do echo x >/dev/udp/$0/4245; done', client.gateway];
  await withTraffic(client, send, async () => {
    expect((await dropped())?.severity).not.toBe('warning');
    await withFault(node, bad, async () => {
      const found = await dropped();
      expect(found?.severity).toBe('warning');
      expect(found?.summary).toMatch(/dropped in the host's namespace .*\(IP_INVALID_SOURCE in \w+\)/);
    });
  });
});
