/**
 * Expectations and the faults of the suites: a fault turns the expectation red that it breaks, with the findings that
 * `diagnose` gives, and the same expectation is green before and after.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { repoDir } from '../cluster/paths.ts';
import { app, helper, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { findingIds, networkTest, told } from '../e2e/support/network-test.ts';
import { problems } from '../e2e/support/report.ts';
import { checkReport } from './named.ts';
import { RATE_LIMIT } from './path-faults.ts';
import { type Netns, type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-expect');
let client: PodNetns;
let server: PodNetns;
let other: PodNetns;

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('other', { spec: { nodeName: 'node1' } }),
    pod('server', { containers: [app, helper], spec: { nodeName: 'node2' } }),
  );
  await ns.apply(service('server', 'server'), service('empty', 'nobody'));
  client = await podNetns(ns.name, 'client');
  server = await podNetns(ns.name, 'server');
  other = await podNetns(ns.name, 'other');
  await ns.help('server', 'bash', '-c', START_SERVERS);
});

/** Servers with a certificate that is as it should be, one that ends soon, one of another name. */
const TLS = { good: 8443, soon: 8444, other: 8445 };
const START_SERVERS = `
cd /tmp
serve() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.crt -days $2 \
    -subj /CN=test -addext "subjectAltName=DNS:$3" 2>/dev/null || exit 1
  nohup openssl s_server -accept $1 -cert $1.crt -key $1.key -quiet </dev/null >/dev/null 2>&1 &
}
serve ${TLS.good} 90 shop.example.com; serve ${TLS.soon} 3 shop.example.com; serve ${TLS.other} 90 other.example.com
`;

function service(name: string, selected: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: selected }, ports: [{ port: 80, targetPort: 8080 }] },
  };
}

function policy(name: string, spec: object): Manifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name }, spec };
}

const DENY = policy('deny-ingress', {
  podSelector: { matchLabels: { app: 'server' } },
  policyTypes: ['Ingress'],
});

type Steps = readonly { readonly make: string; readonly undo: string }[];

/** A table of its own, so that it goes away as a whole. */
function nft(hook: string, ...rules: string[]): Steps {
  return [
    { make: 'nft add table ip ntexpect', undo: 'nft delete table ip ntexpect' },
    { make: `nft add chain ip ntexpect c { type filter hook ${hook} priority -10 ; }`, undo: '' },
    ...rules.map((rule) => ({ make: `nft add rule ip ntexpect c ${rule}`, undo: '' })),
  ];
}

async function withPolicy<T>(work: () => Promise<T>): Promise<T> {
  try {
    await ns.apply(DENY);
    return await work();
  } finally {
    await ns.kubectl(['delete', 'networkpolicy', '--all']);
  }
}

/** What comes to one port goes to another: the server behind it was exchanged. */
function exchanged(port: number, by: number): Steps {
  return [
    { make: 'nft add table ip ntexpect', undo: 'nft delete table ip ntexpect' },
    { make: 'nft add chain ip ntexpect c { type nat hook prerouting priority -100 ; }', undo: '' },
    { make: `nft add rule ip ntexpect c tcp dport ${port} redirect to :${by}`, undo: '' },
  ];
}

interface Seeded {
  readonly fault: string;
  /** Absent: what is expected is a matter of the file alone, and nothing is wrong with the network. */
  readonly id?: string;
  /** What the test file says behind `from: client`. */
  readonly expects: () => string;
  readonly steps: () => Steps;
  readonly where: () => Netns;
  /** What `diagnose` is asked. */
  readonly to: () => readonly string[];
  readonly hasPolicy?: true;
}

const toServer = (): string => `${server.address}:8080`;

