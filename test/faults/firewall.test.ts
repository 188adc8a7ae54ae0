/** Faults of the firewall check beyond the causes that discriminator.test.ts tells apart: who did it, and policies. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding, Report } from '../../src/model/report.ts';
import { until } from '../cluster/proc.ts';
import { app, helper, hostPod, kubectl, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, expectFirst, expectInfo, expectSilence, note } from './named.ts';
import { type Netns, nodeAddress, nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-firewall');
const firewall = (...to: string[]): Promise<Report> =>
  checkReport('firewall', ['client', '-n', ns.name, ...to.flatMap((one) => ['--to', one])]);

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

const toServer = (): string => `${server.address}:8080`;

function nft(hook: string, ...lines: string[]): { make: string; undo: string }[] {
  return [
    { make: 'nft add table ip ntfault', undo: 'nft delete table ip ntfault' },
    { make: `nft add chain ip ntfault c { type filter hook ${hook} priority -10 ; }`, undo: '' },
    ...lines.map((line) => ({ make: `nft add rule ip ntfault c ${line}`, undo: '' })),
  ];
}

function iptables(tool: 'iptables-nft' | 'iptables-legacy', rule: string): { make: string; undo: string }[] {
  return [{ make: `${tool} -A ${rule}`, undo: `${tool} -D ${rule}` }];
}

function others(report: Report): readonly Finding[] {
  return problems(report).slice(1);
}

describe('at an address of its own', () => {
  /** Without the rights to listen for ICMP errors and to read rules. */
  const ownPort = (...flags: string[]): Promise<Report> =>
    checkReport('firewall', ['client', '-n', ns.name, '--to', `${client.address}:8099`, ...flags]);
  const IMAGES: readonly [string, readonly string[]][] = [
    ["the project's image", []],
    ['another image', ['--image', 'localhost/alpine-like:1']],
  ];

  test.each(IMAGES)('a rule that rejects is told from a closed port, by %s', async (_name, image) => {
    const steps = iptables('iptables-nft', 'INPUT -p tcp --dport 8099 -j REJECT');
    const report = await withFault(client, steps, () => ownPort('--profile', 'restricted', ...image));
    expectFirst(report, { id: 'NT-FW-004', severity: 'critical', says: /:8099 is refused by a filter: / });
  });

  test.each(IMAGES)('ICMP errors about others make no rule of a closed port, by %s', async (_name, image) => {
    const others = `while :; do echo >/dev/udp/${client.address}/9; sleep 0.2; done 2>/dev/null`;
    const report = await withTraffic(client, ['bash', '--norc', '-c', others], () =>
      ownPort('--profile', 'restricted', ...image),
    );
    expectFirst(report, {
      id: 'NT-SOCK-001',
      severity: 'critical',
      says: /:8099 refuses the connection itself: nothing listens on the port there/,
    });
  });
});

describe('NT-FW-011', () => {
  /** Accepts, and ends each connection as a proxy does whose server refuses, or keeps them. */
  const server = (port: number, how: 'reset' | 'close' | 'keep'): string[] => [
    'perl',
    '-MIO::Socket::INET',
    '-MSocket',
    '-e',
    `my $s = IO::Socket::INET->new(LocalPort => ${port}, Listen => 9, ReuseAddr => 1) or die; my @kept;
     while (my $c = $s->accept) { if ("${how}" eq "keep") { push @kept, $c; next }
       setsockopt($c, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0)) if "${how}" eq "reset"; close $c }`,
  ];
  const asked = async (port: number, how: 'reset' | 'close' | 'keep'): Promise<Report> => {
    const where = await podNetns(ns.name, 'server');
    return withTraffic(where, server(port, how), async () => {
      await until(`port ${port}`, 60, async () => {
        const all = await where.run('ss', '-ltnH');
        return all.includes(`:${port} `) || 'nobody listens';
      });
      return firewall(`${where.address}:${port}`);
    });
  };

  test.each([
    ['reset', 8091, /takes the connection and resets it at once/],
    ['close', 8092, /takes the connection and closes it at once/],
  ] as const)('taken, and ended: %s', async (how, port, says) => {
    expectFirst(await asked(port, how), { id: 'NT-FW-011', severity: 'critical', says });
  });

  test('no fault: a server that waits for its client', async () => {
    expectSilence(await asked(8093, 'keep'));
  });
});

