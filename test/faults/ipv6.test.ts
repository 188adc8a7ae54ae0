/** The classes over IPv6: the cluster has none, so its pods and nodes are given addresses and routes for the while. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { dnsServiceAddress } from '../cluster/paths.ts';
import { app, helper, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { nameServer } from './dns-faults.ts';
import { checkReport, type Expected, expectFirst, expectSilence } from './named.ts';
import { type Netns, type PodNetns, podNetns, withFault } from './pod-netns.ts';

interface Step {
  readonly make: string;
  readonly undo: string;
}

const ns = testNamespace('f-ipv6');
let client: PodNetns;
let near: PodNetns;
let server: PodNetns;

/** Documentation range (RFC 3849): the pods of each node, and the net between the nodes. */
const NET1 = '2001:db8:61';
const NET2 = '2001:db8:62';
const BETWEEN = '2001:db8:6f';
const GATEWAY = `${NET1}::1`;
const CLIENT = `${NET1}::10`;
const NEAR = `${NET1}::20`;
const SERVER = `${NET2}::10`;

/** Without duplicate address detection an address can be used at once. */
const address = (of: string, device: string): Step => ({
  make: `ip -6 addr add ${of}/64 dev ${device} nodad`,
  undo: `ip -6 addr del ${of}/64 dev ${device}`,
});
const route = (words: string): Step => ({
  make: `ip -6 route add ${words}`,
  undo: `ip -6 route del ${words}`,
});
const setting = (name: string, value: number, before: number): Step => ({
  make: `sysctl -qw net.ipv6.conf.${name}=${value}`,
  undo: `sysctl -qw net.ipv6.conf.${name}=${before}`,
});

const inPod = (own: string, gateway: string): Step[] => [
  address(own, 'eth0'),
  route(`default via ${gateway} dev eth0`),
];
const onNode = (pods: string, link: string, others: string, via: string): Step[] => [
  setting('all.forwarding', 1, 0),
  address(pods, 'cni0'),
  address(link, 'eth0'),
  route(`${others}::/64 via ${via}`),
];

/** What {@link beforeAll} has made, the last one first. */
const made: { readonly netns: Netns; readonly undo: string }[] = [];

async function give(netns: Netns, steps: readonly Step[]): Promise<void> {
  for (const { make, undo } of steps) {
    await netns.run(...make.split(' '));
    made.unshift({ netns, undo });
  }
}

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
  await give(client.node, onNode(GATEWAY, `${BETWEEN}::11`, NET2, `${BETWEEN}::12`));
  await give(server.node, onNode(`${NET2}::1`, `${BETWEEN}::12`, NET1, `${BETWEEN}::11`));
  await give(client, inPod(CLIENT, GATEWAY));
  await give(near, inPod(NEAR, GATEWAY));
  await give(server, inPod(SERVER, `${NET2}::1`));
});

afterAll(async () => {
  for (const { netns, undo } of made) await netns.attempt(...undo.split(' '));
});

const toServer = `[${SERVER}]:8080`;
const toNear = `[${NEAR}]:8080`;
const look = (check: string, ...to: string[]): Promise<Report> =>
  checkReport(check, ['client', '-n', ns.name, ...to.flatMap((one) => ['--to', one])]);

function nft(hook: string, ...lines: string[]): Step[] {
  return [
    { make: 'nft add table ip6 ntf6', undo: 'nft delete table ip6 ntf6' },
    { make: `nft add chain ip6 ntf6 c { type filter hook ${hook} priority -10 ; }`, undo: '' },
    ...lines.map((line) => ({ make: `nft add rule ip6 ntf6 c ${line}`, undo: '' })),
  ];
}

const critical = (id: string, says: RegExp): Expected => ({ id, severity: 'critical', says });
const here = (): Netns => client;
const there = (): Netns => server;
const between = (): Netns => client.node;
const fromClient = `ip6 saddr ${CLIENT} tcp dport 8080`;

test('no fault: silent', async () => {
  const report = await look('diagnose', toServer, toNear);
  expectSilence(report);
  expect(report.checks.filter(({ status }) => status === 'error')).toEqual([]);
});

describe('arp', () => {
  const MUTE = nft('input', 'icmpv6 type nd-neighbor-solicit drop');
  const forget = { make: 'ip -6 neigh flush dev eth0', undo: '' };

  test('a host on the link does not answer', async () => {
    await withFault(near, MUTE, () =>
      withFault(client, [forget], async () => {
        const report = await look('arp', toNear);
        expectFirst(
          report,
          critical('NT-ARP-002', /does not answer on eth0: its neighbour entry is (FAILED|INCOMPLETE)/),
        );
      }),
    );
    expectSilence(await look('arp', toNear));
  });

  test('the gateway does not answer', async () => {
    await withFault(client.node, MUTE, () =>
      withFault(client, [forget], async () => {
        const report = await look('arp', toServer);
        expectFirst(
          report,
          critical('NT-ARP-001', new RegExp(`The gateway ${GATEWAY} on eth0 does not answer`)),
        );
      }),
    );
  });
});

