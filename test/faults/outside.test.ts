/** Ways into Services from outside of the cluster, and connections that stay at one endpoint: made for real, named by the built binary. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { bridge, kubeconfig } from '../cluster/paths.ts';
import { attempt, run, until } from '../cluster/proc.ts';
import { app, type Manifest, pod, testNamespace } from '../e2e/support/cluster.ts';
import { problems } from '../e2e/support/report.ts';
import { proxied } from '../e2e/support/services.ts';
import { checkReport, expectFirst, expectInfo, expectSilence } from './named.ts';
import { nodeAddress, nodeNetns, type PodNetns, podNetns, withFault } from './pod-netns.ts';
import { withTraffic } from './traffic.ts';

const ns = testNamespace('f-outside');
const node1 = nodeNetns('node1');
/** On the link of the nodes, and nobody's. */
const BALANCED = '198.51.100.73';

let client: PodNetns;
let shops: readonly PodNetns[];

const web = [{ name: 'http', port: 80, targetPort: 8080 }];

function service(name: string, spec: object): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: 'shop' }, ...spec },
  };
}

beforeAll(async () => {
  await ns.start(
    pod('client', { spec: { nodeName: 'node1' } }),
    pod('shop-a', { labels: { app: 'shop' }, spec: { nodeName: 'node1' } }),
    pod('shop-b', { labels: { app: 'shop' }, spec: { nodeName: 'node2' } }),
  );
  await ns.apply(
    service('balanced', { type: 'LoadBalancer', ports: web }),
    service('pending', { type: 'LoadBalancer', ports: web }),
    service('kept', { ports: [{ name: 'http', port: 80, targetPort: 8081 }] }),
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
  for (const name of ['balanced', 'kept']) await proxied(ns, name, 2);
  client = await podNetns(ns.name, 'client');
  shops = [await podNetns(ns.name, 'shop-a'), await podNetns(ns.name, 'shop-b')];
});

/** With the cluster that the flags name. Of this machine one check: what else its links and sockets do is not the test's. */
const outside = (to: string): Promise<Report> =>
  checkReport('firewall', ['local', '--kubeconfig', kubeconfig, '--to', to]);
const inside = (to: string): Promise<Report> =>
  checkReport('diagnose', ['client', '-n', ns.name, '--to', to]);

async function patched<T>(spec: object, undo: object, work: () => Promise<T>): Promise<T> {
  const patch = (value: object) =>
    ns.kubectl(['patch', 'service', 'balanced', '-p', JSON.stringify({ spec: value })]);
  await patch(spec);
  try {
    return await work();
  } finally {
    await patch(undo);
  }
}

/** Whether kube-proxy of the client's node has a line. */
async function hasRule(pattern: RegExp): Promise<boolean> {
  return pattern.test(await node1.run('nft', 'list', 'table', 'ip', 'kube-proxy'));
}

describe('NT-SVC-015', () => {
  test('a load-balancer address that nobody announces', async () => {
    const report = await outside(`${BALANCED}:80`);
    expectFirst(report, {
      id: 'NT-SVC-015',
      severity: 'critical',
      says: /is the load balancer's address of svc\/balanced\.\S+, and nobody announces it on this link/,
    });
    expect(report.verdict).toBe('fail');
  });

  test('silence where a node announces it, and the cluster is not asked where no flag names one', async () => {
    const steps = [
      { make: `ip addr add ${BALANCED}/32 dev eth0`, undo: `ip addr del ${BALANCED}/32 dev eth0` },
    ];
    await withFault(nodeNetns('node2'), steps, async () => {
      const report = await outside(`${BALANCED}:80`);
      expectSilence(report);
      expectInfo(
        report,
        'NT-SVC-017',
        /its pods see an address of the node that takes the packets as the client/,
      );
      const unnamed = await checkReport('firewall', ['local', '--to', `${BALANCED}:80`]);
      expect(JSON.stringify(unnamed)).not.toMatch(/svc\/balanced/);
    });
  });

  test('a port that the Service does not have', async () => {
    expectFirst(await inside(`${BALANCED}:81`), {
      id: 'NT-SVC-015',
      severity: 'critical',
      says: /is the load balancer's address of svc\/balanced, and the Service has no port 81, .* it has 80\/TCP/,
    });
    expectSilence(await inside(`${BALANCED}:80`));
  });
});

test('NT-SVC-016: clients that the Service does not take', async () => {
  const ranges = (...all: string[]) => ({ loadBalancerSourceRanges: all });
  await patched(ranges('203.0.113.0/24'), { loadBalancerSourceRanges: null }, async () => {
    await until(
      'the rule',
      60,
      async () => (await hasRule(/saddr != 203\.0\.113\.0\/24 drop/)) || 'not there',
    );
    expectFirst(await inside(`${BALANCED}:80`), {
      id: 'NT-SVC-016',
      severity: 'critical',
      says: /takes clients of 203\.0\.113\.0\/24 alone \(loadBalancerSourceRanges\), and the target sends from 198\.18\.1\./,
    });
  });
  await patched(ranges('198.18.0.0/16'), { loadBalancerSourceRanges: null }, async () => {
    await until(
      'the rule',
      60,
      async () => (await hasRule(/saddr != 198\.18\.0\.0\/16 drop/)) || 'not there',
    );
    expectSilence(await inside(`${BALANCED}:80`));
  });
});

test('NT-SVC-017: whom the pods of a NodePort see', async () => {
  const port = await ns.kubectl(['get', 'service', 'balanced', '-o', 'jsonpath={.spec.ports[0].nodePort}']);
  const to = `${nodeAddress('node2')}:${port}`;
  const report = await outside(to);
  expectSilence(report);
  expectInfo(
    report,
    'NT-SVC-017',
    /is the NodePort of svc\/balanced\.\S+ on node2: its pods see an address of node2 as the client/,
  );
  await patched({ externalTrafficPolicy: 'Local' }, { externalTrafficPolicy: 'Cluster' }, async () => {
    const local = await outside(to);
    expectSilence(local);
    expect(JSON.stringify(local)).not.toMatch(/NT-SVC-017/);
  });
});

test('NT-SVC-017: a NetworkPolicy that lets in the client, and sees the node', async () => {
  const port = await ns.kubectl(['get', 'service', 'balanced', '-o', 'jsonpath={.spec.ports[0].nodePort}']);
  const to = `${nodeAddress('node2')}:${port}`;
  const pods = shops.map(({ address }) => address).join(',');
  // What an agent of the policy would write: the cluster has none.
  const steps = [
    { make: 'nft add table ip ntfpol', undo: 'nft delete table ip ntfpol' },
    { make: 'nft add chain ip ntfpol c { type filter hook postrouting priority 200 ; }', undo: '' },
    {
      make: `nft add rule ip ntfpol c ip daddr {${pods}} tcp dport 8080 ip saddr != ${bridge.address} drop`,
      undo: '',
    },
  ];
  const policy = (cidr: string): Manifest => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'clients' },
    spec: { podSelector: { matchLabels: { app: 'shop' } }, ingress: [{ from: [{ ipBlock: { cidr } }] }] },
  });
  await ns.apply(policy(`${bridge.address}/32`));
  await withFault(nodeNetns('node2'), steps, async () => {
    expectFirst(await outside(to), {
      id: 'NT-SVC-017',
      severity: 'critical',
      says: /its pods see an address of node2 as the client .*: NetworkPolicy \S+\/clients lets in \S+, from which the target sends, and not /,
    });
  });
  await ns.apply(policy('198.51.100.0/24'));
  expectSilence(await outside(to));
  await ns.kubectl(['delete', 'networkpolicy', 'clients']);
});