describe('NT-PROXY-001', () => {
  /** As istio-iptables makes them, but for the port of the proxy itself. */
  const istio = (tool: 'iptables-nft' | 'iptables-legacy') =>
    [
      ['-N NT_REDIRECT', '-X NT_REDIRECT'],
      ['-N NT_OUTPUT', '-X NT_OUTPUT'],
      ['-A NT_REDIRECT -p tcp -j REDIRECT --to-ports 15001', '-F NT_REDIRECT'],
      ['-A NT_OUTPUT -d 127.0.0.0/8 -j RETURN', '-F NT_OUTPUT'],
      ['-A NT_OUTPUT -j NT_REDIRECT', ''],
      ['-A OUTPUT -p tcp -j NT_OUTPUT', '-D OUTPUT -p tcp -j NT_OUTPUT'],
    ].map(([make, undo]) => ({
      make: `${tool} -t nat ${make}`,
      undo: undo === '' ? '' : `${tool} -t nat ${undo}`,
    }));
  const ofNft = [
    { make: 'nft add table ip mesh', undo: 'nft delete table ip mesh' },
    { make: 'nft add chain ip mesh o { type nat hook output priority -100 ; }', undo: '' },
    {
      make: 'nft add rule ip mesh o tcp dport != 53 ip daddr != 127.0.0.0/8 counter redirect to :15001',
      undo: '',
    },
  ];
  /** No rule counts, and the proxy's own user is exempt. */
  const uncounted = [
    ...ofNft.slice(0, 2),
    { make: 'nft add rule ip mesh o meta skuid 1337 return', undo: '' },
    { make: 'nft add rule ip mesh o ip daddr 127.0.0.0/8 return', undo: '' },
    { make: 'nft add rule ip mesh o tcp dport != 53 redirect to :15001', undo: '' },
  ];
  const RULES = [
    ['nft', ofNft, /table ip mesh chain o: .* redirect to :15001/],
    ['nft without a counter', uncounted, /table ip mesh chain o: .* redirect to :15001/],
    ['iptables-nft', istio('iptables-nft'), /-t nat -A NT_REDIRECT -p tcp -j REDIRECT --to-ports 15001/],
    [
      'iptables-legacy',
      istio('iptables-legacy'),
      /-t nat -A NT_REDIRECT -p tcp -j REDIRECT --to-ports 15001/,
    ],
  ] as const;
  const meshed = (check: string, to: string) => checkReport(check, ['meshed', '-n', ns.name, '--to', to]);

  let netns: PodNetns;
  beforeAll(async () => {
    await ns.start(pod('meshed', { spec: { nodeName: 'node1' }, containers: [app, helper] }));
    netns = await podNetns(ns.name, 'meshed');
  });

  test.each(RULES)('nobody listens where %s leads to', async (_name, steps, rule) => {
    const report = await withFault(netns, steps, () => meshed('firewall', toServer()));
    const first = expectFirst(report, {
      id: 'NT-PROXY-001',
      severity: 'critical',
      says: /was not reached: a rule of the target leads the connection to its own port 15001, where it is refused/,
    });
    expect(first.summary).toMatch(rule);
  });

  test('a proxy answers for everybody: that is no measurement of the destination', async () => {
    const listen =
      'nohup socat TCP-LISTEN:15001,fork,reuseaddr SYSTEM:"sleep 5" </dev/null >/dev/null 2>&1 &';
    await ns.help('meshed', 'bash', '-c', listen);
    await until('the proxy listens', 60, async () => {
      const listening = await ns.help('meshed', 'ss', '-tlnH');
      return listening.includes(':15001 ') || listening;
    });
    const own = `${netns.address}:8080`;
    for (const [to, steps] of [
      [toServer(), istio('iptables-nft')],
      ['198.18.77.7:5432', istio('iptables-nft')],
      [toServer(), uncounted],
      [own, uncounted],
    ] as const) {
      const report = await withFault(netns, steps, () => meshed('firewall', to));
      expectSilence(report);
      expectInfo(
        report,
        'NT-PROXY-001',
        /was not measured: .*port 15001, and what answers is the proxy there/,
      );
      expect(report.verdict).toBe('unknown');
      expect(report.checks[0]?.summary).toMatch(/only the target's own port 15001 answered/);
    }
    // Its twin has no such rule, or one that exempts the destination; of itself it needs none.
    expect((await withFault(netns, istio('iptables-nft'), () => meshed('firewall', own))).verdict).toBe(
      'pass',
    );
    const plain = await meshed('firewall', toServer());
    expectSilence(plain);
    expect(plain.verdict).toBe('pass');
    const exempt = [
      ...istio('iptables-nft'),
      { make: `iptables-nft -t nat -I NT_OUTPUT 1 -d ${server.address}/32 -j RETURN`, undo: '' },
    ];
    expect((await withFault(netns, exempt, () => meshed('firewall', toServer()))).verdict).toBe('pass');
  });
});

describe('NT-PROXY-002', () => {
  const behind = (name: string, ...env: { name: string; value: string }[]) =>
    pod(name, { spec: { nodeName: 'node1' }, containers: [{ ...app, env }] });
  const proxy = { name: 'HTTP_PROXY', value: 'http://user:secret@198.18.99.1:3128' };

  test('HTTP clients go by a proxy to a pod of the cluster', async () => {
    await ns.start(
      behind('proxied', proxy),
      behind('excepted', proxy, { name: 'NO_PROXY', value: 'localhost,.svc,198.18.0.0/15' }),
    );
    const from = (name: string) => checkReport('firewall', [name, '-n', ns.name, '--to', 'pod/server:8080']);
    const report = await from('proxied');
    expectSilence(report);
    expectInfo(
      report,
      'NT-PROXY-002',
      /^Container app has HTTP_PROXY=http:\/\/198\.18\.99\.1:3128, and its NO_PROXY is not set for pod\/server:8080/,
    );
    expect(JSON.stringify(report)).not.toContain('secret');
    expect((await from('excepted')).checks[0]?.findings).toEqual([]);
  });
});

describe('NT-FW-005', () => {
  interface Case {
    readonly title: string;
    readonly steps: () => readonly { make: string; undo: string }[];
    readonly says: RegExp;
    readonly remedy: RegExp;
    /** What follows from it. */
    readonly effect: string | undefined;
  }
  const CASES: readonly Case[] = [
    {
      title: 'a rule of iptables-nft on the way out',
      steps: () => iptables('iptables-nft', 'OUTPUT -p tcp --dport 8080 -j DROP'),
      says: /A rule of iptables \(nft\) stops what the target sends .* counted [3-9] packets .*: -t filter -A OUTPUT -p tcp -m tcp --dport 8080 -j DROP\.$/,
      remedy: /iptables -t filter -D OUTPUT -p tcp -m tcp --dport 8080 -j DROP/,
      effect: 'NT-FW-002',
    },
    {
      title: 'a rule of iptables-legacy on the way out',
      steps: () => iptables('iptables-legacy', 'OUTPUT -p tcp --dport 8080 -j DROP'),
      says: /A rule of iptables \(legacy\) stops what the target sends/,
      remedy: /iptables-legacy -t filter -D OUTPUT/,
      effect: 'NT-FW-002',
    },
    {
      title: 'a rule of nft takes the answers',
      steps: () => nft('input', 'tcp sport 8080 counter drop'),
      says: /A rule of nftables stops the answers .*: table ip ntfault chain c: tcp sport 8080 counter packets \d+ drop/,
      remedy: /nft delete rule ip ntfault c handle \d+/,
      effect: 'NT-FW-001',
    },
    {
      title: 'a rule of iptables-legacy takes the answers',
      steps: () => iptables('iptables-legacy', 'INPUT -p tcp --sport 8080 -j DROP'),
      says: /A rule of iptables \(legacy\) stops the answers/,
      remedy: /iptables-legacy -t filter -D INPUT/,
      effect: 'NT-FW-001',
    },
    {
      title: 'a rule rejects with a reset',
      steps: () => nft('output', 'tcp dport 8080 counter reject with tcp reset'),
      says: /A rule of nftables stops what the target sends .*"Connection refused"\): .* reject with tcp reset/,
      remedy: /nft delete rule/,
      effect: undefined,
    },
    {
      title: 'a rule rejects with ICMP',
      steps: () => iptables('iptables-nft', 'OUTPUT -p tcp --dport 8080 -j REJECT'),
      says: /A rule of iptables \(nft\) stops what the target sends/,
      remedy: /-D OUTPUT/,
      effect: 'NT-FW-004',
    },
  ];

  test.each(CASES)('$title', async ({ steps, says, remedy, effect }) => {
    const report = await withFault(client, steps(), () => firewall(toServer()));
    const first = expectFirst(report, { id: 'NT-FW-005', severity: 'critical', says });
    expect(first.remediation).toMatch(remedy);
    expect(others(report).map((f) => [f.id, f.causedBy])).toEqual(
      effect === undefined ? [] : [[effect, 'NT-FW-005']],
    );
  });

  test('a rule that is hit by others, but not by the probe, is not named', async () => {
    const steps = [
      ...nft('output', 'udp dport 9 counter drop'),
      { make: 'nft add rule ip ntfault c tcp dport 8080 drop', undo: '' },
    ];
    const noise = ['bash', '-c', `while sleep 0.2; do echo >/dev/udp/${server.address}/9; done 2>/dev/null`];
    const report = await withFault(client, steps, () =>
      withTraffic(client, noise, () => firewall(toServer())),
    );
    expectFirst(report, { id: 'NT-FW-002', severity: 'critical', says: /tcp dport 8080 drop/ });
    expect(others(report)).toEqual([]);
  });

  test('a policy that others come to, but not the answers, is not named', async () => {
    const steps = [
      { make: 'iptables-nft -P INPUT DROP', undo: 'iptables-nft -P INPUT ACCEPT' },
      {
        make: 'iptables-nft -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        undo: 'iptables-nft -F INPUT',
      },
    ];
    const noise = ['bash', '-c', `while sleep 0.2; do echo >/dev/udp/${client.address}/9; done 2>/dev/null`];
    const report = await withFault(server, nft('input', 'tcp dport 8080 drop'), () =>
      withFault(client, steps, () => withTraffic(server, noise, () => firewall(toServer()))),
    );
    expectFirst(report, { id: 'NT-FW-001', severity: 'critical', says: /was silent/ });
    expect(others(report)).toEqual([]);
  });

  test('a rule here rejects, and counts nothing', async () => {
    const report = await withFault(client, nft('output', 'tcp dport 8080 reject with tcp reset'), () =>
      firewall(toServer()),
    );
    const first = expectFirst(report, {
      id: 'NT-FW-002',
      severity: 'critical',
      says: /is rejected in its own network namespace: .*this rule fits .*: tcp dport 8080 reject with tcp reset/,
    });
    expect(first.remediation).toMatch(
      new RegExp(`\nkubectl nettools run client -n ${ns.name} -- nft delete rule ip ntfault c handle \\d+$`),
    );
    expect(others(report)).toEqual([]);
  });

  test('the policy of a chain', async () => {
    const steps = [
      { make: 'iptables-nft -P INPUT DROP', undo: 'iptables-nft -P INPUT ACCEPT' },
      { make: 'iptables-nft -A INPUT -i lo -j ACCEPT', undo: 'iptables-nft -F INPUT' },
    ];
    const report = await withFault(client, steps, () => firewall(toServer()));
    expectFirst(report, {
      id: 'NT-FW-005',
      severity: 'critical',
      says: /stops the answers .*: -t filter -P INPUT DROP\.$/,
    });
  });
});