const SEEDED: readonly Seeded[] = [
  {
    fault: 'dropped on the node of the destination',
    id: 'NT-FW-001',
    expects: () => `to: '${toServer()}', expect: connected`,
    steps: () => nft('forward', `ip saddr ${client.address} ip daddr ${server.address} drop`),
    where: () => server.node,
    to: () => [toServer()],
  },
  {
    fault: 'denied by a policy',
    id: 'NT-FW-006',
    expects: () => 'to: svc/server:80, expect: connected',
    steps: () => nft('forward', `ip saddr ${client.address} ip daddr ${server.address} drop`),
    where: () => server.node,
    to: () => ['svc/server:80'],
    hasPolicy: true,
  },
  {
    fault: "dropped by a rule of the source's own",
    id: 'NT-FW-005',
    expects: () => `to: '${toServer()}', expect: connected`,
    steps: () => nft('output', `ip daddr ${server.address} tcp dport 8080 counter drop`),
    where: () => client,
    to: () => [toServer()],
  },
  {
    fault: 'rejected on the node of the destination',
    id: 'NT-FW-004',
    expects: () => `to: '${toServer()}', expect: connected`,
    steps: () =>
      nft('forward', `ip saddr ${client.address} ip daddr ${server.address} tcp dport 8080 reject`),
    where: () => server.node,
    to: () => [toServer()],
  },
  {
    fault: 'a third of the echoes lost',
    id: 'NT-LAT-002',
    expects: () => `to: '${toServer()}', expect: {loss: 1%}`,
    steps: () => nft('input', `ip saddr ${server.address} meta l4proto icmp numgen random mod 100 < 33 drop`),
    where: () => client,
    to: () => [toServer()],
  },
  {
    fault: 'every other connection begins late',
    id: 'NT-LAT-005',
    expects: () => `to: '${toServer()}', expect: connected, within: 700ms`,
    steps: () => nft('input', 'tcp dport 8080 tcp flags & (syn|ack) == syn numgen inc mod 2 == 0 drop'),
    where: () => server,
    to: () => [toServer()],
  },
  {
    fault: 'large packets lost on the node',
    id: 'NT-MTU-002',
    expects: () => `to: '${toServer()}', expect: {mtu: 1450}`,
    steps: () => [
      { make: 'nft add table netdev ntexpect', undo: 'nft delete table netdev ntexpect' },
      {
        make: `nft add chain netdev ntexpect in { type filter hook ingress device ${client.veth} priority 0 ; }`,
        undo: '',
      },
      { make: 'nft add rule netdev ntexpect in ip length > 1400 drop', undo: '' },
    ],
    where: () => client.node,
    to: () => [toServer()],
  },
  {
    fault: 'no name server',
    id: 'NT-DNS-001',
    expects: () => 'dns: kubernetes.default, expect: {answers: 1}',
    steps: () => nft('output', 'udp dport 53 drop'),
    where: () => client,
    to: () => [],
  },
  {
    fault: 'a route that leads nowhere',
    id: 'NT-RT-002',
    expects: () => `to: '${toServer()}', expect: connected`,
    steps: () => [
      {
        make: `ip route add blackhole ${server.address}`,
        undo: `ip route del blackhole ${server.address}`,
      },
    ],
    where: () => client,
    to: () => [toServer()],
  },
  {
    fault: 'a port that refused is silent',
    id: 'NT-FW-001',
    expects: () => `to: '${server.address}:8081', expect: refused`,
    steps: () => nft('forward', `ip saddr ${client.address} ip daddr ${server.address} drop`),
    where: () => server.node,
    to: () => [`${server.address}:8081`],
  },
  {
    fault: 'the certificate ends soon',
    id: 'NT-TLS-001',
    expects: () => `to: '${server.address}:${TLS.good}', expect: {certificateDays: 21}`,
    steps: () => exchanged(TLS.good, TLS.soon),
    where: () => server,
    to: () => [`${server.address}:${TLS.good}`],
  },
  {
    fault: 'the certificate is of another name',
    expects: () => `to: '${server.address}:${TLS.good}', expect: {certificateNames: [shop.example.com]}`,
    steps: () => exchanged(TLS.good, TLS.other),
    where: () => server,
    to: () => [],
  },
  {
    fault: 'a rate limit',
    expects: () => 'to: pod/server, expect: {throughput: 100M}',
    steps: () => RATE_LIMIT,
    where: () => client,
    to: () => [],
  },
  {
    fault: 'anything at all that is wrong with the source',
    id: 'NT-DNS-001',
    expects: () => 'expect: {noFindingAbove: warning}',
    steps: () => nft('output', 'udp dport 53 drop'),
    where: () => client,
    to: () => [],
  },
];

/** The keys that `expect` may have, as the schema has them. */
function keysOfExpect(): string[] {
  const schema = readFileSync(join(repoDir, 'src/expectations/network-test.schema.json'), 'utf8');
  const all: string[] = [];
  JSON.parse(schema, (key, value: unknown) => {
    if (key === 'properties' && typeof value === 'object' && value !== null && 'noFindingAbove' in value)
      all.push(...Object.keys(value));
    return value;
  });
  return all;
}

test('the table has each key of an expectation, and each word of a connection but "denied"', () => {
  // A status is what the server says, not the network.
  const keys = keysOfExpect().filter((key) => key !== 'connection' && key !== 'status');
  expect(keys.length).toBeGreaterThan(7);
  const lines = SEEDED.map(({ expects }) => expects()).join('\n');
  const wanted = [...keys.map((key) => `${key}:`), 'expect: connected', 'expect: refused'];
  expect(wanted.filter((words) => !lines.includes(words))).toEqual([]);
});

const lineOf = ({ expects }: Seeded): string => `{from: client, ${expects()}}`;

/** All of them at once, on a network without a fault. */
async function areGreen(): Promise<void> {
  const { report } = await networkTest(ns.name, SEEDED.map(lineOf));
  expect(report.verdict, told(report)).toBe('pass');
}

