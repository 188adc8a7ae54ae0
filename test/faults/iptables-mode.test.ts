/**
 * kube-proxy in iptables mode on one node: Services of all kinds are healthy there, and their faults are named as in the
 * cluster's own nftables mode, though the rules are others. The other node keeps its mode, as in a cluster that changes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { nodes } from '../cluster/paths.ts';
import { until } from '../cluster/proc.ts';
import { iptablesMode } from '../cluster/proxy-mode.ts';
import { nettools } from '../e2e/support/cli.ts';
import { hostPod, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems, validReport } from '../e2e/support/report.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, expectFirst, expectSilence } from './named.ts';
import { nodeAddress, nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';

const ns = testNamespace('f-iptables');
const node1 = nodeNetns('node1');
/** Documentation ranges: a load balancer's address and an external IP, which kube-proxy leads to the endpoints. */
const BALANCER = '203.0.113.60';
const EXTERNAL = '203.0.113.61';
/** Longer than kube-proxy may take to hear of an endpoint. */
const SETTLED_MS = 22_000;

let back: (() => Promise<void>) | undefined;
let shopB: PodNetns;
let ready: number;

const PORTS = [{ name: 'http', port: 80, targetPort: 8080 }];

function svc(name: string, spec: object = {}): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: 'shop' }, ports: PORTS, ...spec },
  };
}

beforeAll(async () => {
  const [first] = nodes;
  if (first === undefined) throw new Error('the cluster has no node');
  back = await iptablesMode(first);
  const on = (name: string, nodeName: string, labels: object = { app: name }) =>
    pod(name, { labels, spec: { nodeName } });
  await ns.start(
    on('client', 'node1'),
    on('client-far', 'node2'),
    on('shop-a', 'node1', { app: 'shop' }),
    on('shop-b', 'node2', { app: 'shop' }),
    on('alone', 'node2'),
    hostPod('host', 'node1'),
  );
  await ns.apply(
    svc('shop'),
    svc('typo', { selector: { app: 'shpo' } }),
    svc('headless', { clusterIP: 'None', ports: [{ name: 'http', port: 8080, targetPort: 8080 }] }),
    svc('sticky', { sessionAffinity: 'ClientIP' }),
    svc('local', { internalTrafficPolicy: 'Local' }),
    svc('open', { type: 'NodePort' }),
    svc('nobody', { type: 'NodePort', selector: { app: 'shpo' } }),
    svc('kept', { type: 'NodePort', externalTrafficPolicy: 'Local', selector: { app: 'alone' } }),
    svc('balanced', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }),
    svc('ranges', { type: 'LoadBalancer', loadBalancerSourceRanges: ['203.0.113.0/28'] }),
    svc('external', { externalIPs: [EXTERNAL] }),
    svc('two', { ports: [...PORTS, { name: 'admin', port: 8081, targetPort: 'http' }] }),
    svc('alias', { type: 'ExternalName', externalName: `shop.${ns.name}.svc.cluster.local`, selector: null }),
  );
  for (const [name, ip] of [
    ['balanced', BALANCER],
    ['ranges', '203.0.113.62'],
  ] as const) {
    const status = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip }] } } });
    await ns.kubectl(['patch', 'service', name, '--subresource=status', '--type=merge', '-p', status]);
  }
  for (const name of ['shop', 'open', 'balanced', 'external', 'two']) await proxied(ns, name, 2);
  await proxied(ns, 'kept', 1);
  for (const name of ['typo', 'nobody']) await proxied(ns, name, 0);
  ready = performance.now();
  shopB = await podNetns(ns.name, 'shop-b');
});

afterAll(async () => {
  await back?.();
});

const service = (to: string, target = 'client'): Promise<Report> =>
  checkReport('service', [target, '-n', ns.name, '--to', to]);

const firewall = (to: string, target: string): Promise<Report> =>
  checkReport('firewall', [target, '-n', ns.name, '--to', to]);

const portOf = (name: string): Promise<string> =>
  ns.kubectl(['get', 'service', name, '-o', 'jsonpath={.spec.ports[0].nodePort}']);

