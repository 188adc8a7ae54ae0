/** Runs of every check, recorded where there is a recording, to be judged whole and with part of their evidence gone. */
import { readdirSync } from 'node:fs';
import { planPath } from '../../../src/checks/path/plan.ts';
import { CHECKS, type CheckId } from '../../../src/checks/registry.ts';
import type { Check, Judgement } from '../../../src/model/check.ts';
import type { Evidence, ProbeResult } from '../../../src/model/evidence.ts';
import {
  bundleRecording,
  bundlesDir,
  recording,
  recordingsDir,
  runRecording,
} from '../../recordings/recordings.ts';
import { evidenceOf, inputOf } from './dns/facts.ts';
import { lan } from './docker/build.ts';
import { watchText } from './drops/watch.ts';
import { destination, evidence, result } from './results.ts';

/** One run of one check. */
export interface Case {
  readonly name: string;
  readonly check: CheckId;
  readonly input: unknown;
  readonly evidence: Evidence;
}

export function judgeCase({ check, input, evidence: seen }: Case): Judgement {
  return (CHECKS[check] as Check<unknown>).judge(seen, input);
}

function named(check: CheckId, name: string, input: unknown, seen: Evidence): Case {
  return { name: `${check}: ${name}`, check, input, evidence: seen };
}

const files = (folder: string, pattern: RegExp): string[] =>
  readdirSync(folder).flatMap((file) => pattern.exec(file)?.[1] ?? []);

const stdout = (name: string): string => recording(name).stdout;

const bundles = files(bundlesDir, /^(.*)\.json$/).flatMap((name) =>
  bundleRecording(name).bundle.checks.map((one) => named(one.id as CheckId, name, one.input, one.evidence)),
);

const latency = files(recordingsDir, /^run-(.*)\.json$/).map((name) => {
  const { input, evidence: seen } = runRecording(name);
  return named('latency', name, input, seen);
});

/** With the servers that the probe asked, which are its own in some of them. */
function resolvConfOf(name: string): string {
  const asked = stdout(`dns-${name}`).matchAll(/^query server (\S+) /gm);
  const servers = new Set(Array.from(asked, ([, server = '']) => server));
  const search = 'search nettools-rec-dns.svc.cluster.local svc.cluster.local cluster.local';
  return `${[...servers].map((server) => `nameserver ${server}\n`).join('')}${search}\noptions ndots:5\n`;
}

const dns = files(recordingsDir, /^dns-(.*)\.json$/).map((name) =>
  named('dns', name, inputOf(name), evidenceOf(name, resolvConfOf(name))),
);

const mtu = [
  ['full', 'path-mtu-full', 'tcp-transfer-done'],
  ['black hole', 'path-mtu-black-hole', 'tcp-transfer-stalled'],
  ['announced', 'path-mtu-announced', 'tcp-transfer-done'],
].map(([name = '', search = '', transfer = '']) =>
  named(
    'mtu',
    name,
    { destinations: [destination({ inCluster: true })], transfer: true },
    evidence({ 'to0-path-mtu': result(stdout(search)), 'to0-transfer': result(stdout(transfer)) }),
  ),
);

const tls = ['tls-good', 'tls-other-name', 'tls-plain-http'].map((name) =>
  named(
    'tls',
    name,
    {
      servers: [{ destination: destination(), sni: 'shop.example.com', names: ['shop.example.com'] }],
      starttls: '',
      expireDays: 14,
    },
    evidence({ 'to0-tls': result(stdout(name)) }),
  ),
);

/** Of a server of gRPC. */
const protocols = ['h2', 'none'].map((taken) =>
  named(
    'tls',
    `ALPN: ${taken}`,
    {
      servers: [
        {
          destination: destination(),
          sni: 'shop.example.com',
          names: ['shop.example.com'],
          http2: 'DEST begins with grpcs://',
        },
      ],
      starttls: '',
      expireDays: 14,
    },
    evidence({ 'to0-tls': result(stdout('tls-good').replace(/^verify /m, `alpn ${taken}\nverify `)) }),
  ),
);