describe('NT-FW-007', () => {
  test('both kinds of rules', async () => {
    const steps = [
      ...iptables('iptables-legacy', 'INPUT -p tcp --dport 9 -j DROP'),
      ...iptables('iptables-nft', 'INPUT -p tcp --dport 9 -j DROP'),
    ];
    const report = await withFault(client, steps, () => firewall(toServer()));
    expectFirst(report, {
      id: 'NT-FW-007',
      severity: 'warning',
      says: /has 1 rule of legacy iptables and 1 of nftables/,
    });
    const alone = await withFault(client, steps.slice(0, 1), () => firewall(toServer()));
    expectSilence(alone);
  });
});

describe('NT-FW-008', () => {
  test('connection tracking forgets connections, and a rule resets them', async () => {
    const steps = [
      ...nft('output', 'tcp flags & rst == 0 ct state invalid counter reject with tcp reset'),
      {
        make: 'sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0',
        undo: 'sysctl -qw net.netfilter.nf_conntrack_tcp_loose=1',
      },
    ];
    // A connection that lasts, and is opened again whenever it dies; meanwhile its entry goes away.
    const busy = [
      'bash',
      '-c',
      `while :; do
         exec 3<>/dev/tcp/${server.address}/7100 || exit
         while printf 'X-Wait: 1\\r\\n' >&3; do sleep 0.1; done
       done 2>/dev/null &
       while sleep 0.7; do conntrack -F >/dev/null 2>&1; done`,
    ];
    // A server that takes whatever comes; the sample application answers and hangs up.
    const sink = ['socat', '-u', 'TCP-LISTEN:7100,fork,reuseaddr', 'OPEN:/dev/null'];
    const report = await withTraffic(server, sink, async () => {
      await until(
        'the server listens',
        60,
        async () => (await server.run('ss', '-ltnH')).includes(':7100 ') || 'not yet',
      );
      return withFault(client, steps, () =>
        withTraffic(client, busy, () => firewall(`${server.address}:7100`)),
      );
    });
    const found = problems(report).find((f) => f.id === 'NT-FW-008');
    expect(found?.summary).toMatch(
      /called \d+ packets invalid, and \d+ established connections? (was|were) reset/,
    );
    if (found) note(report, found);
    expectSilence(await firewall(toServer()));
  });
});