const addressOf = (name: string): Promise<string> =>
  ns.kubectl(['get', 'service', name, '-o', 'jsonpath={.spec.clusterIP}']);

/** All rules of a table that name something, as iptables-save has them. */
async function rulesOf(mark: string, table = 'nat'): Promise<string[]> {
  const saved = await node1.run('iptables-save', '-t', table);
  return saved.split('\n').filter((line) => line.startsWith('-A ') && line.includes(mark));
}

/** The rule that leads the cluster IP of the Service to its chain. */
async function leadingRule(): Promise<string> {
  const all = await rulesOf(`"${ns.name}/shop:http cluster IP"`);
  return all.find((rule) => rule.startsWith('-A KUBE-SERVICES ')) ?? '';
}

/** Changes rules of the table nat as one. */
const restore = (...lines: readonly string[]): Promise<string> =>
  node1.run('bash', '-c', 'printf "%s\\n" "$@" | iptables-restore -n', 'sh', '*nat', ...lines, 'COMMIT');

test('the node has rules of iptables mode alone', async () => {
  expect((await node1.attempt('nft', 'list', 'table', 'ip', 'kube-proxy')).code).not.toBe(0);
  expect(await leadingRule()).toContain('-j KUBE-SVC-');
});

describe('healthy', () => {
  const named = (one: string): string => `svc/${one.replace(':', `.${ns.name}:`)}`;
  const nodePort = async (node: string): Promise<string> => `${nodeAddress(node)}:${await portOf('open')}`;
  const ALL = ['shop:80', 'sticky:80', 'two:admin', 'local:80'].map(named);
  const ALIASES = ['headless:8080', 'alias:80'].map(named);

  test.each([
    { target: 'client' },
    { target: 'client-far' },
    { target: 'shop-a' },
    // A node's own resolver knows no name of the cluster.
    { target: 'host', isBlind: true },
    { target: 'node/node1', isBlind: true },
    { target: 'node/node2', isBlind: true },
  ])(
    '$target to Services of every kind, NodePorts of both nodes, and addresses from outside',
    async (source) => {
      const { target, isBlind = false } = source as { target: string; isBlind?: boolean };
      const to = [
        ...ALL,
        ...(isBlind ? [] : ALIASES),
        await nodePort('node1'),
        await nodePort('node2'),
        `${BALANCER}:80`,
        `${EXTERNAL}:80`,
      ];
      const { stdout, stderr, code } = await nettools([
        ...['diagnose', target, '-n', ns.name, '--to', to.join(',')],
        ...['-o', 'json'],
      ]);
      expect(stdout, stderr).toMatch(/^\{/);
      const report = validReport(JSON.parse(stdout));
      expect(problems(report).map((f) => `${f.id} ${f.summary}`)).toEqual([]);
      expect({ verdict: report.verdict, code }).toEqual({ verdict: 'pass', code: 0 });
    },
  );
});

test('NT-SVC-001: a Service without endpoints, and its NodePort', async () => {
  expectFirst(await service('svc/typo'), {
    id: 'NT-SVC-001',
    severity: 'critical',
    says: /svc\/typo has no ready endpoint: no pod matches its selector app=shpo; connecting to it ends with "Connection refused"/,
  });
  expectFirst(await firewall(`${nodeAddress('node1')}:${await portOf('nobody')}`, 'client'), {
    id: 'NT-SVC-001',
    severity: 'critical',
    says: /is the NodePort of svc\/nobody on node1, which has no ready endpoint/,
  });
});

test('NT-SVC-007: 1 of 2 endpoints is silent', async () => {
  const steps = [
    { make: 'nft add table ip ntfsvc', undo: 'nft delete table ip ntfsvc' },
    { make: 'nft add chain ip ntfsvc c { type filter hook input priority -300 ; }', undo: '' },
    { make: 'nft add rule ip ntfsvc c tcp dport 8080 drop', undo: '' },
  ];
  const report = await withFault(shopB, steps, () => service('svc/shop'));
  expectFirst(report, {
    id: 'NT-SVC-007',
    severity: 'critical',
    says: /1 of 2 endpoints of svc\/shop fails: pod shop-b \(198[.\d]+:8080\): no answer within/,
  });
});

describe('NT-SVC-009: stale rules', () => {
  const settled = (): Promise<void> =>
    new Promise((done) => setTimeout(done, Math.max(0, ready + SETTLED_MS - performance.now())));
  const FORGET = ['conntrack', '-D', '-p', 'tcp', '-d'];

  test('lead to an endpoint that is gone', async () => {
    await settled();
    const [rule = ''] = (await rulesOf(`"${ns.name}/shop:http"`)).filter((line) =>
      line.includes(`--to-destination ${shopB.address}:8080`),
    );
    const gone = rule.replace(`${shopB.address}:8080`, '198.18.2.250:8080');
    const swap = (from: string, to: string) => restore(from.replace('-A ', '-D '), to);
    await swap(rule, gone);
    try {
      for (const target of ['node/node1', 'host']) {
        expectFirst(await service('svc/shop', target), {
          id: 'NT-SVC-009',
          severity: 'critical',
          says: /kube-proxy's rules on node1 \(iptables mode\) send svc\/shop to 198\.18\.2\.250:8080, no endpoint of it and lack 198\.18\.2\.\d+:8080, a ready endpoint of svc\/shop/,
        });
      }
    } finally {
      await swap(gone, rule);
      await node1.attempt(...FORGET, await addressOf('shop'));
    }
    expectSilence(await service('svc/shop', 'node/node1'));
  });

  test('lack the Service', async () => {
    await settled();
    const rule = await leadingRule();
    await restore(rule.replace('-A ', '-D '));
    try {
      expectFirst(await service('svc/shop', 'node/node1'), {
        id: 'NT-SVC-009',
        severity: 'critical',
        says: /^kube-proxy's rules on node1 \(iptables mode\) lack svc\/shop \(198\.19[.\d]+:80\/tcp\), though it has 2 ready endpoints/,
      });
      // A pod sees no rules of its node.
      expectFirst(await service('svc/shop'), {
        id: 'NT-SVC-003',
        severity: 'critical',
        says: /2 of 2 endpoints of svc\/shop answer, but \d+ of \d+ connections to its cluster IP/,
      });
    } finally {
      await restore(rule.replace('-A KUBE-SERVICES', '-I KUBE-SERVICES 1'));
      await node1.attempt(...FORGET, await addressOf('shop'));
    }
    await until('svc/shop', 30, async () => {
      const report = await service('svc/shop', 'node/node1');
      return problems(report).length === 0 || problems(report)[0]?.summary || 'a finding';
    });
  });
});

test('NT-SVC-011: externalTrafficPolicy Local on a node without an endpoint', async () => {
  const to = `${nodeAddress('node1')}:${await portOf('kept')}`;
  expectFirst(await firewall(to, 'node/node2'), {
    id: 'NT-SVC-011',
    severity: 'critical',
    says: /is the NodePort of svc\/kept on node1, whose externalTrafficPolicy is Local, and its 1 ready endpoint is on node2, none on node1: node1 drops what comes from outside/,
  });
  expectFirst(await service('svc/kept', 'node/node1'), {
    id: 'NT-SVC-011',
    severity: 'warning',
    says: /svc\/kept has externalTrafficPolicy Local, and its 1 ready endpoint is on node2, none on node1/,
  });
  expectSilence(await service('svc/kept', 'node/node2'));
});

test('a NodePort at an address of the node that is not its first is served, as iptables mode does', async () => {
  const port = await portOf('open');
  const second = [
    { make: 'ip address add 198.51.100.212/32 dev lo', undo: 'ip address del 198.51.100.212/32 dev lo' },
  ];
  expectSilence(await withFault(node1, second, () => firewall(`198.51.100.212:${port}`, 'node/node1')));
});

test('NT-SVC-016: a load balancer that takes other clients', async () => {
  expectFirst(await firewall('203.0.113.62:80', 'client'), {
    id: 'NT-SVC-016',
    severity: 'critical',
    says: /./,
  });
});