const throughput = [1e6, 1e15].map((bitsPerSecond) =>
  named(
    'throughput',
    `of ${bitsPerSecond}`,
    {
      destinations: [destination()],
      durationMs: 1000,
      reverse: false,
      share: 0.5,
      expected: { bitsPerSecond, by: '--expect' },
    },
    evidence({ 'to0-iperf': result(stdout('iperf-limited')), 'to0-link': result(stdout('link-speed-veth')) }),
  ),
);

/** Counters of a node that tracks connections; @param failed how many could not be inserted in the run */
function conntrackRun(name: string, failed: number, isStale: boolean): Case {
  const counters = (n: number): Omit<ProbeResult, 'id'> =>
    result(`cpu=0   found=3 invalid=1 insert=0 insert_failed=${n} drop=${n} early_drop=0\n`);
  const udp = (timeout: number): Omit<ProbeResult, 'id'> =>
    result(
      `udp      17 ${timeout} src=198.18.1.9 dst=198.19.255.200 sport=4000 dport=514 src=${isStale ? '198.18.1.66' : '198.18.1.7'} dst=198.18.1.9 sport=514 dport=4000 mark=0 use=1\n`,
    );
  return named(
    'conntrack',
    name,
    {
      watchMs: 3000,
      isNode: true,
      criticalShare: 0.95,
      services: [
        {
          name: 'logs',
          namespace: 'default',
          addresses: ['198.19.255.200'],
          ports: [{ protocol: 'udp', port: 514 }],
          endpoints: ['198.18.1.7'],
        },
      ],
    },
    evidence({
      status: result(stdout('proc-status-netadmin')),
      'fill-before': result('10\n1000\n'),
      'fill-after': result('11\n1000\n'),
      'stats-before': counters(3),
      'stats-after': counters(3 + failed),
      'proc-before': result(stdout('conntrack-proc-clash')),
      'proc-after': result(stdout('conntrack-proc-clash')),
      'udp-before': udp(100),
      'udp-after': udp(118),
      'tcp-before': result(''),
      'tcp-after': result(''),
    }),
  );
}

const HOST_RULES = stdout('docker-host-rules');
const BRIDGE = /-s 198\.18\.144\.0\/24 ! -o (br-\w+)/.exec(HOST_RULES)?.[1] ?? '';

function dockerRun(name: string, forwards: 0 | 1, reach: string): Case {
  const routes = [
    { dst: 'default', gateway: '198.51.100.1', dev: 'eth0' },
    { dst: '198.18.144.0/24', dev: BRIDGE, scope: 'link' },
  ];
  return named(
    'docker',
    name,
    {
      container: 'web',
      mode: 'lan',
      networks: [lan],
      published: [
        { port: 8080, protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 18080 },
        // The recorded rules lead nothing of UDP.
        ...(forwards === 1
          ? []
          : [{ port: 5060, protocol: 'udp' as const, hostAddress: '0.0.0.0', hostPort: 15060 }]),
      ],
      peers: [],
      others: [],
      destinations: [destination({ label: '203.0.113.9:80', host: '203.0.113.9', port: '80' })],
      proxies: [
        {
          protocol: 'tcp',
          hostAddress: '0.0.0.0',
          hostPort: 18080,
          containerAddress: '198.18.144.2',
          containerPort: 8080,
        },
      ],
    },
    evidence({
      'resolv-conf': result('nameserver 127.0.0.11\n'),
      'to0-reach': result(
        `address 203.0.113.9\nroute 203.0.113.9 via 198.18.144.1 dev eth0 src 198.18.144.2 uid 0\ntry 400000\n${reach}`,
        { command: ['reach', 'tcp', '203.0.113.9', '80'], durationMs: 4000 },
      ),
      ...Object.fromEntries(
        ['before', 'after'].flatMap((when) => [
          [`host-iptables-${when}`, result(HOST_RULES)],
          [`host-legacy-${when}`, result('')],
          [`host-nft-${when}`, result('{"nftables":[]}')],
          [`host-datagrams-${when}`, result('')],
        ]),
      ),
      'host-addresses': result(stdout('docker-host-addresses')),
      'host-routes': result(JSON.stringify(routes)),
      'host-listeners': result(stdout('docker-host-listeners')),
      'host-forwarding': result(
        ['all', BRIDGE]
          .map((device) => `/proc/sys/net/ipv4/conf/${device}/forwarding:${forwards}\n`)
          .join(''),
      ),
    }),
  );
}