describe('NT-FW-009', () => {
  test('no rule here counted what was dropped elsewhere', async () => {
    const report = await withFault(server, nft('input', 'tcp dport 8080 drop'), () => firewall(toServer()));
    expectFirst(report, { id: 'NT-FW-001', severity: 'critical', says: /was silent/ });
    expectInfo(
      report,
      'NT-FW-009',
      /No netfilter rule of the target's own network namespace counted the packets/,
    );
  });
});

describe('NetworkPolicies', () => {
  const policy = (name: string, spec: object): Manifest => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name },
    spec,
  });
  const DENY_INGRESS = policy('deny-ingress', {
    podSelector: { matchLabels: { app: 'server' } },
    policyTypes: ['Ingress'],
  });
  const ALLOW_CLIENT = policy('allow-client', {
    podSelector: { matchLabels: { app: 'server' } },
    ingress: [
      {
        from: [{ podSelector: { matchLabels: { app: 'client' } } }],
        ports: [{ protocol: 'TCP', port: 'http' }],
      },
    ],
  });
  const EGRESS = policy('egress-elsewhere', {
    podSelector: {},
    policyTypes: ['Egress'],
    egress: [{ to: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }],
  });

  async function withPolicies<T>(policies: readonly Manifest[], work: () => Promise<T>): Promise<T> {
    try {
      await ns.apply(...policies);
      return await work();
    } finally {
      await ns.kubectl(['delete', 'networkpolicy', '--all']);
    }
  }
  /** What a plugin that enforces policies does on the destination's node. */
  const enforced = (): { make: string; undo: string }[] =>
    nft('forward', `ip saddr ${client.address} ip daddr ${server.address} drop`);
  const onServerNode = (): Netns => server.node;

  test('denied, and dropped', async () => {
    await withPolicies([DENY_INGRESS], async () => {
      const report = await withFault(onServerNode(), enforced(), () => firewall('pod/server'));
      const first = expectFirst(report, {
        id: 'NT-FW-006',
        severity: 'critical',
        says: new RegExp(
          `deny pod/server .*\\(ingress: ${ns.name}/deny-ingress\\), and the probe agrees: no answer`,
        ),
      });
      expect(first.remediation).toMatch(/ingress of .*deny-ingress.*port: 8080/);
      expect(others(report).map((f) => [f.id, f.causedBy])).toEqual([['NT-FW-001', 'NT-FW-006']]);
    });
  });

  test('denied on both sides', async () => {
    await withPolicies([DENY_INGRESS, EGRESS], async () => {
      const report = await withFault(onServerNode(), enforced(), () => firewall(toServer()));
      expectFirst(report, {
        id: 'NT-FW-006',
        severity: 'critical',
        says: /egress: [^)]*egress-elsewhere; ingress: [^)]*deny-ingress/,
      });
    });
  });

  test('allowed, and dropped all the same', async () => {
    await withPolicies([DENY_INGRESS, ALLOW_CLIENT], async () => {
      const report = await withFault(onServerNode(), enforced(), () => firewall('pod/server'));
      expectFirst(report, {
        id: 'NT-FW-001',
        severity: 'critical',
        says: /the NetworkPolicies allow it \([^)]*allow-client\), as long as it arrives from an address of the target/,
      });
    });
  });

  test('denied, and not enforced', async () => {
    await withPolicies([EGRESS], async () => {
      const report = await firewall('pod/server');
      expectFirst(report, {
        id: 'NT-FW-010',
        severity: 'warning',
        says: /deny pod\/server .*egress-elsewhere.*but the probe got through \(connected\): they are not enforced/,
      });
      expect(report.verdict).toBe('warn');
    });
  });

  test('allowed, and open: silent', async () => {
    await withPolicies([DENY_INGRESS, ALLOW_CLIENT], async () => {
      const report = await firewall('pod/server');
      expectSilence(report);
      expect(report.checks[0]?.summary).toMatch(/the NetworkPolicies allow it/);
    });
  });

  test('a Service is looked through, by its address too', async () => {
    const service: Manifest = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'server' },
      spec: { selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8080 }] },
    };
    await ns.apply(service);
    await proxied(ns, 'server', 1);
    const address = await ns.kubectl(['get', 'service', 'server', '-o', 'jsonpath={.spec.clusterIP}']);
    await withPolicies([DENY_INGRESS], async () => {
      const report = await firewall('svc/server', `${address}:80`, `server.${ns.name}:80`);
      const found = problems(report).filter((f) => f.id === 'NT-FW-010');
      expect(found.map((f) => f.subject)).toEqual(['svc/server', `${address}:80`, `server.${ns.name}:80`]);
    });
    await ns.kubectl(['delete', 'service', 'server']);
  });

  test("the API server's cluster IP is allowed, and its address behind it denied", async () => {
    const cidr = (one: string) => ({ to: [{ ipBlock: { cidr: one } }] });
    const egress = (...rules: object[]) =>
      policy('to-api', { podSelector: {}, policyTypes: ['Egress'], egress: rules });
    const steps = nft('forward', `ip saddr ${client.address} ip daddr 198.51.100.1 tcp dport 16443 drop`);
    const spellings = ['kubernetes.default.svc:443', '198.19.0.1:443', 'svc/kubernetes.default'];
    await withPolicies([egress({ ...cidr('198.19.0.1/32'), ports: [{ port: 443 }] })], async () => {
      for (const to of spellings) {
        const report = await withFault(client.node, steps, () => firewall(to));
        const first = expectFirst(report, {
          id: 'NT-FW-006',
          severity: 'critical',
          says: /They allow 198\.19\.0\.1:443, the Service's own address, and policies see where it leads: 198\.51\.100\.1:16443\./,
        });
        expect(first.remediation).toContain('198.51.100.1:16443 is not a pod: an ipBlock');
      }
    });
    await withPolicies([egress(cidr('198.51.100.1/32'))], async () => {
      for (const to of spellings) expectSilence(await firewall(to));
    });
  });

  test('a policy that names the port of the Service', async () => {
    const service: Manifest = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'named' },
      spec: { selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8080 }] },
    };
    await ns.apply(service);
    await proxied(ns, 'named', 1);
    const port = (number: number) =>
      policy('port', {
        podSelector: { matchLabels: { app: 'server' } },
        ingress: [{ ports: [{ port: number }] }],
      });
    await withPolicies([port(80)], async () => {
      expectFirst(await withFault(onServerNode(), enforced(), () => firewall('svc/named')), {
        id: 'NT-FW-006',
        severity: 'critical',
        says: /They allow port 80, the Service's own, and policies see the one that it leads to: 8080\./,
      });
    });
    await withPolicies([port(8080)], async () => expectSilence(await firewall('svc/named')));
    await ns.kubectl(['delete', 'service', 'named']);
  });

  test('an ipBlock lets in pods and nodes by their addresses, a selector no node', async () => {
    const from = (peer: object) =>
      policy('from', { podSelector: { matchLabels: { app: 'server' } }, ingress: [{ from: [peer] }] });
    await ns.start(hostPod('from-node', 'node1'));
    const asNode = () => checkReport('firewall', ['from-node', '-n', ns.name, '--to', 'pod/server']);
    for (const [cidr, work] of [
      ['198.18.0.0/16', () => firewall('pod/server')],
      ['198.51.100.0/24', asNode],
    ] as const) {
      await withPolicies([from({ ipBlock: { cidr } })], async () => {
        const report = await work();
        expectSilence(report);
        expect(report.checks[0]?.summary).toMatch(/the NetworkPolicies allow it \([^)]*from\)/);
      });
    }
    const byNode = nft('forward', `ip saddr 198.51.100.11 ip daddr ${server.address} drop`);
    await withPolicies([from({ namespaceSelector: {} })], async () => {
      expectFirst(await withFault(onServerNode(), byNode, asNode), {
        id: 'NT-FW-006',
        severity: 'critical',
        says: /The target is in its node's network: selectors of pods and namespaces do not match it, an ipBlock/,
      });
    });
  });

  test('who may not read policies is told so, and nothing is guessed', async () => {
    await withPolicies([DENY_INGRESS], async () => {
      const report = await checkReport('firewall', [
        'deploy/web',
        '-n',
        'default',
        '--to',
        'svc/web',
        '--as',
        'system:serviceaccount:default:nettools-user',
      ]);
      expectSilence(report);
      const infos = report.checks[0]?.findings.map((f) => f.summary).join('\n');
      expect(infos).toMatch(
        /NetworkPolicies of namespace default: you may not read NetworkPolicies in default/,
      );
    });
  });
});

