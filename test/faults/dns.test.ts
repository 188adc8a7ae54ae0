/** Faults of the dns check, each made for real and named by the built binary. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { apiGet } from '../cluster/api.ts';
import { dnsServiceAddress } from '../cluster/paths.ts';
import { until } from '../cluster/proc.ts';
import { app, hostPod, kubectl, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import {
  corefile,
  crowd,
  DEAD,
  failingServer,
  NO_SERVICE,
  nameServer,
  oomServers,
  raceOf,
  relay,
  rules,
  SECOND,
  type Step,
  slowServer,
  strandedServers,
} from './dns-faults.ts';
import { checkReport, type Expected, expectFirst, expectInfo, expectSilence, note } from './named.ts';
import { type Netns, type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-dns');
const dns = (target: string, ...names: string[]): Promise<Report> =>
  checkReport('dns', [target, '-n', ns.name, ...names]);

let client: PodNetns;
let replicas: PodNetns[];
/** Addresses of this namespace's own servers. */
let failing: string;
let slow: string;

function withServers(
  name: string,
  policy: string,
  nameservers: readonly string[],
  searches = [`${ns.name}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'],
): Manifest {
  return pod(name, {
    spec: {
      nodeName: 'node1',
      dnsPolicy: policy,
      dnsConfig: {
        nameservers,
        ...(policy === 'None' ? { searches, options: [{ name: 'ndots', value: '5' }] } : {}),
      },
    },
  });
}

beforeAll(async () => {
  await ns.apply(corefile, ...crowd);
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    hostPod('host', 'node1'),
    failingServer,
    slowServer,
    relay,
  );
  client = await podNetns(ns.name, 'client');
  failing = (await ns.pod('failing')).status.podIP ?? '';
  slow = (await ns.pod('slow')).status.podIP ?? '';
  const list = JSON.parse(
    await apiGet('/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns'),
  ) as { items: { metadata: { name: string } }[] };
  replicas = await Promise.all(list.items.map(({ metadata }) => podNetns('kube-system', metadata.name)));
});

interface Case {
  readonly title: string;
  readonly names?: readonly string[];
  readonly expected: Expected;
  readonly where: () => Netns;
  readonly steps: () => readonly Step[];
  /** A race, which a busy machine may let end well: whether the fault has happened, by its own count. */
  readonly hasHappened?: () => Promise<boolean>;
}

/** What the race has cost in the runs before. */
let droppedBefore = 0;

/** A kernel sends so few of them to one host that the test before may have used them up. */
const ICMP_UNLIMITED: readonly Step[] = [
  { make: 'sysctl -q -w net.ipv4.icmp_ratelimit=0', undo: 'sysctl -q -w net.ipv4.icmp_ratelimit=1000' },
];

const inPod = (): Netns => client;
const onNode = (): Netns => client.node;

const CASES: readonly Case[] = [
  {
    title: 'UDP 53 is dropped on the way',
    expected: {
      id: 'NT-DNS-001',
      severity: 'critical',
      says: /answered none of \d UDP queries: the same servers answer over TCP/,
    },
    where: onNode,
    steps: () => rules('prerouting', `ip saddr ${client.address} udp dport 53 counter drop`),
  },
  {
    title: 'port 53 is dropped on the way',
    expected: { id: 'NT-DNS-001', severity: 'critical', says: /neither do the 2 servers behind kube-dns/ },
    where: onNode,
    steps: () => rules('prerouting', `ip saddr ${client.address} th dport 53 counter drop`),
  },
  {
    title: "the Service's address is not translated",
    expected: {
      id: 'NT-DNS-001',
      severity: 'critical',
      says: /the 2 servers behind kube-dns answer when asked directly, .* not translated/,
    },
    where: onNode,
    steps: () => rules('prerouting', `ip saddr ${client.address} ip daddr ${dnsServiceAddress} counter drop`),
  },
  {
    title: "the pod's own OUTPUT drops it",
    expected: {
      id: 'NT-DNS-001',
      severity: 'critical',
      says: /"Operation not permitted", so a rule in this network namespace drops it/,
    },
    where: inPod,
    steps: () => rules('output', 'udp dport 53 counter drop'),
  },
  {
    title: 'every third answer is lost',
    expected: {
      id: 'NT-DNS-012',
      severity: 'warning',
      says: /\d of \d+ UDP queries got no answer .*packets are lost on the way/,
    },
    where: inPod,
    steps: () => rules('input', 'udp sport 53 numgen inc mod 3 == 0 counter drop'),
  },
  {
    title: 'there is no way to the server, though one behind it is near',
    expected: {
      id: 'NT-DNS-001',
      severity: 'critical',
      says: /sending fails with "host unreachable", so the server cannot be reached at all/,
    },
    where: inPod,
    steps: () => [
      {
        make: `ip route replace default via ${client.gateway.replace(/\d+$/, '254')}`,
        undo: `ip route replace default via ${client.gateway}`,
      },
    ],
  },
  {
    title: 'a router rejects UDP 53',
    expected: {
      id: 'NT-DNS-002',
      severity: 'critical',
      says: /refused \d+ of \d+ UDP queries at once .*sent by 198\.18\.1\.1, which is not the server/,
    },
    where: onNode,
    steps: () => [
      ...ICMP_UNLIMITED,
      ...rules('forward', `ip saddr ${client.address} udp dport 53 counter reject`),
    ],
  },
  {
    title: 'the pod itself rejects UDP 53',
    expected: { id: 'NT-DNS-002', severity: 'critical', says: /, the target itself: a REJECT rule/ },
    where: inPod,
    steps: () => rules('output', 'udp dport 53 counter reject'),
  },
  {
    title: "the node's DNS cache is gone and its address stays",
    expected: {
      id: 'NT-DNS-002',
      severity: 'critical',
      says: /the 2 servers behind kube-dns answer when asked directly, so the target's own node refuses \(the node's DNS cache/,
    },
    where: onNode,
    steps: () => [
      ...ICMP_UNLIMITED,
      {
        make: `ip addr add ${dnsServiceAddress}/32 dev lo`,
        undo: `ip addr del ${dnsServiceAddress}/32 dev lo`,
      },
      // Of this pod alone: for the others kube-proxy translates the address before it counts as the node's own.
      ...rules('prerouting', `ip saddr ${client.address} ip daddr ${dnsServiceAddress} th dport 53 notrack`),
    ],
  },
  {
    title: "a rule of the node rejects the Service's address",
    expected: {
      id: 'NT-DNS-002',
      severity: 'critical',
      says: /the target's own node refuses \(.*, or a rule there rejects it\)/,
    },
    where: onNode,
    steps: () => [
      ...ICMP_UNLIMITED,
      ...rules(
        'forward',
        `ip saddr ${client.address} udp dport 53 ct original ip daddr ${dnsServiceAddress} counter reject`,
      ),
    ],
  },
  {
    title: 'TCP 53 is blocked and an answer is cut',
    names: ['crowd'],
    expected: {
      id: 'NT-DNS-003',
      severity: 'warning',
      says: /crowd\.\S+ A is truncated at 512 bytes \(TC\), and the retry over TCP fails/,
    },
    where: onNode,
    steps: () => rules('prerouting', `ip saddr ${client.address} tcp dport 53 counter drop`),
  },
  {
    title: 'the second of two queries from one port is lost',
    expected: {
      id: 'NT-DNS-007',
      severity: 'warning',
      says: /took 5\.\d\d s, while single queries .* none of them was lost/,
    },
    where: onNode,
    steps: () => raceOf(client.address),
    hasHappened: async () => {
      const chain = await client.node.run('nft', 'list', 'chain', 'ip', 'ntfdns', 'c');
      const dropped = Number(/@seen counter packets (\d+)/.exec(chain)?.[1]);
      const inRun = dropped - droppedBefore;
      droppedBefore = dropped;
      // In both lookups: once alone may be chance.
      return inRun >= 2;
    },
  },
  {
    title: 'one replica drops what this pod asks',
    expected: {
      id: 'NT-DNS-009',
      severity: 'warning',
      says: /1 of 2 servers behind kube-dns fails: coredns-\S+ \(198[.\d]+\) on node\d answers none of \d queries over UDP within 6 s/,
    },
    where: () => replicas[0] ?? client,
    steps: () => rules('input', `ip saddr ${client.address} udp dport 53 counter drop`),
  },
  {
    title: 'one replica refuses TCP',
    expected: {
      id: 'NT-DNS-009',
      severity: 'warning',
      says: /1 of 2 servers behind kube-dns fails: coredns-\S+ .* over TCP/,
    },
    where: () => replicas[1] ?? client,
    steps: () => rules('input', `ip saddr ${client.address} tcp dport 53 counter reject with tcp reset`),
  },
];

describe('on the way', () => {
  test.each(CASES)('$title', async ({ names = [], expected, where, steps, hasHappened }) => {
    const report = await withFault(where(), steps(), async () => {
      for (let run = 1; ; run++) {
        const said = await dns('client', ...names);
        if (hasHappened === undefined || (await hasHappened())) return said;
        expect(run, 'runs in which the fault did not happen').toBeLessThan(10);
      }
    });
    expectFirst(report, expected);
    expectSilence(await dns('client', ...names));
  });
});

describe('NetworkPolicies', () => {
  const denying = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'default-deny' },
    spec: { podSelector: { matchLabels: { app: 'client' } }, policyTypes: ['Egress'] },
  };
  const withPolicy = async <T>(policy: Manifest, work: () => Promise<T>): Promise<T> => {
    await ns.apply(policy);
    try {
      return await work();
    } finally {
      await ns.kubectl(['delete', 'networkpolicy', 'default-deny']);
    }
  };

  test('a policy without DNS egress explains the silence', async () => {
    const report = await withPolicy(denying, () =>
      withFault(client.node, rules('prerouting', `ip saddr ${client.address} counter drop`), () =>
        dns('client'),
      ),
    );
    const first = expectFirst(report, {
      id: 'NT-DNS-008',
      severity: 'critical',
      says: /do not allow UDP 53 to coredns-.* \(egress of nettools-e2e-f-dns-\w+\/default-deny\), and none of \d queries/,
    });
    expect(first.remediation).toContain('k8s-app: kube-dns');
    const silence = report.checks[0]?.findings.find(({ id }) => id === 'NT-DNS-001');
    expect(silence?.causedBy).toBe('NT-DNS-008');
    expectSilence(await dns('client'));
  });

  test('a policy that allows UDP alone explains why TCP fails', async () => {
    const policy = {
      ...denying,
      spec: { ...denying.spec, egress: [{ ports: [{ protocol: 'UDP', port: 53 }] }] },
    };
    const report = await withPolicy(policy, () =>
      withFault(
        client.node,
        rules('prerouting', `ip saddr ${client.address} tcp dport 53 counter drop`),
        () => dns('client'),
      ),
    );
    expectFirst(report, { id: 'NT-DNS-008', severity: 'warning', says: /do not allow TCP 53/ });
  });

  test('a policy that nobody enforces is no failure', async () => {
    const report = await withPolicy(denying, () => dns('client'));
    expectSilence(report);
    expectInfo(
      report,
      'NT-DNS-008',
      /yet 198\.19\.0\.10 \(kube-dns\) answers: the network plugin does not enforce/,
    );
  });
});

describe('names', () => {
  test('a name that does not exist', async () => {
    const report = await dns('client', 'nosuch.example.com');
    expectFirst(report, {
      id: 'NT-DNS-005',
      severity: 'critical',
      says: /^nosuch\.example\.com does not exist: all 4 names/,
    });
  });

  test('a name that goes through the search list', async () => {
    const report = await dns('client', 'web.default.svc.cluster.local');
    expectFirst(report, {
      id: 'NT-DNS-006',
      severity: 'warning',
      says: /costs 8 queries instead of 2: with 4 dots and ndots 5/,
    });
    expectSilence(await dns('client', 'web.default.svc.cluster.local.'));
    expectSilence(await dns('client', 'crowd'));
  });

  test('an answer that is cut and comes whole by TCP', async () => {
    const whole =
      /crowd\.\S+ A is truncated at 512 bytes: it has \d+ of 60 addresses over UDP, and all of them over TCP\. /;
    expectInfo(await dns('client', 'crowd'), 'NT-DNS-016', whole);
    const healthy = await dns('client', 'kubernetes.default');
    expect(healthy.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-016');
  });

  test('a name that is found by the search list', async () => {
    const name = 'kubernetes.default.svc';
    const first = expectFirst(await dns('client', name), {
      id: 'NT-DNS-006',
      severity: 'warning',
      says: /costs 6 queries .*2 other names are tried before "kubernetes\.default\.svc\.cluster\.local\."/,
    });
    expect(first.remediation).toMatch(/Write it as kubernetes\.default\.svc\.cluster\.local\. /);
  });

  test('a zone that answers SERVFAIL', async () => {
    await ns.start(withServers('of-failing', 'None', [failing]));
    const report = await dns('of-failing', 'api.fail.test.');
    expectFirst(report, {
      id: 'NT-DNS-004',
      severity: 'critical',
      says: /answers are SERVFAIL, .* for api\.fail\.test\.: the same server answers for the cluster's own names/,
    });
    const healthy = await dns('of-failing', `crowd.${ns.name}.svc.cluster.local.`);
    expect(healthy.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-004');
  });
});

describe('answers that mislead', () => {
  const OWN = ['svc.cluster.local', 'cluster.local'];

  beforeAll(async () => {
    const searches = [`${ns.name}.svc.cluster.local`, ...OWN];
    await ns.start(
      withServers('of-templates', 'None', [failing], searches),
      withServers('of-wildcard', 'None', [failing], [...searches, 'corp.test']),
    );
  });

  test('AAAA of a name that exists is NXDOMAIN', async () => {
    expectFirst(await dns('of-templates', 'db.v4only.test.'), {
      id: 'NT-DNS-013',
      severity: 'warning',
      says: /^db\.v4only\.test\. has A 198\.18\.51\.2, but 198\.18\.[\d.]+ answers AAAA with NXDOMAIN/,
    });
    // Its twin answers AAAA with nothing.
    const healthy = await dns('of-templates', 'db.both.test.');
    expect(healthy.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-013');
  });

  test('a search domain answers any name', async () => {
    const first = expectFirst(await dns('of-wildcard', 'api.both.test'), {
      id: 'NT-DNS-014',
      severity: 'warning',
      says: /^api\.both\.test resolves to 198\.18\.99\.99 as api\.both\.test\.corp\.test\. \(search domain corp\.test, .*; the name itself is 198\.18\.51\.2\.$/,
    });
    expect(first.remediation).not.toContain('corp.test');
    const healthy = await dns('of-wildcard', 'api.both.test.');
    expect(healthy.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-014');
  });
});

test('a search domain answers any name, and the name itself does not exist', async () => {
  const own = [`${ns.name}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'];
  await ns.start(
    withServers('of-any-name', 'None', [failing], [...own, 'corp.test']),
    withServers('of-some-names', 'None', [failing], [...own, 'some.test']),
  );
  const asked = ['--to', 'api.hub.nowhere.example:443'];
  const report = await checkReport('diagnose', ['of-any-name', '-n', ns.name, ...asked]);
  const first = expectFirst(report, {
    id: 'NT-DNS-014',
    severity: 'warning',
    says: /^api\.hub\.nowhere\.example does not exist, and resolves to 198\.18\.99\.99 as api\.hub\.nowhere\.example\.corp\.test\.: the search domain corp\.test answers any name, such as nettools-no-such-name\./,
  });
  expect(first.remediation).toContain('End api.hub.nowhere.example. with a dot');
  // A domain that has this very name, and no others, is what a search list is for.
  const healthy = await checkReport('dns', ['of-some-names', '-n', ns.name, 'db.eu.prod']);
  expect(healthy.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-014');
});

test('the search list is of another cluster domain', async () => {
  const searches = [`${ns.name}.svc.corp.internal`, 'svc.corp.internal', 'corp.internal'];
  await ns.start(withServers('of-other-domain', 'None', [dnsServiceAddress], searches));
  expectFirst(await dns('of-other-domain'), {
    id: 'NT-DNS-015',
    severity: 'critical',
    says: /says that kubernetes\.default\.svc\.corp\.internal\.? does not exist: .* cluster domain corp\.internal/,
  });
});

test("a Service's name, and a pod in its node's network that asks the node's servers", async () => {
  await ns.apply(...nameServer('outside', 'template ANY ANY {\n rcode NXDOMAIN\n}'));
  await ns.kubectl(['wait', '--for=condition=Ready', '--timeout=180s', 'pod/outside']);
  const nameservers = [(await ns.pod('outside')).status.podIP ?? ''];
  const name = 'kubernetes.default';
  const of = (dnsPolicy: string): Promise<Report> =>
    checkReport('dns', [`in-node-${dnsPolicy.toLowerCase()}`, '-n', ns.name, name]);
  for (const dnsPolicy of ['ClusterFirst', 'ClusterFirstWithHostNet']) {
    const spec = { nodeName: 'node1', hostNetwork: true, dnsPolicy };
    const servers = dnsPolicy === 'ClusterFirst' ? { dnsConfig: { nameservers } } : {};
    const idle = { ...app, ports: [], command: ['sleep', 'infinity'] };
    await ns.start(
      pod(`in-node-${dnsPolicy.toLowerCase()}`, { spec: { ...spec, ...servers }, containers: [idle] }),
    );
  }
  expectFirst(await of('ClusterFirst'), {
    id: 'NT-DNS-005',
    severity: 'critical',
    says: /does not exist: .*: it is Service default\/kubernetes of the cluster, and the pod uses its node's network, in which dnsPolicy ClusterFirst means the servers of the node/,
  });
  // What the name costs by the search list is said of any pod.
  expect(problems(await of('ClusterFirstWithHostNet')).map(({ id }) => id)).toEqual(['NT-DNS-006']);
});

test("the kubelet's clusterDNS is no Service", async () => {
  await ns.start(withServers('of-no-service', 'None', [NO_SERVICE]));
  const report = await dns('of-no-service');
  expectFirst(report, {
    id: 'NT-DNS-010',
    severity: 'critical',
    says: /^None of the name servers \(198\.19\.0\.77\) is the cluster's \(kube-dns: 198\.19\.0\.10\), and none of them answers/,
  });
  const others = report.checks[0]?.findings.filter(({ id }) => /NT-DNS-00[12]/.test(id));
  expect(others?.map(({ causedBy }) => causedBy)).toEqual(['NT-DNS-010']);
});

test('the answer comes from another address than was asked', async () => {
  const second = await podNetns(ns.name, 'relay');
  await ns.start(
    withServers('of-second-address', 'None', [SECOND]),
    withServers('of-first-address', 'None', [second.address]),
  );
  const address = `${SECOND}/32 dev eth0`;
  const steps = [{ make: `ip addr add ${address}`, undo: `ip addr del ${address}` }];
  await withFault(second, steps, async () => {
    expectFirst(await dns('of-second-address'), {
      id: 'NT-DNS-017',
      severity: 'critical',
      says: new RegExp(`^${SECOND} answers, but from ${second.address}: resolvers discard such answers`),
    });
    const healthy = await dns('of-first-address');
    expect(healthy.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-017');
  });
});

describe('names outside of the cluster', () => {
  const OUTSIDE = ['api.test.', 'api.example.'];

  beforeAll(async () => {
    const [configs, pods] = [0, 1].map((at) => strandedServers.filter((_, i) => i % 2 === at));
    await ns.apply(...(configs ?? []));
    await ns.start(...(pods ?? []));
  });

  test.each([
    { name: 'no-forward', title: 'have nobody to ask for', says: /api\.test\. (SERVFAIL|REFUSED)/ },
    { name: 'dead-forward', title: 'are asked for where nobody answers', says: /api\.test\. / },
  ])('$title', async ({ name, says }) => {
    const server = (await ns.pod(name)).status.podIP ?? '';
    await ns.start(withServers(`of-${name}`, 'None', [server]));
    const first = expectFirst(await dns(`of-${name}`, ...OUTSIDE), {
      id: 'NT-DNS-018',
      severity: 'critical',
      says: /answers for names of the cluster, but for none outside it \(.*: its upstream fails/,
    });
    expect(first.summary).toMatch(says);
    const healthy = await dns(`of-${name}`, `crowd.${ns.name}.svc.cluster.local.`);
    expect(healthy.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-018');
  });
});

test('the search list is longer than some resolvers take', async () => {
  const searches = ['svc.cluster.local', ...Array.from({ length: 8 }, (_, i) => `dept${i}.corp.test`)];
  await ns.start(withServers('of-long-list', 'None', [dnsServiceAddress], searches));
  const report = await dns('of-long-list');
  expectInfo(report, 'NT-DNS-019', /^The search list has 9 domains and \d+ characters/);
  const healthy = await dns('client');
  expect(healthy.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-019');
});

test('a name is found by a domain of the search list that old resolvers never use', async () => {
  const unused = Array.from({ length: 5 }, (_, i) => `dept${i}.example`);
  const own = ['svc.cluster.local', 'cluster.local'];
  await ns.start(
    withServers('of-long-way', 'None', [failing], [...own, ...unused, 'corp.test']),
    withServers('of-short-way', 'None', [failing], [...own, 'corp.test', ...unused]),
  );
  expectFirst(await dns('of-long-way', 'printer'), {
    id: 'NT-DNS-019',
    severity: 'warning',
    says: /^printer resolves by domain 8 of the 8 of the search list alone \(corp\.test\): glibc before 2\.26 uses only the first 6/,
  });
  expectInfo(await dns('of-short-way', 'printer'), 'NT-DNS-019', /^The search list has 8 domains/);
});

test("the cluster's DNS servers are killed for want of memory", async () => {
  const name = `${ns.name}-oom`;
  await kubectl(['apply', '-f', '-'], JSON.stringify(oomServers(name)));
  try {
    const address = await kubectl([
      ...['-n', 'kube-system', 'get', 'service', name],
      ...['-o', 'jsonpath={.spec.clusterIP}'],
    ]);
    await ns.start(withServers('of-killed', 'None', [address]));
    await until('the server is killed', 60, async () => {
      const state = await kubectl([
        ...['-n', 'kube-system', 'get', 'pod', name],
        ...['-o', 'jsonpath={.status.containerStatuses[*].lastState.terminated.reason}'],
      ]);
      return state === 'OOMKilled' || state;
    });
    const report = await dns('of-killed');
    expectFirst(report, {
      id: 'NT-DNS-022',
      severity: 'warning',
      says: new RegExp(
        `^A server behind ${name} crashes: pod ${name} \\(container dns\\) ended \\d+ s ago: OOMKilled \\(limit 24Mi\\), restarted .*; none is ready\\.$`,
      ),
    });
    const healthy = await dns('client');
    expect(healthy.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-022');
  } finally {
    await kubectl(['-n', 'kube-system', 'delete', 'service,pod', name, '--wait=false']);
  }
});

test('one server knows a name and the other says that there is none', async () => {
  await ns.start(
    withServers('of-both', 'None', [failing, dnsServiceAddress]),
    withServers('of-one', 'None', [failing]),
  );
  const report = await dns('of-both', 'db.both.test.');
  const found = report.checks[0]?.findings.find(({ id }) => id === 'NT-DNS-020');
  expect(found?.summary).toMatch(
    /^198\.18\.[\d.]+ answers db\.both\.test\. A with 198\.18\.51\.2, but 198\.19\.0\.10 \(kube-dns\) answers NXDOMAIN/,
  );
  if (found) note(report, found);
  const healthy = await dns('of-one', 'db.both.test.');
  expect(healthy.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-020');
});

/** Starts a name server of the test's own, and gives its address. */
async function ownServer(name: string, lines: string): Promise<string> {
  const [config, server] = nameServer(name, lines);
  if (config === undefined || server === undefined) throw new Error('no name server');
  await ns.apply(config);
  await ns.start(server);
  return (await ns.pod(name)).status.podIP ?? '';
}

describe('NT-DNS-023', () => {
  /** Asks over TCP, and gives what it hears by UDP, whatever its size. */
  const RELAY = `my $s = IO::Socket::INET->new(LocalPort => 53, Proto => "udp") or die;
    while (defined(my $from = $s->recv(my $q, 512))) {
      my $t = IO::Socket::INET->new(PeerAddr => "127.0.0.1:5353", Timeout => 2) or next;
      print $t pack("n", length $q) . $q; $t->flush;
      my $all = ""; my $part;
      while (length $all < 2 || length $all < 2 + unpack("n", $all)) { last unless sysread $t, $part, 65535; $all .= $part }
      close $t; $s->send(substr($all, 2), 0, $from);
    }`;

  test('a large answer in fragments, which are dropped', async () => {
    const answers = Array.from({ length: 110 }, (_, i) => `answer "{{ .Name }} 60 IN A 198.18.51.${i + 1}"`);
    const zone = [
      `template IN A big.test {\n${answers.join('\n')}\n}`,
      'template IN AAAA big.test {\nrcode NOERROR\n}',
      `forward . ${dnsServiceAddress}`,
    ];
    const [config, coredns] = nameServer('large', zone.join('\n'));
    if (config === undefined || coredns === undefined) throw new Error('no name server');
    await ns.apply(JSON.parse(JSON.stringify(config).replace('.:53 {', '.:5353 {')) as typeof config);
    await ns.start(coredns);
    const server = await podNetns(ns.name, 'large');
    const dropped = [
      { make: 'nft add table ip ntfrag', undo: 'nft delete table ip ntfrag' },
      // Before connection tracking puts them together.
      { make: 'nft add chain ip ntfrag c { type filter hook prerouting priority -450 ; }', undo: '' },
      { make: 'nft add rule ip ntfrag c ip frag-off & 0x3fff != 0 drop', undo: '' },
    ];
    await ns.start(withServers('of-large', 'None', [server.address]));
    const client = await podNetns(ns.name, 'of-large');
    const look = async (): Promise<Report> => {
      const report = await dns('of-large', 'big.test.');
      const checks = report.checks.map((check) => ({
        ...check,
        findings: check.findings.filter(({ id }) => id !== 'NT-DNS-010'),
      }));
      return { ...report, checks };
    };
    await withTraffic(server, ['socat', 'TCP-LISTEN:53,fork,reuseaddr', 'TCP:127.0.0.1:5353'], () =>
      withTraffic(server, ['perl', '-MIO::Socket::INET', '-e', RELAY], async () => {
        expectSilence(await look());
        expectFirst(await withFault(client, dropped, look), {
          id: 'NT-DNS-023',
          severity: 'critical',
          says: /answers big\.test\. A over TCP, with 110 addresses \(at least 1\d{3} bytes\), and never over UDP \(\d+ tries\)/,
        });
      }),
    );
  });
});

test('a CoreDNS that has not heard from an API server', async () => {
  // Nobody listens there: after five seconds it serves what it has, which is nothing.
  const zone = '    kubernetes cluster.local {\n        endpoint https://198.51.100.1:1\n    }';
  const server = await ownServer('unheard', `${zone}\n    forward . ${dnsServiceAddress}`);
  await ns.start(withServers('of-unheard', 'None', [server]));
  let report: Report | undefined;
  await until('the server answers', 60, async () => {
    report = await dns('of-unheard', `crowd.${ns.name}.svc.cluster.local.`, 'both.test.');
    const ids = report.checks[0]?.findings.map(({ id }) => id) ?? [];
    return ids.includes('NT-DNS-004') || ids.join(', ');
  });
  if (report === undefined) throw new Error('no report');
  expectFirst(report, {
    id: 'NT-DNS-004',
    severity: 'critical',
    says: /it answers for other names, but for none of the cluster's own: whatever serves these has no data yet/,
  });
});

test('one server asks two in turn that know different zones, and keeps what it hears', async () => {
  const server = await ownServer(
    'of-two-minds',
    `    cache 30\n    forward . ${failing} ${dnsServiceAddress}`,
  );
  await ns.start(withServers('of-disputed', 'None', [server]));
  // Eight answers of a coin: of three names, all alike, one in five hundred.
  let report: Report | undefined;
  for (const name of ['a.both.test', 'b.both.test', 'c.both.test']) {
    report = await dns('of-disputed', name);
    if (report.checks[0]?.findings.some(({ id }) => id === 'NT-DNS-020')) break;
  }
  if (report === undefined) throw new Error('no report');
  const first = expectFirst(report, {
    id: 'NT-DNS-020',
    severity: report.verdict === 'fail' ? 'critical' : 'warning',
    says: /^198\.18\.[\d.]+ answers [abc]\.both\.test\. A with 198\.18\.51\.2, and at another time with NXDOMAIN/,
  });
  expect(first.remediation).toContain('forward');
  expect(report.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-005');
  expect(report.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-013');
  // Its twin asks one of them alone.
  await ns.start(withServers('of-undisputed', 'None', [failing]));
  const healthy = await dns('of-undisputed', 'a.both.test');
  expect(healthy.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-020');
});

describe('Services of the API', () => {
  const web = (name: string): Manifest => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  });

  test('a Service of which a name server has not heard', async () => {
    await ns.apply(web('unheard'), web('heard'));
    await ns.start(pod('web', { labels: { app: 'web' } }));
    const server = await ownServer(
      'behind',
      `    template ANY ANY unheard.${ns.name}.svc.cluster.local {\n        rcode NXDOMAIN\n    }\n    forward . ${dnsServiceAddress}`,
    );
    await ns.start(withServers('of-behind', 'None', [server]));
    // Of a younger one it may be what a cache has kept.
    const made = await ns.kubectl([
      'get',
      'service',
      'unheard',
      '-o',
      'jsonpath={.metadata.creationTimestamp}',
    ]);
    await until('its age', 70, async () => Date.now() - Date.parse(made) > 61_000 || 'too young');
    expectFirst(await dns('of-behind', 'unheard'), {
      id: 'NT-DNS-021',
      severity: 'critical',
      says: /says that unheard\.\S+ does not exist, though the API has Service \S+\/unheard and it knows the API server's own name/,
    });
    const twin = await dns('of-behind', 'heard');
    expect(twin.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-021');
    const service = (name: string): Promise<Report> =>
      checkReport('service', ['of-behind', '-n', ns.name, '--to', `svc/${name}`]);
    expectFirst(await service('unheard'), {
      id: 'NT-SVC-008',
      severity: 'critical',
      says: /svc\/unheard answers by its address, but not by its name .* while the same resolver knows kubernetes\.default\.svc: its name server has not heard of this Service/,
    });
    expectSilence(await service('heard'));
  });

  test('a Service that is younger than a denial in a cache', async () => {
    const server = await ownServer('keeping', `    cache 30\n    forward . ${dnsServiceAddress}`);
    await ns.start(withServers('of-keeping', 'None', [server]));
    expectFirst(await dns('of-keeping', 'young'), {
      id: 'NT-DNS-005',
      severity: 'critical',
      says: /young does not exist/,
    });
    await ns.apply(web('young'));
    const report = await dns('of-keeping', 'young');
    expectInfo(report, 'NT-DNS-021', /^Service \S+\/young was created \d+ s ago, and .* still says?/);
    expect(report.verdict).not.toBe('pass');
    const to = `young.${ns.name}.svc.cluster.local:80`;
    const diagnosed = await checkReport('diagnose', ['of-keeping', '-n', ns.name, '--to', to]);
    expectInfo(diagnosed, 'NT-DNS-021', /^Service \S+\/young was created \d+ s ago/);
    expect(diagnosed.verdict).not.toBe('pass');
    expect(report.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-020');
  });

  test('a headless Service whose first endpoint is younger than a denial in a cache', async () => {
    const server = await ownServer('keeping-heads', `    cache 30\n    forward . ${dnsServiceAddress}`);
    await ns.start(withServers('of-heads', 'None', [server]), pod('head'));
    const headless = (name: string): Manifest => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { clusterIP: 'None', selector: { head: 'yes' }, ports: [{ port: 8080 }] },
    });
    await ns.apply(headless('late'), headless('unasked'));
    expectFirst(await dns('of-heads', 'late'), {
      id: 'NT-DNS-005',
      severity: 'critical',
      says: /late does not exist/,
    });
    await ns.kubectl(['label', 'pod', 'head', 'head=yes']);
    await until('the endpoints', 20, async () => {
      const slices = ['get', 'endpointslices', '-o', 'jsonpath={.items[*].endpoints[*].addresses}'];
      const of = (name: string) =>
        ns.kubectl([...slices, '-l', `kubernetes.io/service-name=${name}`]).then((text) => text.trim());
      return ((await of('late')) !== '' && (await of('unasked')) !== '') || 'none yet';
    });
    const report = await dns('of-heads', 'late');
    const says =
      /^The endpoints of Service \S+\/late, which is headless, changed \d+ s ago, and .* still says?/;
    expectInfo(report, 'NT-DNS-021', says);
    expect(report.verdict).not.toBe('pass');
    const to = ['--to', 'late:8080'];
    const diagnosed = await checkReport('diagnose', ['of-heads', '-n', ns.name, ...to]);
    for (const one of [report, diagnosed])
      expect(JSON.stringify(one.checks.flatMap(({ findings }) => findings))).not.toMatch(/NT-DNS-0(05|20)/);
    // Nobody has asked for its twin before.
    const twin = await dns('of-heads', 'unasked');
    expect(twin.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-021');
  });

  test('a name of another namespace that an expansion of the search list leads elsewhere', async () => {
    const name = 'kube-dns.kube-system';
    const server = await ownServer(
      'astray',
      `    template IN A ${name}.${ns.name}.svc.cluster.local {\n        answer "{{ .Name }} 60 IN A 198.18.51.2"\n    }\n    forward . ${dnsServiceAddress}`,
    );
    await ns.start(withServers('of-astray', 'None', [server]));
    expectFirst(await dns('of-astray', name), {
      id: 'NT-DNS-014',
      severity: 'critical',
      says: /^kube-dns\.kube-system is the name of Service kube-system\/kube-dns \(198\.19\.0\.10.*\), and resolves to 198\.18\.51\.2 as kube-dns\.kube-system\.\S+\.svc\.cluster\.local\., which/,
    });
    const healthy = await dns('client', name);
    expect(healthy.checks[0]?.findings.map(({ id }) => id)).not.toContain('NT-DNS-014');
  });
});

describe('servers', () => {
  const CONFIGS: readonly {
    title: string;
    name: string;
    policy: string;
    servers: () => string[];
    expected: Expected;
  }[] = [
    {
      title: 'a second server is dead',
      name: 'second-dead',
      policy: 'ClusterFirst',
      servers: () => [DEAD],
      expected: {
        id: 'NT-DNS-009',
        severity: 'warning',
        says: /^1 of 2 name servers in resolv\.conf fails: 198\.18\.1\.253 .*; 198\.19\.0\.10 \(kube-dns\) answers/,
      },
    },
    {
      title: "a server is not the cluster's",
      name: 'second-foreign',
      policy: 'ClusterFirst',
      servers: () => [failing],
      expected: {
        id: 'NT-DNS-010',
        severity: 'warning',
        says: /is not the cluster's \(kube-dns: 198\.19\.0\.10\)/,
      },
    },
    {
      title: "no server is the cluster's",
      name: 'only-foreign',
      policy: 'None',
      servers: () => [failing],
      expected: {
        id: 'NT-DNS-010',
        severity: 'warning',
        says: /^None of the name servers .* is the cluster's/,
      },
    },
    {
      title: 'more servers than a resolver uses',
      name: 'four-servers',
      policy: 'ClusterFirst',
      servers: () => [failing, '198.18.1.1', '198.18.2.1'],
      expected: {
        id: 'NT-DNS-010',
        severity: 'warning',
        says: /4 name servers are configured, but a resolver uses only 3: 198\.18\.2\.1 is never queried/,
      },
    },
    {
      title: 'a server is slow',
      name: 'of-slow',
      policy: 'None',
      servers: () => [slow],
      expected: {
        id: 'NT-DNS-011',
        severity: 'critical',
        says: /takes 4\.\d\d s to answer \(median\), p99 4\.\d\d s: 4 of 4 answers/,
      },
    },
  ];

  test.each(CONFIGS)('$title', async ({ name, policy, servers, expected }) => {
    await ns.start(withServers(name, policy, servers()));
    const report = await dns(name);
    const all = report.checks.flatMap((check) => check.findings);
    // Servers that are not the cluster's are a finding of their own beside it.
    expect(all.map(({ id }) => id)).toContain(expected.id);
    if (name !== 'four-servers') expectFirst(report, expected);
    else expect(all.some(({ id, summary }) => id === expected.id && expected.says.test(summary))).toBe(true);
  });
});

describe('what is no fault', () => {
  test.each([
    ['default', 'deploy/web'],
    ['kube-system', 'deploy/coredns'],
    ['locked', 'locked'],
    ['baseline', 'baseline'],
  ])('%s %s', async (namespace, target) => {
    const report = await checkReport('dns', [target, '-n', namespace]);
    expectSilence(report);
    expect(report.verdict).toBe('pass');
  });

  test("a pod in its node's network", async () => {
    expectSilence(await dns('host'));
  });
});