const SYN = 'IP 198.51.100.1.4000 > 198.51.100.7.80: Flags [S], seq 1000, win 1, length 0\n';
const SYN_ACK = 'IP 198.51.100.7.80 > 198.51.100.1.4000: Flags [S.], seq 9, ack 1001, win 1, length 0\n';

const SOCKETS_OF_P2 = Object.fromEntries(
  ['before', 'after'].flatMap((when) => [
    [`p2-counters-${when}`, result('Tcp: PassiveOpens\nTcp: 1\nUdp: RcvbufErrors\nUdp: 1\n')],
    [
      `p2-drops-${when}`,
      result(
        'tcp LISTEN 0 128 0.0.0.0:80 0.0.0.0:*\n\t skmem:(r0,d0)\nudp UNCONN 0 0 0.0.0.0:53 0.0.0.0:*\n\t skmem:(r0,d0)\n',
      ),
    ],
  ]),
);

/** What the sockets of a pod drop, to which datagrams are sent. */
function datagramRun(): Case {
  const to = destination({ label: 'pod/db:53/udp', host: '198.51.100.7', port: '53', protocol: 'udp' });
  const input = {
    places: [{ id: 'p2', label: 'pod/db', isTarget: false }],
    routes: [{ destination: to, places: [{ id: 'p2', role: 'destination' as const }] }],
  };
  return named('path', 'datagrams', input, evidence(SOCKETS_OF_P2));
}

/** A probe from one pod to another, @param isLost on the way back */
function pathRun(name: string, isLost: boolean): Case {
  const route = {
    destination: destination({ label: 'pod/db', host: '198.51.100.7', port: '80' }),
    places: [
      { id: 'p0', role: 'source' as const },
      { id: 'p1', role: 'node' as const },
      { id: 'p2', role: 'destination' as const },
    ],
  };
  const input = {
    places: [
      { id: 'p0', label: 'pod/web', isTarget: true },
      { id: 'p1', label: 'node/n1', node: 'n1', isTarget: false },
      { id: 'p2', label: 'pod/db', isTarget: false },
    ],
    routes: [route],
  };
  const [probe] = planPath(input, {} as never).probe;
  const heard = { status: 'timeout', code: 124, stderr: 'tcpdump: listening on any\n' } as const;
  return named(
    'path',
    name,
    input,
    evidence({
      [probe?.id ?? '']: result(`address 198.51.100.7\ntry 400000\n${isLost ? '' : 'ok 200\n'}`, {
        command: ['reach', 'tcp', '198.51.100.7', '80'],
        status: isLost ? 'timeout' : 'exited',
        durationMs: 4000,
      }),
      'p0-seen': result(`1.1 eth0  Out ${SYN}${isLost ? '' : `1.9 eth0  In ${SYN_ACK}`}`, heard),
      'p1-seen': result(
        `1.2 veth1  In ${SYN}1.3 veth2  Out ${SYN}1.6 veth2  In ${SYN_ACK}${isLost ? '' : `1.7 veth1  Out ${SYN_ACK}`}`,
        heard,
      ),
      'p2-seen': result(`1.4 eth0  In ${SYN}1.5 eth0  Out ${SYN_ACK}`, heard),
      'p2-listeners': result('tcp LISTEN 0 128 0.0.0.0:80 0.0.0.0:*\n'),
      ...SOCKETS_OF_P2,
    }),
  );
}