describe('a fault turns the expectation red that it breaks', () => {
  test('and without one they are green', areGreen);

  test.each(SEEDED)('$fault', async (seeded) => {
    const { id, steps, where, to, hasPolicy } = seeded;
    const seen = async (): Promise<void> => {
      await withFault(where(), steps(), async () => {
        const { report, outcome } = await networkTest(ns.name, [lineOf(seeded)]);
        expect(outcome.code, told(report)).toBe(1);
        const found = findingIds(report.results[0] ?? { findings: [] });
        if (id === undefined) return;
        expect(found[0], told(report)).toBe(id);
        const asked = to().flatMap((one) => ['--to', one]);
        const diagnosis = await checkReport('diagnose', ['client', '-n', ns.name, ...asked]);
        const roots = problems(diagnosis).filter(({ causedBy }) => causedBy === undefined);
        expect(found).toEqual(expect.arrayContaining(roots.map((one) => one.id)));
      });
    };
    await (hasPolicy ? withPolicy(seen) : seen());
  });

  test('and once they are mended they are green again', areGreen);
});

describe('denied', () => {
  const DENIED = '{from: client, to: svc/server:80, expect: denied}';
  const ALLOWED = '{from: other, to: svc/server:80, expect: connected}';
  /** What a plugin that enforces the policy does. */
  const enforced = (): Steps => nft('forward', `ip saddr ${client.address} ip daddr ${server.address} drop`);

  test('is proven by a policy, and by another source that is let in', async () => {
    await withPolicy(() =>
      withFault(server.node, enforced(), async () => {
        const { report, outcome } = await networkTest(ns.name, [DENIED, ALLOWED], '--witness', 'sources');
        expect(outcome.code, told(report)).toBe(0);
        expect(report.results[0]?.provenBy).toEqual([`pod/other in ${ns.name}`]);
      }),
    );
  });

  test('is proven by the node of the destination, where no source is let in', async () => {
    const all = [
      ...enforced(),
      ...nft('forward', `ip saddr ${other.address} ip daddr ${server.address} drop`),
    ];
    await withPolicy(() =>
      withFault(server.node, all.slice(0, 3).concat(all.slice(5)), async () => {
        const { report, outcome } = await networkTest(ns.name, [
          DENIED,
          '{from: other, to: svc/server:80, expect: denied}',
        ]);
        expect(outcome.code, told(report)).toBe(0);
        for (const { provenBy } of report.results) expect(provenBy).toEqual(['node/node2']);
      }),
    );
  });

  test('is not so where nothing enforces the policy', async () => {
    await withPolicy(async () => {
      const { report, outcome } = await networkTest(ns.name, [DENIED]);
      expect(outcome.code, told(report)).toBe(1);
      expect(findingIds(report.results[0] ?? { findings: [] })).toContain('NT-FW-010');
    });
  });

  test.each<[string, () => string, () => Steps, string]>([
    ['a server that is down', () => 'pod/server:8081', () => [], 'NT-SOCK-001'],
    ['silence that no policy explains', () => 'pod/server:8080', enforced, 'NT-FW-001'],
  ])('is not proven by %s', async (_what, to, steps, id) => {
    await withFault(server.node, steps(), async () => {
      const { report, outcome } = await networkTest(ns.name, [`{from: client, to: ${to()}, expect: denied}`]);
      expect(outcome.code, told(report)).toBe(3);
      expect(report.results[0]?.outcome).toBe('notProven');
      expect(findingIds(report.results[0] ?? { findings: [] })).toContain(id);
    });
  });

  test('is not proven by a policy that nobody enforces, where a fault of the way loses the packets', async () => {
    const mac = `${client.gateway} lladdr 02:00:00:00:00:99 dev eth0 nud permanent`;
    const undo = `ip neigh del ${client.gateway} dev eth0`;
    await withPolicy(() =>
      withFault(client, [{ make: `ip neigh replace ${mac}`, undo }], async () => {
        const { report, outcome } = await networkTest(ns.name, [
          '{from: client, to: pod/server:8080, expect: denied}',
          '{from: other, to: pod/server:8080, expect: connected}',
        ]);
        expect(outcome.code, told(report)).toBe(3);
        expect(report.results[0]?.outcome, told(report)).toBe('notProven');
        expect(report.results[0]?.summary).toMatch(/the policy need not be the reason: .*\(NT-ARP-002\)/);
      }),
    );
  });

  test('is not proven by a policy in front of a server that is down', async () => {
    const listening = 'svc/server:80';
    await withPolicy(() =>
      withFault(server.node, enforced(), async () => {
        const { report, outcome } = await networkTest(ns.name, [
          `{from: client, to: ${listening}, expect: denied}`,
          '{from: client, to: pod/server:8081, expect: denied}',
        ]);
        expect(outcome.code, told(report)).toBe(3);
        expect(report.results.map((one) => one.outcome)).toEqual(['met', 'notProven']);
        expect(report.results[1]?.summary).toMatch(
          /it is not known that somebody listens there \(node\/node2: it does not reach it either: "Connection refused"\)/,
        );
      }),
    );
  });
});