describe('NT-SVC-021: an endpoint answers a pod straight', () => {
  const portOf = (): Promise<string> =>
    ns.kubectl(['get', 'service', 'balanced', '-o', 'jsonpath={.spec.ports[0].nodePort}']);

  /** Each connection is led to one of two endpoints by chance: of few, all may get to the one that works. */
  async function lossy(to: string): Promise<Report> {
    const report = await inside(to);
    return report.verdict === 'pass' ? inside(to) : report;
  }

  /** The first line is the same, whatever became of the firewall check's one connection. */
  function expectStraight(report: Report, says: RegExp): void {
    expectFirst(report, { id: 'NT-SVC-021', severity: 'critical', says });
    const roots = problems(report).filter(({ causedBy }) => causedBy === undefined);
    expect(roots.map(({ id }) => id)).toEqual(['NT-SVC-021']);
  }

  test('a NodePort of policy Local, asked from a pod', async () => {
    const to = `${nodeAddress('node2')}:${await portOf()}`;
    await patched({ externalTrafficPolicy: 'Local' }, { externalTrafficPolicy: 'Cluster' }, async () => {
      await until('the rule', 60, async () => {
        const rules = await nodeNetns('node2').run('nft', 'list', 'table', 'ip', 'kube-proxy');
        return (
          /ip saddr 198\.18\.0\.0\/16 goto service-\S+\/balanced\/.*short-circuit/.test(rules) || 'not there'
        );
      });
      for (let round = 0; round < 3; round++)
        expectStraight(
          await lossy(to),
          /it is the NodePort of svc\/balanced on node2, with externalTrafficPolicy Local, and kube-proxy takes pods for clients of the inside: .* the endpoint on node1, the target's own node, is answered to the target directly, .* 198\.18\.1\.\d+:8080 answered \S+ connections? of the run so/,
        );
      // Who may not listen is told what may be.
      const blind = await checkReport('diagnose', [
        ...['client', '-n', ns.name, '--to', to, '--profile', 'restricted'],
      ]);
      const told = problems(blind).find(({ id }) => id === 'NT-LAT-002');
      expect(told?.summary).toMatch(/while the others did: .*: it is the NodePort of svc\/balanced on node2/);
      expect(problems(blind).find(({ id }) => id === 'NT-FW-001')?.causedBy ?? 'NT-LAT-002').toBe(
        'NT-LAT-002',
      );
    });
    await until('the rule', 60, async () => {
      const rules = await nodeNetns('node2').run('nft', 'list', 'table', 'ip', 'kube-proxy');
      return !/goto service-\S+\/balanced\/.*short-circuit/.test(rules) || 'still there';
    });
    expectSilence(await inside(to));
  });

  test('a node that does not masquerade what it leads on', async () => {
    const to = `${nodeAddress('node2')}:${await portOf()}`;
    // Of this client alone: kube-proxy masquerades by the mark, in a chain of the same hook.
    const steps = [
      { make: 'nft add table ip ntnomasq', undo: 'nft delete table ip ntnomasq' },
      { make: 'nft add chain ip ntnomasq c { type filter hook postrouting priority 99 ; }', undo: '' },
      { make: `nft add rule ip ntnomasq c ip saddr ${client.address} meta mark set 0`, undo: '' },
    ];
    expectStraight(
      await withFault(nodeNetns('node2'), steps, () => lossy(to)),
      /the NodePort of svc\/balanced on node2, which does not masquerade what it leads on for pods: what node2 leads to the endpoint on node1, the target's own node, is answered to the target directly/,
    );
    expectSilence(await inside(to));
  });

  test('a load balancer that leads back to where the pod is', async () => {
    const address = '198.51.100.74';
    const name = 'ntbalancer';
    const own = (words: string): string => `ip netns exec ${name} ${words}`;
    const gateways = ['node1', 'node2'].map(
      (node, i) => [`198.18.${i + 1}.0/24`, nodeAddress(node)] as const,
    );
    const status = (ingress: object) =>
      ns.kubectl([
        ...['patch', 'service', 'balanced', '--subresource=status', '-p'],
        JSON.stringify({ status: { loadBalancer: { ingress: [ingress] } } }),
      ]);
    const make = [
      `ip netns add ${name}`,
      `ip link add ${name} type veth peer name eth0 netns ${name}`,
      `ip link set ${name} master ${bridge.name} up`,
      own('ip link set eth0 up'),
      own(`ip addr add ${address}/24 dev eth0`),
      ...gateways.map(([range, via]) => own(`ip route add ${range} via ${via}`)),
      own(
        'sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0',
      ),
      own('nft add table ip lb'),
      own('nft add chain ip lb in { type nat hook prerouting priority -100 ; }'),
      own('nft add chain ip lb out { type nat hook postrouting priority 100 ; }'),
      own(`nft add rule ip lb in tcp dport 80 dnat to ${nodeAddress('node1')}:${await portOf()}`),
    ];
    try {
      for (const command of make) await run(command.split(' '));
      await status({ ip: address, ipMode: 'Proxy' });
      // The view of the API server is what both see.
      expectStraight(
        await inside(`${address}:80`),
        /it is the load balancer's address of svc\/balanced, which takes connections itself \(ipMode Proxy\) and keeps the addresses of clients: what it leads back into the cluster is answered to the target directly, .* 198\.51\.100\.11:\d+ answered \S+ connections? of the run so/,
      );
      // With an address of its own in place of the client's, answers come back to it.
      await run(own('nft add rule ip lb out masquerade').split(' '));
      expectSilence(await inside(`${address}:80`));
    } finally {
      await attempt(['ip', 'netns', 'delete', name]);
      await attempt(['ip', 'link', 'delete', name]);
      await status({ ip: BALANCED });
    }
  });
});