/** One source of a matrix, with a destination of two families. @param isLost nothing comes back by IPv6 */
function matrixRun(name: string, isLost: boolean): Case {
  const input = {
    goals: [
      {
        destination: 1,
        addresses: [
          { family: 4 as const, host: '198.51.100.7' },
          { family: 6 as const, host: '2001:db8::7' },
        ],
        tcpPort: '80',
        udpPort: '9',
        isVirtual: false,
      },
    ],
    asksDns: true,
  };
  const probes = (id: string, address: string, lost: boolean): Record<string, Omit<ProbeResult, 'id'>> => {
    const echoes = Array.from(
      { length: lost ? 0 : 10 },
      (_, i) => `64 bytes from ${address}: icmp_seq=${i + 1} ttl=63 time=0.${i + 1} ms\n`,
    );
    const received = lost ? 0 : 10;
    return {
      [`${id}-icmp`]: result(
        `${echoes.join('')}\n10 packets transmitted, ${received} received, 0% packet loss, time 9ms\n`,
        {
          command: ['ping', address],
          code: lost ? 1 : 0,
        },
      ),
      [`${id}-full`]: result(
        lost ? `address ${address}\nbytes 84 sent 2 received 0\nno-answer\n` : stdout('path-mtu-full'),
        { command: ['path-mtu', address] },
      ),
      [`${id}-tcp`]: result(
        `address ${address}\ntry\n${lost ? 'given up: Connection timed out\nfailed 3500000' : 'ok 300'}\n`,
        { command: ['tcp-connect', address, '80'] },
      ),
      [`${id}-udp-reach`]: result(
        `address ${address}\ntry 400000\n${lost ? 'silent 1050000\ntry 1500000\nsilent 1050000' : 'reach: read error: Connection refused\nfailed 200'}\n`,
        { command: ['reach', 'udp', address, '9'] },
      ),
    };
  };
  return named(
    'matrix',
    name,
    input,
    evidence({
      ...probes('d1v4', '198.51.100.7', false),
      ...probes('d1v6', '2001:db8::7', isLost),
      'own-dns-reach': result('address 198.19.0.10\ntry 400000\nanswered 300\n', {
        command: ['reach', 'udp', 'dns'],
      }),
      'own-service': result('address 198.19.0.1\ntry\nok 300\n', { command: ['tcp-connect', 'apiserver'] }),
    }),
  );
}

/** Watches of drops. @param reason of the only one */
const drops = ['QUEUE_PURGE', 'IP_RPFILTER'].map((reason) =>
  named(
    'drops',
    reason,
    { durationMs: 30_000, scope: 'machine', isHost: true, root: '', peers: [], own: [], names: {} },
    evidence({
      drops: result(watchText([{ reason }]), { command: ['nettools-drops', '--for', '30'] }),
      namespaces: result('root\t\nown\t4026531833\nhost\t4026531833\ndone\n', { command: ['netns-list'] }),
    }),
  ),
);

/** A request that an Ingress leads to a Service; @param status that it is answered with */
function gatewayRun(name: string, status: number): Case {
  const url = 'http://shop.example.com/';
  const by = {
    object: { kind: 'Ingress', namespace: 'default', name: 'web' },
    rule: 'host shop.example.com, path / (Prefix)',
  };
  const backend = {
    namespace: 'default',
    name: 'shop',
    port: '80',
    of: 1,
    ready: 1,
    endpoints: [{ address: '192.0.2.5', port: 8080 }],
  };
  return named(
    'gateway',
    name,
    {
      requests: [
        {
          destination: destination({ label: url, url, port: '80' }),
          host: 'shop.example.com',
          path: '/',
          fronts: [
            {
              name: 'Ingresses of class nginx',
              addresses: ['192.0.2.9'],
              namesHost: true,
              troubles: [],
              by,
              backend,
            },
          ],
        },
      ],
      denied: [],
    },
    evidence({
      'to0-http': result(`${status} 0.001 0.000000 0.002 0.002 192.0.2.9\n`, { command: ['curl', url] }),
      'to0-backend0-reach': result(
        status === 200
          ? 'address 192.0.2.5\ntry 1\nok 300\n'
          : 'address 192.0.2.5\ntry 1\nenvironment: connect: Connection refused\nfailed 211\n',
        { command: ['reach', 'tcp', '192.0.2.5', '8080'] },
      ),
    }),
  );
}