describe("a pod in its node's network", () => {
  const host = (...to: string[]): Promise<Report> =>
    checkReport('firewall', ['host', '-n', ns.name, ...to.flatMap((one) => ['--to', one])]);

  beforeAll(() => ns.start(hostPod('host', 'node1')));

  test('the rule of the node that stops it is named among all that the node has', async () => {
    const report = await withFault(
      client.node,
      nft('output', `ip daddr ${server.address} tcp dport 8080 counter drop`),
      () => host(toServer()),
    );
    expectFirst(report, {
      id: 'NT-FW-005',
      severity: 'critical',
      says: /A rule of nftables stops what the target sends .*: table ip ntfault chain c: .*tcp dport 8080 counter packets \d+ drop/,
    });
    expect(others(report).map((f) => [f.id, f.causedBy])).toEqual([['NT-FW-002', 'NT-FW-005']]);
  });

  test('what is rejected further on is told with its sender', async () => {
    const report = await withFault(
      server.node,
      nft('forward', `ip daddr ${server.address} tcp dport 8080 reject with icmp type admin-prohibited`),
      () => host(toServer()),
    );
    expectFirst(report, {
      id: 'NT-FW-003',
      severity: 'critical',
      says: /prohibited by the default gateway 198\.51\.100\.\d+|prohibited by .*198\.51\.100\.12/,
    });
  });

  test('no fault: silent', async () => {
    expectSilence(await host(toServer(), 'svc/web.default'));
  });
});