/** Answers each request on whatever connection it comes by. */
const SERVER = 'require("node:http").createServer((asked, answer) => answer.end("ok")).listen(8081)';
/** Asks five times a second by a number of connections. */
const CLIENT = `
const http = require('node:http');
const [host, count] = process.argv.slice(1);
const agent = new http.Agent({ keepAlive: true, maxSockets: Number(count) });
const headers = { filler: 'x'.repeat(500) };
const ask = () =>
  http.get({ host, agent, headers }, (answer) => answer.resume().on('end', () => setTimeout(ask, 200)));
for (let i = 0; i < Number(count); i++) ask();
`;

describe('NT-SVC-018', () => {
  async function asking(connections: number): Promise<Report> {
    const address = await ns.kubectl(['get', 'service', 'kept', '-o', 'jsonpath={.spec.clusterIP}']);
    const [a, b] = shops as [PodNetns, PodNetns];
    const node = process.execPath;
    return withTraffic(a, [node, '-e', SERVER], () =>
      withTraffic(b, [node, '-e', SERVER], async () => {
        await until('the servers', 60, async () => {
          const tries = await Promise.all(
            [a, b].map((one) =>
              client.attempt('curl', '-s', '-o', '/dev/null', `http://${one.address}:8081/`),
            ),
          );
          return tries.every(({ code }) => code === 0) || 'no answer';
        });
        return withTraffic(client, [node, '-e', CLIENT, address, String(connections)], async () => {
          await until('the connections', 60, async () => {
            const shown = await client.run('ss', '-tinH', 'dst', `${address}:80`);
            const sent = [...shown.matchAll(/bytes_acked:(\d+)/g)].filter(
              ([, bytes]) => Number(bytes) > 2000,
            );
            return sent.length === connections || `${sent.length} connections`;
          });
          return inside('svc/kept:80');
        });
      }),
    );
  }

  test('one connection, two endpoints', async () => {
    const report = await asking(1);
    expectSilence(report);
    expectInfo(
      report,
      'NT-SVC-018',
      /^1 connection carries all that the target sends to svc\/kept:80, which has 2 endpoints: at least 1 of them gets nothing from it/,
    );
  });

  test('silence with as many connections as endpoints', async () => {
    expect(JSON.stringify(await asking(2))).not.toMatch(/NT-SVC-018/);
  });
});

