/** What the API says and what is there, compared: endpoints, addresses and ports that somebody claims; names that go astray. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { dnsServiceAddress, kubeconfig, nodes } from '../cluster/paths.ts';
import { until } from '../cluster/proc.ts';
import { kubectl, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { proxied } from '../e2e/support/services.ts';
import { DEAD, nameServer } from './dns-faults.ts';
import { checkReport, expectFirst, expectInfo, expectSilence, note } from './named.ts';
import { nodeNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-claims');
const node1 = nodeNetns('node1');
/** The node's DNS cache by convention. */
const CACHE = '169.254.20.10';
const BALANCED = '198.51.100.74';
const EXTERNAL = '198.51.100.75';
/** A second address of a node. */
const ELSE = '198.51.100.76';

function service(name: string, spec: object): Manifest {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec };
}

/** A pod that asks this server alone. */
function asker(name: string, server: string, searches: readonly string[] = []): Manifest {
  const dnsConfig = { nameservers: [server], searches };
  return pod(name, { labels: { app: 'asker' }, spec: { nodeName: 'node1', dnsPolicy: 'None', dnsConfig } });
}

beforeAll(async () => {
  await ns.apply(
    ...nameServer(
      'astray',
      `rewrite name regex (.*)\\.corp\\.test {1}.other.test
rewrite name regex (.*)\\.good\\.test {1}.other.test answer auto
template IN A other.test {
  answer "{{ .Name }} 60 IN A 198.18.51.2"
}
template IN AAAA other.test {
  rcode NOERROR
}
forward in-addr.arpa ${DEAD}
forward . ${dnsServiceAddress}`,
    ),
  );
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('shop-a', { labels: { app: 'shop' }, spec: { nodeName: 'node1' } }),
    pod('shop-b', { labels: { app: 'shop' }, spec: { nodeName: 'node2' } }),
    asker('cached', CACHE, [`${ns.name}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local']),
  );
  await ns.kubectl(['wait', '--for=condition=Ready', '--timeout=180s', 'pod/astray']);
  await ns.start(asker('asker', (await ns.pod('astray')).status.podIP ?? ''));
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
  const selector = { app: 'shop' };
  await ns.apply(
    service('shop', { selector, ports }),
    service('claims', { selector, ports, externalIPs: [EXTERNAL] }),
    service('open', { selector, ports, type: 'NodePort' }),
    // kube-proxy's older modes held all such ports open: another one tells a program from that.
    service('other', { selector, ports, type: 'NodePort' }),
    service('balanced', { selector, ports, type: 'LoadBalancer' }),
  );
  const status = { loadBalancer: { ingress: [{ ip: BALANCED }] } };
  await ns.kubectl([
    'patch',
    'service',
    'balanced',
    '--subresource=status',
    '-p',
    JSON.stringify({ status }),
  ]);
  for (const name of ['shop', 'claims', 'open', 'balanced']) await proxied(ns, name, 2);
});

const diagnosed = (to: string): Promise<Report> =>
  checkReport('diagnose', ['client', '-n', ns.name, '--to', to]);
const dns = (target: string, ...names: string[]): Promise<Report> =>
  checkReport('dns', [target, '-n', ns.name, ...names]);
/** Whether one is among the findings, of whatever severity. */
const hasFound = (report: Report, id: string): boolean =>
  report.checks.some(({ findings }) => findings.some((one) => one.id === id));

describe('NT-SVC-022', () => {
  test('a Service that lost its selector keeps an endpoint whose pod is gone', async () => {
    expectSilence(await diagnosed('svc/shop:80'));
    await ns.kubectl([
      'patch',
      'service',
      'shop',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/spec/selector"}]',
    ]);
    await until('the slice of nobody', 30, async () => {
      const text = await ns.kubectl([
        'get',
        'endpointslices',
        '-l',
        'kubernetes.io/service-name=shop',
        '-o',
        'name',
      ]);
      return text.trim().split('\n').length === 2 || text;
    });
    await ns.kubectl(['delete', 'pod', 'shop-b', '--now']);
    const report = await diagnosed('svc/shop:80');
    expectFirst(report, {
      id: 'NT-SVC-022',
      severity: 'critical',
      says: /svc\/shop:80 leads to pod shop-b \(.*\) \(.*\), and there is no such pod: EndpointSlice shop-\S+ still lists it as ready, and the Service has no selector/,
    });
    // It is one endpoint, whatever number of slices has it.
    const own = problems(report).filter(({ id }) => id === 'NT-SVC-022');
    expect(own).toHaveLength(1);
    await ns.kubectl(['patch', 'service', 'shop', '-p', '{"spec":{"selector":{"app":"shop"}}}']);
    await proxied(ns, 'shop', 1);
    expectSilence(await diagnosed('svc/shop:80'));
    await ns.start(pod('shop-b', { labels: { app: 'shop' }, spec: { nodeName: 'node2' } }));
    await proxied(ns, 'shop', 2);
  });
});

describe('NT-SVC-023', () => {
  test("an external IP that is a host's own address", async () => {
    const steps = [
      { make: `ip addr add ${EXTERNAL}/32 dev eth0`, undo: `ip addr del ${EXTERNAL}/32 dev eth0` },
    ];
    await withFault(nodeNetns('node2'), steps, async () => {
      const report = await diagnosed(`${EXTERNAL}:80`);
      expectSilence(report);
      expectInfo(
        report,
        'NT-SVC-023',
        /is an external IP of svc\/claims \(externalIPs\): what answered is one of its 2 ready endpoints/,
      );
    });
  });

  test.each([
    ['an external IP', EXTERNAL],
    ["a load balancer's address", BALANCED],
  ])('%s for which nobody answers on the link of a node, asked from the node', async (_what, address) => {
    const report = await checkReport('diagnose', ['node/node1', '-n', ns.name, '--to', `${address}:80`]);
    expectSilence(report);
    expect(report.verdict).toBe('pass');
    expect(hasFound(report, 'NT-ARP-002')).toBe(false);
  });

  test("not told of a load balancer's address", async () => {
    expect(hasFound(await diagnosed(`${BALANCED}:80`), 'NT-SVC-023')).toBe(false);
  });
});

describe('NT-SVC-024', () => {
  test('a program of the node on the NodePort of a Service', async () => {
    const sockets = (): Promise<Report> => checkReport('sockets', ['node/node1', '-n', ns.name]);
    const port = await ns.kubectl(['get', 'service', 'open', '-o', 'jsonpath={.spec.ports[0].nodePort}']);
    expectSilence(await sockets());
    const { netns = '' } = nodes.find(({ name }) => name === 'node1') ?? {};
    /** While a program of the node listens on this port, at one of its addresses or at all of them. */
    const listening = (address: string, work: () => Promise<void>): Promise<void> => {
      const program = `my $l = IO::Socket::INET->new(LocalAddr => "${address}", LocalPort => ${port}, Listen => 5, ReuseAddr => 1) or die; sleep 120`;
      return withTraffic(`/run/netns/${netns}`, ['perl', '-MIO::Socket::INET', '-e', program], async () => {
        await until(
          'the program',
          30,
          async () => (await node1.run('ss', '-Hlnt', `sport = :${port}`)).includes(port) || 'nobody listens',
        );
        await work();
      });
    };
    await listening('0.0.0.0', async () => {
      expectFirst(await sockets(), {
        id: 'NT-SVC-024',
        severity: 'warning',
        says: new RegExp(
          `listens on TCP ${port} of the node, and that is the NodePort of svc/open\\.${ns.name}: `,
        ),
      });
    });
    // kube-proxy in nftables mode serves NodePorts at the node's first address alone (--nodeport-addresses: primary).
    const other = [{ make: `ip addr add ${ELSE}/32 dev lo`, undo: `ip addr del ${ELSE}/32 dev lo` }];
    await withFault(node1, other, () => listening(ELSE, async () => expectSilence(await sockets())));
  });
});

test('NT-SVC-015: all nodes have the label by which load balancers pass over them', async () => {
  const label = 'node.kubernetes.io/exclude-from-external-load-balancers';
  const outside = (): Promise<Report> =>
    checkReport('firewall', ['local', '--kubeconfig', kubeconfig, '--to', `${BALANCED}:80`]);
  const says =
    /nobody announces it on this link: .*; all 2 nodes have the label node\.kubernetes\.io\/exclude-/;
  await kubectl(['label', 'node', '--all', `${label}=`]);
  try {
    expectFirst(await outside(), { id: 'NT-SVC-015', severity: 'critical', says });
  } finally {
    await kubectl(['label', 'node', '--all', `${label}-`]);
  }
  expect(problems(await outside())[0]?.summary).not.toMatch(/exclude-from/);
});

describe('NT-DNS-024', () => {
  test('a rewrite that does not write the answer back', async () => {
    expectSilence(await dns('client'));
    const report = await dns('asker', 'api.corp.test');
    const said = report.checks[0]?.findings.find(({ id }) => id === 'NT-DNS-024');
    expect(said?.severity).toBe('critical');
    if (said) note(report, said);
    expect(said?.summary).toMatch(
      /answers for api\.corp\.test\. with 198\.18\.51\.2 of api\.other\.test\., another name than was asked: getaddrinfo of the target takes none of it/,
    );
  });

  test('no fault: one that writes it back', async () => {
    expect(hasFound(await dns('asker', 'api.good.test'), 'NT-DNS-024')).toBe(false);
  });
});

describe('NT-DNS-025', () => {
  test('nobody answers for the reverse zone', async () => {
    const { node, address } = await podNetns(ns.name, 'astray');
    const silent = [
      { make: 'nft add table ip claims', undo: 'nft delete table ip claims' },
      { make: 'nft add chain ip claims in { type filter hook prerouting priority -310 ; }', undo: '' },
      { make: `nft add rule ip claims in ip saddr ${address} ip daddr ${DEAD} counter drop`, undo: '' },
    ];
    await withFault(node, silent, async () => {
      const report = await dns('asker', 'api.good.test');
      const said = report.checks[0]?.findings.find(({ id }) => id === 'NT-DNS-025');
      expect(said?.summary).toMatch(/answers names, and none of 2 questions for the name of 198\.18\.\S+, /);
      if (said) note(report, said);
    });
    expect(hasFound(await dns('client'), 'NT-DNS-025')).toBe(false);
  });
});

describe("NT-DNS-008 of a node's DNS cache", () => {
  test('a policy that allows the DNS pods alone', async () => {
    const cached = await podNetns(ns.name, 'cached');
    const dnsPods = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } };
    await ns.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'dns-alone' },
      spec: {
        podSelector: { matchLabels: { app: 'asker' } },
        policyTypes: ['Egress'],
        egress: [
          {
            to: [dnsPods],
            ports: [
              { port: 53, protocol: 'UDP' },
              { port: 53, protocol: 'TCP' },
            ],
          },
        ],
      },
    });
    const rules = (name: string, priority: number, verdict: string) => [
      { make: `nft add table ip ${name}`, undo: `nft delete table ip ${name}` },
      {
        make: `nft add chain ip ${name} in { type ${verdict.startsWith('dnat') ? 'nat' : 'filter'} hook prerouting priority ${priority} ; }`,
        undo: '',
      },
      ...['udp', 'tcp'].map((protocol) => ({
        make: `nft add rule ip ${name} in ip saddr ${cached.address} ip daddr ${CACHE} ${protocol} dport 53 counter ${verdict}`,
        undo: '',
      })),
    ];
    // A server of the cluster stands in for the cache: who answers there is all the same.
    const servers = ['-n', 'kube-system', 'get', 'pods', '-l', 'k8s-app=kube-dns'];
    const server = await kubectl([...servers, '-o', 'jsonpath={.items[0].status.podIP}']);
    await withFault(node1, rules('claimcache', -110, `dnat to ${server}`), async () => {
      expect(hasFound(await dns('cached'), 'NT-DNS-008')).toBe(false);
      await withFault(node1, rules('claimdeny', -310, 'drop'), async () => {
        expectFirst(await checkReport('diagnose', ['cached', '-n', ns.name]), {
          id: 'NT-DNS-008',
          severity: 'critical',
          says: /NetworkPolicies do not allow UDP 53 to 169\.254\.20\.10 \(egress of \S+\/dns-alone\), .* is the node's own DNS cache/,
        });
      });
    });
    await ns.kubectl(['delete', 'networkpolicy', 'dns-alone']);
  });
});