interface Case {
  readonly title: string;
  readonly check: string;
  readonly where: () => Netns;
  readonly steps: readonly Step[];
  readonly expected: Expected;
}

const NARROW: Step = {
  make: `ip -6 route replace ${NET2}::/64 via ${BETWEEN}::12 mtu 1300`,
  undo: `ip -6 route replace ${NET2}::/64 via ${BETWEEN}::12`,
};

const CASES: readonly Case[] = [
  {
    title: 'a blackhole route',
    check: 'routing',
    where: here,
    steps: [route(`blackhole ${SERVER}`)],
    expected: critical('NT-RT-002', /the blackhole route 2001:db8:62::10 in table main refuses it/),
  },
  {
    title: 'no default route',
    check: 'routing',
    where: here,
    steps: [{ make: 'ip -6 route del default', undo: `ip -6 route add default via ${GATEWAY} dev eth0` }],
    expected: critical(
      'NT-RT-001',
      /There is no IPv6 default route, and so none to \[2001:db8:62::10\]:8080/,
    ),
  },
  {
    title: 'a router lacks the route',
    check: 'routing',
    where: between,
    steps: [
      { make: `ip -6 route del ${NET2}::/64`, undo: `ip -6 route add ${NET2}::/64 via ${BETWEEN}::12` },
    ],
    expected: critical('NT-RT-007', /the next hop 2001:db8:61::1 has no route to it/),
  },
  {
    title: 'dropped at the destination',
    check: 'firewall',
    where: there,
    steps: nft('input', 'tcp dport 8080 drop'),
    expected: critical('NT-FW-001', /was silent: no answer within [3-9]\.\d s, and nobody sent an error;/),
  },
  {
    title: 'rejected between',
    check: 'firewall',
    where: between,
    steps: nft('forward', `${fromClient} reject`),
    expected: {
      id: 'NT-FW-004',
      severity: 'critical',
      says: /ICMP port unreachable from the default gateway 2001:db8:61::1/,
    },
  },
  {
    title: 'prohibited between',
    check: 'firewall',
    where: between,
    steps: nft('forward', `${fromClient} reject with icmpv6 type admin-prohibited`),
    expected: critical(
      'NT-FW-003',
      /prohibited by the default gateway 2001:db8:61::1: connecting fails with "Permission denied"/,
    ),
  },
  {
    title: 'a rule of the target drops and counts',
    check: 'firewall',
    where: here,
    steps: nft('output', 'tcp dport 8080 counter drop'),
    expected: critical(
      'NT-FW-005',
      /A rule of nftables stops what the target sends .*table ip6 ntf6 chain c/,
    ),
  },
  {
    title: 'a rule of ip6tables-legacy drops',
    check: 'firewall',
    where: here,
    steps: [
      {
        make: 'ip6tables-legacy -A OUTPUT -p tcp --dport 8080 -j DROP',
        undo: 'ip6tables-legacy -D OUTPUT -p tcp --dport 8080 -j DROP',
      },
    ],
    expected: critical('NT-FW-005', /A rule of iptables \(legacy\) stops what the target sends/),
  },
  {
    title: 'a redirect of nft leads to a proxy that does not listen',
    check: 'firewall',
    where: here,
    steps: [
      { make: 'nft add table ip6 ntp6', undo: 'nft delete table ip6 ntp6' },
      { make: 'nft add chain ip6 ntp6 o { type nat hook output priority -100 ; }', undo: '' },
      { make: 'nft add rule ip6 ntp6 o tcp dport 8080 counter redirect to :15001', undo: '' },
    ],
    expected: critical('NT-PROXY-001', /its own port 15001, where it is refused .*table ip6 ntp6 chain o/),
  },
  {
    title: 'a redirect of ip6tables-legacy leads to a proxy that does not listen',
    check: 'firewall',
    where: here,
    steps: [
      {
        make: 'ip6tables-legacy -t nat -A OUTPUT -p tcp --dport 8080 -j REDIRECT --to-ports 15001',
        undo: 'ip6tables-legacy -t nat -D OUTPUT -p tcp --dport 8080 -j REDIRECT --to-ports 15001',
      },
    ],
    expected: critical('NT-PROXY-001', /its own port 15001, where it is refused .*-t nat -A OUTPUT/),
  },
  {
    title: 'a fifth of the packets is lost',
    check: 'latency',
    where: there,
    steps: nft('input', 'icmpv6 type echo-request numgen inc mod 5 == 0 drop'),
    expected: critical('NT-LAT-002', /\d+ of \d+ echo requests .* got no answer: (19|20|21) % loss/),
  },
  {
    title: 'large packets vanish',
    check: 'mtu',
    where: between,
    steps: [NARROW, ...nft('output', 'icmpv6 type packet-too-big drop')],
    expected: critical(
      'NT-MTU-001',
      /packets of 1500 bytes .* are lost without a word, and 1300 is the largest/,
    ),
  },
];

