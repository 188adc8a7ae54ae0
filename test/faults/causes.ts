/** Every row of the table that tells causes apart: how each is made in real namespaces, and what has to be said of it. */
import type { Finding, Report } from '../../src/model/report.ts';
import type { Expected } from './named.ts';
import type { Netns, PodNetns } from './pod-netns.ts';

/** Two pods of the sample application, on nodes 1 and 2. */
export interface Pods {
  readonly client: PodNetns;
  readonly server: PodNetns;
}

/** One cause. */
export interface Row {
  /** Of its recording. */
  readonly name: string;
  readonly cause: string;
  readonly to: (pods: Pods) => string;
  readonly expected: Expected;
  /** What connecting came to, as "connect() says" in the table. */
  readonly seen: RegExp;
  /** What decided, among the lines that the first finding quotes. */
  readonly evidence: RegExp;
  /** What `measurements` calls it. */
  readonly kind: string;
  readonly where?: (pods: Pods) => Netns;
  readonly steps?: (pods: Pods) => readonly { make: string; undo: string }[];
  /** What can be said without any capability, where it differs; `false`: it is not tried. */
  readonly restricted?: { readonly expected: Expected; readonly kind: string } | false;
  /** What leads where the API is asked as well, which a recording does not have. */
  readonly inCluster?: Expected;
}

/** Nobody has these: on the client's own link, and on the server's. */
export const ABSENT_HERE = '198.18.1.250';
const ABSENT_THERE = '198.18.2.250';
/** A documentation range, which the client's node is told to have no route to. */
const UNROUTED = '203.0.113.9';

/** Rules in a table of their own. */
export function rules(
  hook: 'output' | 'input' | 'forward',
  ...lines: string[]
): { make: string; undo: string }[] {
  return [
    { make: 'nft add table ip ntfault', undo: 'nft delete table ip ntfault' },
    { make: `nft add chain ip ntfault c { type filter hook ${hook} priority -10 ; }`, undo: '' },
    ...lines.map((line) => ({ make: `nft add rule ip ntfault c ${line}`, undo: '' })),
  ];
}

export const toServer = ({ server }: Pods): string => `${server.address}:8080`;
const inClient = ({ client }: Pods): Netns => client;
const onClientNode = ({ client }: Pods): Netns => client.node;
const inServer = ({ server }: Pods): Netns => server;
const critical = (id: string, says: RegExp): Expected => ({ id, severity: 'critical', says });

/** Longer than the 3 s after which a silent neighbour becomes an error; a busy machine sees the end of the wait late. */
const SILENT = /^no answer within [3-9]\.\d s$/;
/** The kernel sent it again and could. */
const SENT_AND_LOST =
  /SYN-SENT[\s\S]*TCPSynRetrans \d+ before, \d+ after\n.*TCPRetransFail (\d+) before, \1 after/;

/** A counter in a quotation that is larger after the probe. */
const grew = (name: string): string => `${name} (\\d+) before, (?!\\1 )\\d+ after`;

/** What one run made of its only destination, in the table's terms. */
export function seenIn(report: Report): { readonly kind: unknown; readonly seen: unknown } {
  const destinations = report.checks[0]?.measurements['destinations'];
  const [first] = (destinations ?? []) as readonly { readonly cause: string; readonly seen: string }[];
  return { kind: first?.cause, seen: first?.seen };
}

/** All that a finding quotes. */
export function quoted({ evidence }: Finding): string {
  return evidence.map(({ excerpt }) => excerpt).join('\n');
}