describe('healthy', () => {
  test('a refusal of a port that nobody asked for is an answer', async () => {
    await ns.start(pod('no-port', { containers: [{ ...app, ports: [], command: ['sleep', 'infinity'] }] }));
    const report = await firewall('pod/no-port');
    expectSilence(report);
    expect(report.verdict).toBe('pass');
    expect(report.checks[0]?.summary).toMatch(/packets get there and back \("Connection refused"/);
    const asked = await firewall('pod/no-port:80');
    expectFirst(asked, { id: 'NT-SOCK-001', severity: 'critical', says: /nothing listens on the port/ });
  });

  test('pods of all kinds are silent', async () => {
    const [web] = (await kubectl(['get', 'pods', '-n', 'default', '-l', 'app=web', '-o', 'name']))
      .trim()
      .split('\n');
    expectSilence(await checkReport('firewall', [web ?? '', '-n', 'default', '--to', 'svc/web']));
    expectSilence(await checkReport('firewall', ['locked', '-n', 'locked', '--to', toServer()]));
    expectSilence(await checkReport('firewall', ['baseline', '-n', 'baseline', '--to', toServer()]));
    expectSilence(
      await checkReport('firewall', [
        '-l',
        'k8s-app=kube-dns',
        '-n',
        'kube-system',
        '--to',
        'svc/kube-dns:53/udp',
      ]),
    );
  });
});

describe('NT-SOCK-007', () => {
  const of = (target: string): Promise<Report> =>
    checkReport('firewall', [target, '-n', ns.name, '--to', 'localhost:8080']);

  test('localhost is two addresses, and the program listens on IPv4 only', async () => {
    const onV4: Manifest = { ...app, command: ['httpd', '-f', '-p', '0.0.0.0:8080', '-h', '/tmp'] };
    await ns.start(pod('four', { containers: [onV4] }));
    const report = await of('four');
    const found = problems(report);
    expect(found.map(({ id }) => id)).toEqual(['NT-SOCK-007']);
    expect(found[0]?.summary).toMatch(
      /^localhost is 127\.0\.0\.1 and ::1 there: 127\.0\.0\.1:8080 takes connections, and \[::1\]:8080 refuses them/,
    );
    if (found[0]) note(report, found[0]);
  });

  test('no fault: the program listens on both', async () => {
    const onBoth: Manifest = { ...app, command: ['httpd', '-f', '-p', '[::]:8080', '-h', '/tmp'] };
    await ns.start(pod('both', { containers: [onBoth] }));
    expectSilence(await of('both'));
  });
});

describe('NT-PROXY-003', () => {
  test('a sidecar whose rules never came', async () => {
    const proxy = {
      ...app,
      name: 'istio-proxy',
      command: ['httpd', '-f', '-p', '15001', '-h', '/www'],
      ports: [],
    };
    await ns.start(pod('meshless', { spec: { nodeName: 'node1' }, containers: [app, proxy] }));
    const meshless = await podNetns(ns.name, 'meshless');
    const look = (): Promise<Report> =>
      checkReport('firewall', ['meshless', '-n', ns.name, '--to', toServer()]);
    expectFirst(await look(), {
      id: 'NT-PROXY-003',
      severity: 'warning',
      says: /^The pod has the proxy of a service mesh \(container istio-proxy\), and no rule in its network leads anything to it/,
    });
    // What comes in is led to it; what goes out, by a port that nobody asks for.
    const rules = [
      { make: 'nft add table ip mesh', undo: 'nft delete table ip mesh' },
      { make: 'nft add chain ip mesh o { type nat hook output priority -100 ; }', undo: '' },
      { make: 'nft add rule ip mesh o tcp dport 9 redirect to :15001', undo: '' },
    ];
    expectSilence(await withFault(meshless, rules, look));
  });

  test('is why a server that wants mutual TLS ends a plain request', async () => {
    const strict = { ...app, command: ['nc', '-ll', '-p', '9443', '-e', 'sh', '-c', 'read line'], ports: [] };
    await ns.start(pod('strict', { spec: { nodeName: 'node2' }, containers: [strict] }));
    const { status } = await ns.pod('strict');
    const report = await checkReport('diagnose', [
      ...['meshless', '-n', ns.name],
      ...['--to', `http://${status.podIP}:9443/`],
    ]);
    expectFirst(report, { id: 'NT-PROXY-003', severity: 'warning', says: /passes the proxy by\.$/ });
    expect(problems(report)).toContainEqual(
      expect.objectContaining({ id: 'NT-HTTP-001', causedBy: 'NT-PROXY-003' }),
    );
  });
});

describe("a cloud's metadata service", () => {
  const METADATA = '169.254.169.254';

  test('answers of which live for one hop', async () => {
    const httpd = { ...app, command: ['httpd', '-f', '-p', '18254', '-h', '/www'], ports: [] };
    await ns.start(pod('metadata', { containers: [httpd], spec: { nodeName: 'node2', hostNetwork: true } }));
    const [one, two] = [nodeNetns('node1'), nodeNetns('node2')];
    const hops = (ttl: number) => [
      { make: 'nft add table ip nthops', undo: 'nft delete table ip nthops' },
      { make: 'nft add chain ip nthops c { type filter hook output priority 0 ; }', undo: '' },
      { make: `nft add rule ip nthops c ip saddr ${METADATA} ip ttl set ${ttl}`, undo: '' },
    ];
    const address = [
      { make: `ip addr add ${METADATA}/32 dev lo`, undo: `ip addr del ${METADATA}/32 dev lo` },
    ];
    const route = `${METADATA}/32 via ${nodeAddress('node2')}`;
    await withFault(two, address, () =>
      withFault(one, [{ make: `ip route add ${route}`, undo: `ip route del ${route}` }], async () => {
        const look = (): Promise<Report> => firewall(`${METADATA}:18254`);
        expectFirst(await withFault(two, hops(1), look), {
          id: 'NT-FW-001',
          severity: 'critical',
          says: /it is the address of a cloud's metadata service, whose answers may live for one hop only/,
        });
        expectSilence(await withFault(two, hops(2), look));
      }),
    );
  });
});

describe('NT-SVC-014', () => {
  test.each([
    ['are gone', 'gone'],
    ['of a pod before it come first', 'before'],
  ] as const)('a hostPort whose rules %s', async (_title, kind) => {
    const port = kind === 'gone' ? 18127 : 18128;
    const name = `stat-${kind}`;
    const stat = { ...app, ports: [{ containerPort: 8080, hostPort: port }] };
    await ns.start(pod(name, { spec: { nodeName: 'node1' }, containers: [stat] }));
    const one = nodeNetns('node1');
    const look = (): Promise<Report> => firewall(`${nodeAddress('node1')}:${port}`);
    expectSilence(await look());
    const saved = (await one.run('iptables-save', '-t', 'nat')).split('\n');
    const words = saved
      .find(
        (line) => line.startsWith('-A CNI-DN-') && line.includes(`--dport ${port} `) && line.includes('DNAT'),
      )
      ?.replace('-A ', '')
      .trim();
    if (words === undefined) throw new Error('portmap has written no rule');
    const chain = words.split(' ')[0];
    const steps = {
      gone: [{ make: `iptables -t nat -D ${words}`, undo: `iptables -t nat -A ${words}` }],
      before: [
        {
          make: `iptables -t nat -I ${chain} 1 -p tcp --dport ${port} -j DNAT --to-destination 198.18.1.250:8080`,
          undo: `iptables -t nat -D ${chain} 1`,
        },
      ],
    }[kind];
    expectFirst(await withFault(one, steps, look), {
      id: 'NT-SVC-014',
      severity: 'critical',
      says: new RegExp(
        `is the hostPort of pod ${ns.name}/${name} on node1, and does not lead there .* while the pod itself answers at 198`,
      ),
    });
    expectSilence(await look());
  });
});