/** A server that speaks first, and an interface besides the one that is used. */
function greetingRun(name: string, greeting: string, ways: string): Case {
  return named(
    'firewall',
    name,
    {
      destinations: [destination({ label: 'db:3306', host: '192.0.2.9', port: '3306' })],
      policies: {
        policies: [],
        self: { namespace: '', name: '', labels: {}, ports: [], hostNetwork: false },
        pods: {},
        services: [],
        unread: [],
      },
      greets: { to0: { protocol: 'MySQL' } },
      uplinks: {},
    },
    evidence({
      'to0-reach': result('address 192.0.2.9\ntry 1\nok 300\n', {
        command: ['reach', 'tcp', '192.0.2.9', '3306'],
      }),
      'to0-greeting': result(`address 192.0.2.9\nok 200\n${greeting}`),
      'to0-ways': result(`address 192.0.2.9\n${ways}`),
      'icmp-errors': result('', { stderr: 'listening on any\n0 packets captured\n' }),
    }),
  );
}

/** What the flags of latency say that nobody typed. */
const LATENCY_THRESHOLDS = {
  ...{ rttFactor: 3, rttFloorMs: 10, lossWarning: 0.01, lossCritical: 0.05, retransmitWarning: 0.01 },
  ...{ retransmitCritical: 0.05, bufferbloatFactor: 5, slowServerMs: 1000 },
};

/** A connection that is left at rest after a request. */
function restingRun(name: string, end: string): Case {
  const url = 'http://192.0.2.9/';
  return named(
    'latency',
    name,
    {
      destinations: [destination({ url, port: '80' })],
      count: 1,
      intervalMs: 50,
      thresholds: LATENCY_THRESHOLDS,
      restMs: 5000,
    },
    evidence({
      'to0-tcp': result('address 192.0.2.9\ntry 400000\nok 1200\n'),
      'to0-http': result('\n200 0.0001 0 0.0005 0.0006 192.0.2.9 \n1.1 175 3 \ntimeout=2\n'),
      'to0-rest': result(`address 192.0.2.9\nconnected\nstatus 1.1 200\n${end}`),
    }),
  );
}

/** A server of gRPC without TLS. */
function plainGrpcRun(name: string, answer: string): Case {
  return named(
    'latency',
    name,
    {
      destinations: [destination({ port: '80', grpc: 'plain' })],
      count: 1,
      intervalMs: 50,
      thresholds: LATENCY_THRESHOLDS,
      http2: { to0: 'DEST begins with grpc://' },
    },
    evidence({
      'to0-tcp': result('address 192.0.2.9\ntry 400000\nok 1200\n'),
      'to0-http2': result(`address 192.0.2.9\nconnected\n${answer}`),
    }),
  );
}

/** At least one run of each check that passes, and one that finds something. */
export const CASES: readonly Case[] = [
  ...bundles,
  ...latency,
  ...dns,
  ...mtu,
  ...tls,
  ...protocols,
  ...throughput,
  ...drops,
  matrixRun('healthy', false),
  matrixRun('without IPv6', true),
  conntrackRun('healthy', 0, false),
  conntrackRun('clashes', 5, false),
  conntrackRun('stale', 0, true),
  dockerRun('healthy', 1, 'ok 200\n'),
  dockerRun('no forwarding', 0, ''),
  pathRun('healthy', false),
  pathRun('lost', true),
  datagramRun(),
  greetingRun('a server that greets', 'first 400\n', ''),
  greetingRun(
    'a server that is late',
    'first 5000000\n',
    'other net1 default dev net1\nwon eth0 default dev eth0\nplain answers\n',
  ),
  restingRun('a server that keeps connections', 'kept 5000000\n'),
  restingRun('a server that ends connections', 'ended 2000000\n'),
  plainGrpcRun('a server of gRPC', 'other\n'),
  plainGrpcRun('a server of HTTP/1', 'http1 HTTP/1.1 400 Bad Request\n'),
  gatewayRun('healthy', 200),
  gatewayRun('nobody listens', 502),
];