export const ROWS: readonly Row[] = [
  {
    name: 'remote-drop',
    cause: 'remote DROP',
    to: toServer,
    seen: SILENT,
    evidence: SENT_AND_LOST,
    kind: 'dropped',
    expected: critical('NT-FW-001', /was silent: no answer within [3-9]\.\d s, and nobody sent an error;/),
    where: inServer,
    steps: () => rules('input', 'tcp dport 8080 drop'),
    restricted: {
      kind: 'dropped',
      expected: critical('NT-FW-001', /was silent: .*, and nobody sent an error that could be seen/),
    },
  },
  {
    name: 'node-drop',
    cause: 'DROP on the node between',
    to: toServer,
    seen: SILENT,
    evidence: SENT_AND_LOST,
    kind: 'dropped',
    expected: critical('NT-FW-001', /was silent/),
    where: onClientNode,
    steps: ({ client }) => rules('forward', `ip saddr ${client.address} tcp dport 8080 drop`),
    restricted: false,
  },
  {
    name: 'local-drop-tcp',
    cause: 'local OUTPUT DROP, TCP',
    to: toServer,
    seen: SILENT,
    evidence: new RegExp(grew('TCPRetransFail')),
    kind: 'dropped-here',
    expected: critical(
      'NT-FW-002',
      /dropped in its own network namespace: none of \d retransmissions could be sent; this rule fits and counts nothing: .*tcp dport 8080 drop/,
    ),
    where: inClient,
    steps: () => rules('output', 'tcp dport 8080 drop'),
    restricted: {
      kind: 'dropped-here',
      expected: critical(
        'NT-FW-002',
        /dropped in its own network namespace: none of \d retransmissions could be sent\.$/,
      ),
    },
  },
  {
    name: 'local-drop-udp',
    cause: 'local OUTPUT DROP, UDP',
    to: ({ server }) => `${server.address}:9999/udp`,
    seen: /^"Operation not permitted"$/,
    evidence: /write error: Operation not permitted/,
    kind: 'dropped-here',
    expected: critical('NT-FW-002', /sending fails with "Operation not permitted"/),
    where: inClient,
    steps: () => rules('output', 'udp dport 9999 drop'),
  },
  {
    name: 'local-drop-counted',
    cause: 'local OUTPUT DROP whose rule counts',
    to: toServer,
    seen: SILENT,
    evidence: /tcp dport 8080 counter packets [3-9] drop # handle \d+\n[3-9] more packets than before/,
    kind: 'dropped-here',
    expected: critical(
      'NT-FW-005',
      /A rule of nftables stops what the target sends .* it counted [3-9] packets/,
    ),
    where: inClient,
    steps: () => rules('output', 'tcp dport 8080 counter drop'),
    restricted: false,
  },
  {
    name: 'no-listener-tcp',
    cause: 'no listener',
    to: ({ server }) => `${server.address}:8081`,
    seen: /^"Connection refused"$/,
    evidence: new RegExp(grew('Tcp AttemptFails')),
    kind: 'refused',
    expected: critical('NT-SOCK-001', /refuses the connection itself: nothing listens/),
  },
  {
    name: 'no-listener-udp',
    cause: 'no listener, UDP',
    to: ({ server }) => `${server.address}:9999/udp`,
    seen: /^"Connection refused"$/,
    evidence: /IP (198[.\d]+) > [.\d]+: ICMP \1 udp port 9999 unreachable/,
    kind: 'refused',
    expected: critical('NT-SOCK-001', /refuses the connection itself/),
  },
  {
    name: 'reset',
    cause: 'REJECT with tcp-reset at the destination',
    to: toServer,
    seen: /^"Connection refused"$/,
    evidence: new RegExp(grew('Tcp AttemptFails')),
    kind: 'refused',
    expected: critical('NT-SOCK-001', /or a firewall on that host answers with a reset/),
    where: inServer,
    steps: () => rules('input', 'tcp dport 8080 reject with tcp reset'),
  },
  {
    name: 'node-reject',
    cause: 'REJECT (default) on the node',
    to: toServer,
    seen: /^"Connection refused"$/,
    evidence: /IP 198\.18\.1\.1 > [.\d]+: ICMP 198\.18\.2\.\d+ tcp port 8080 unreachable/,
    kind: 'rejected',
    expected: {
      id: 'NT-FW-004',
      severity: 'critical',
      says: /ICMP port unreachable from the default gateway 198\.18\.1\.1/,
    },
    where: onClientNode,
    steps: ({ client }) => rules('forward', `ip saddr ${client.address} tcp dport 8080 reject`),
    restricted: {
      kind: 'rejected',
      expected: {
        id: 'NT-FW-004',
        severity: 'critical',
        says: /ICMP port unreachable from the default gateway 198\.18\.1\.1/,
      },
    },
  },
  {
    name: 'remote-reject',
    cause: 'REJECT (default) at the destination',
    to: toServer,
    seen: /^"Connection refused"$/,
    evidence: /IP (198[.\d]+) > [.\d]+: ICMP \1 tcp port 8080 unreachable/,
    kind: 'rejected',
    expected: { id: 'NT-FW-004', severity: 'critical', says: /from the destination itself/ },
    where: inServer,
    steps: () => rules('input', 'tcp dport 8080 reject'),
    restricted: false,
  },
  {
    name: 'admin-prohibited',
    cause: 'admin-prohibited',
    to: toServer,
    seen: /^"No route to host"$/,
    evidence: /IP 198\.18\.1\.1 > .*: ICMP host .* unreachable - admin prohibited filter/,
    kind: 'prohibited',
    expected: critical(
      'NT-FW-003',
      /prohibited by the default gateway 198\.18\.1\.1: connecting fails with "No route to host"/,
    ),
    where: onClientNode,
    steps: ({ client }) =>
      rules('forward', `ip saddr ${client.address} tcp dport 8080 reject with icmp type admin-prohibited`),
    restricted: {
      kind: 'prohibited',
      expected: critical('NT-FW-003', /prohibited by the default gateway 198\.18\.1\.1/),
    },
  },
  {
    name: 'host-prohibited',
    cause: 'host-prohibited',
    to: toServer,
    seen: /^"No route to host"$/,
    evidence: /ICMP host .* unreachable - admin prohibited,/,
    kind: 'prohibited',
    expected: critical('NT-FW-003', /prohibited by the destination itself/),
    where: inServer,
    steps: () => rules('input', 'tcp dport 8080 reject with icmp type host-prohibited'),
    restricted: false,
  },
  {
    name: 'router-no-route',
    cause: 'a router lacks the route',
    to: () => `${UNROUTED}:80`,
    seen: /^"Network is unreachable"$/,
    evidence: /IP 198\.18\.1\.1 > .*: ICMP net 203\.0\.113\.9 unreachable/,
    kind: 'no-route-there',
    expected: critical(
      'NT-RT-007',
      /the default gateway 198\.18\.1\.1 has no route to it \("Network is unreachable"\)/,
    ),
    where: onClientNode,
    steps: () => [{ make: `ip route add throw ${UNROUTED}`, undo: `ip route del throw ${UNROUTED}` }],
    restricted: {
      kind: 'no-route-there',
      expected: critical('NT-RT-007', /the default gateway 198\.18\.1\.1 has no route to it/),
    },
  },
  {
    name: 'arp-own-link',
    cause: 'ARP failure on our own link',
    to: () => `${ABSENT_HERE}:80`,
    seen: /^"No route to host"$/,
    evidence: /IP (198[.\d]+) > \1: ICMP host .* unreachable[\s\S]*FAILED[\s\S]*failed [3-9]\d{6}/,
    kind: 'no-neighbour',
    expected: critical('NT-ARP-002', /does not answer ARP on eth0: its entry is FAILED/),
  },
  {
    name: 'arp-gateway',
    cause: 'ARP failure of the gateway',
    to: toServer,
    seen: /^"No route to host"$/,
    evidence: /IP (198[.\d]+) > \1: ICMP host .* unreachable[\s\S]*198\.18\.1\.251 dev eth0 FAILED/,
    kind: 'no-neighbour',
    expected: critical('NT-ARP-001', /The gateway 198\.18\.1\.251 does not answer ARP on eth0/),
    where: inClient,
    steps: ({ client }) => [
      {
        make: 'ip route replace default via 198.18.1.251',
        undo: `ip route replace default via ${client.gateway}`,
      },
    ],
  },
  {
    name: 'arp-last-hop',
    cause: 'ARP failure at the last hop',
    to: () => `${ABSENT_THERE}:80`,
    seen: /^"No route to host"$/,
    evidence: /IP 198\.51\.100\.12 > .*: ICMP host 198\.18\.2\.250 unreachable[\s\S]*failed [3-9]\d{6}/,
    kind: 'no-host-there',
    expected: critical('NT-ARP-002', /TCP 198\.18\.2\.250:80 was not found: 198\.51\.100\.12 looked for 198/),
    restricted: {
      kind: 'no-host-there',
      expected: critical('NT-ARP-002', /TCP 198\.18\.2\.250:80 was not found: 198\.51\.100\.12 looked for/),
    },
    inCluster: critical(
      'NT-RT-024',
      /^TCP 198\.18\.2\.250:80 lies in the range of the pods of node2 .*, which has looked for it among its pods, and says "host unreachable"/,
    ),
  },
  ...(
    [
      ['blackhole', 'Invalid argument'],
      ['unreachable', 'No route to host'],
      ['prohibit', 'Permission denied'],
    ] as const
  ).map(
    ([type, error]): Row => ({
      name: `route-${type}`,
      cause: `${type} route`,
      to: toServer,
      kind: 'forbidding-route',
      seen: new RegExp(`^"${error}"$`),
      evidence: new RegExp(`RTNETLINK answers: ${error}\n.*route ${type} `),
      expected: critical('NT-RT-002', new RegExp(`refused by the target's own ${type} route or rule`)),
      where: inClient,
      steps: ({ server }) => [
        { make: `ip route add ${type} ${server.address}`, undo: `ip route del ${type} ${server.address}` },
      ],
    }),
  ),
  {
    name: 'no-route',
    cause: 'no route here',
    to: toServer,
    seen: /^"Network is unreachable"$/,
    evidence: new RegExp(grew('Ip OutNoRoutes')),
    kind: 'no-route',
    expected: critical('NT-RT-001', /has no route to .* "Network is unreachable"/),
    where: inClient,
    steps: ({ client }) => [
      { make: 'ip route del default', undo: `ip route add default via ${client.gateway}` },
    ],
  },
  {
    name: 'mtu-black-hole',
    cause: 'MTU black hole',
    to: toServer,
    seen: /^connected$/,
    evidence: /ESTAB .*\n.* backoff:[2-9] rtt:[.\d/]+ /,
    kind: 'stalled',
    expected: critical(
      'NT-MTU-001',
      /opens and then stalls: \d+ bytes wait after \d retransmissions, with an rtt of only/,
    ),
    where: onClientNode,
    steps: ({ client }) =>
      rules('forward', `ip saddr ${client.address} tcp dport 8080 meta length > 600 drop`),
  },
  {
    name: 'handshake-only',
    cause: 'a filter that lets nothing but the handshake pass',
    to: toServer,
    seen: /^connected$/,
    evidence:
      /ESTAB .*\n.* backoff:[2-9] .* bytes_acked:1 |ESTAB .*\n(?!.* bytes_acked:[2-9]).* backoff:[2-9] /,
    kind: 'stalled',
    expected: critical(
      'NT-FW-013',
      /opens in [\d.]+ ms, and nothing that is sent afterwards is acknowledged, not even one byte \(\d retransmissions\)/,
    ),
    where: onClientNode,
    steps: ({ client }) =>
      rules('forward', `ip saddr ${client.address} tcp dport 8080 tcp flags & syn == 0 drop`),
  },
];