test('NT-SVC-019: a load balancer that nobody gives an address', async () => {
  await until('the age', 90, async () => {
    const made = await ns.kubectl([
      'get',
      'service',
      'pending',
      '-o',
      'jsonpath={.metadata.creationTimestamp}',
    ]);
    return Date.now() - Date.parse(made) > 61_000 || 'it is too young';
  });
  const report = await inside('svc/pending:80');
  expectSilence(report);
  expectInfo(report, 'NT-SVC-019', /^svc\/pending:80 is of type LoadBalancer and has no address/);
  expect(JSON.stringify(await inside('svc/balanced:80'))).not.toMatch(/NT-SVC-019/);
});

describe('NT-SVC-020', () => {
  /** What a pod does when it is told to end. */
  async function ending(name: string, container: object): Promise<Report> {
    const labels = { app: name };
    await ns.start(
      pod(`${name}-1`, {
        labels,
        containers: [{ ...app, ...container }],
        spec: { terminationGracePeriodSeconds: 90 },
      }),
      pod(`${name}-2`, { labels }),
    );
    await ns.apply({ ...service(name, { selector: labels, ports: web }) });
    await proxied(ns, name, 2);
    await ns.kubectl(['delete', 'pod', `${name}-1`, '--wait=false']);
    await proxied(ns, name, 1);
    try {
      return await inside(`svc/${name}:80`);
    } finally {
      await ns.kubectl(['delete', 'pod', `${name}-1`, '--force', '--grace-period=0']);
    }
  }

  test('a pod that ends closes its port at once', async () => {
    const closes = "httpd -f -p 8080 & server=$!; trap 'kill $server; sleep 80' TERM; wait; sleep 80";
    const report = await ending('closing', { command: ['sh', '-c', closes] });
    expectSilence(report);
    expectInfo(
      report,
      'NT-SVC-020',
      /^pod closing-1 \(deleted \d+ s ago\) of svc\/closing:80 refuses connections on port 8080 already, .* \(none of its containers has a preStop hook\)/,
    );
  });

  test('silence where it serves on until the nodes have heard', async () => {
    const lifecycle = { preStop: { exec: { command: ['sleep', '80'] } } };
    const report = await ending('waiting', { lifecycle });
    expectSilence(report);
    expect(JSON.stringify(report)).not.toMatch(/NT-SVC-020/);
  });
});