test.each(CASES)('$check: $title', async ({ check, where, steps, expected }) => {
  expectFirst(await withFault(where(), steps, () => look(check, toServer)), expected);
});

test('mtu: a router that says what is too big is no black hole', async () => {
  const report = await withFault(client.node, [NARROW], () => look('mtu', toServer));
  expectSilence(report);
  expect(report.checks[0]?.summary).toMatch(/packets of 1300 to 1500 bytes get through/);
});

test('diagnose: the first address of a name leads nowhere, the second answers', async () => {
  const name = (host: string, six: string): string => `template IN A ${host} {
        answer "{{ .Name }} 60 IN A ${server.address}"
    }
    template IN AAAA ${host} {
        answer "{{ .Name }} 60 IN AAAA ${six}"
    }`;
  const lines = [
    name('stray.test', `${NET1}::99`),
    name('straight.test', SERVER),
    `forward . ${dnsServiceAddress}`,
  ];
  await ns.start(...nameServer('names', lines.join('\n')));
  const { address: names } = await podNetns(ns.name, 'names');
  await ns.start(
    pod('shopper', {
      spec: { nodeName: 'node1', dnsPolicy: 'None', dnsConfig: { nameservers: [names] } },
    }),
  );
  // Not added but replaced: on a second try they are there.
  const shopper = await podNetns(ns.name, 'shopper');
  await shopper.run(...`ip -6 addr replace ${NET1}::30/64 dev eth0 nodad`.split(' '));
  await shopper.run(...`ip -6 route replace default via ${GATEWAY} dev eth0`.split(' '));
  const shop = async (host: string): Promise<Report> => {
    const report = await checkReport('diagnose', ['shopper', '-n', ns.name, '--to', `http://${host}:8080/`]);
    // That its name server is not the cluster's is the test's own doing.
    const others = (id: string): boolean => id !== 'NT-DNS-010';
    const checks = report.checks.map((check) => ({
      ...check,
      findings: check.findings.filter(({ id }) => others(id)),
    }));
    return { ...report, checks };
  };
  const found = expectFirst(
    await shop('stray.test'),
    critical(
      'NT-HTTP-004',
      /^stray\.test is 2001:db8:61::99 \(IPv6\) first, which takes no connection, while its IPv4 address \S+ answers/,
    ),
  );
  expect(found.summary).toContain(server.address);
  expectSilence(await shop('straight.test'));
});

test('service: the program listens on IPv4 alone', async () => {
  const listen = `exec socat TCP4-LISTEN:8103,fork,reuseaddr EXEC:'sleep 1'`;
  await ns.start(
    pod('v4only', {
      labels: { app: 'v4only' },
      containers: [
        { ...helper, command: ['sh', '-c', listen], ports: [{ containerPort: 8103 }] },
        { ...app, ports: [{ containerPort: 8080 }] },
      ],
      spec: { nodeName: 'node2' },
    }),
  );
  const target = await podNetns(ns.name, 'v4only');
  const SIX = `${NET2}::20`;
  await give(target, inPod(SIX, `${NET2}::1`));
  // Of the pod that an earlier run gave the address.
  await server.node.attempt('ip', '-6', 'neigh', 'del', SIX, 'dev', 'cni0');
  // The cluster has one family: the slice that an IPv6 Service would have is written by hand, and the cluster's own has
  // no endpoint, since no pod declares a port of that name.
  const six = (name: string, port: number): object[] => [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { clusterIP: 'None', selector: { app: 'v4only' }, ports: [{ port, targetPort: 'six' }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-six`, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv6',
      ports: [{ port }],
      endpoints: [{ addresses: [SIX], targetRef: { kind: 'Pod', name: 'v4only', namespace: ns.name } }],
    },
  ];
  await ns.apply(...([...six('four', 8103), ...six('both', 8080)] as Manifest[]));
  const report = await look('service', 'svc/four:8103');
  expectFirst(
    report,
    critical(
      'NT-SVC-013',
      /sends to pod v4only \(\[2001:db8:62::20\]:8103\) over IPv6, where port 8103 is refused; by its IPv4 address 198\.18\.2\.\d+ the same port takes connections/,
    ),
  );
  expect(report.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-SVC-002');
  expectSilence(await look('service', 'svc/both:8080'));
});
