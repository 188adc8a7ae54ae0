import { describe, expect, it } from 'vitest';
import { linkCauses } from '../../../../src/checks/causes.ts';
import type { FirewallInput } from '../../../../src/checks/firewall/facts.ts';
import { judgeFirewall } from '../../../../src/checks/firewall/judge.ts';
import type { Published } from '../../../../src/model/published.ts';
import { recorded } from '../recorded-ways.ts';
import { destination, evidence, remedyOf, result } from '../results.ts';

const LOCAL: Published = {
  label: 'svc/shop',
  namespace: 'default',
  name: 'shop',
  by: 'node port',
  node: 'node2',
  isLocal: true,
  ready: 1,
  nodes: ['node1'],
};

/** What is said of a recorded connection to a way into a Service. */
function told(recording: string, published: Published) {
  const { evidence, input } = recorded<FirewallInput>(recording);
  const { findings } = judgeFirewall(evidence, { ...input, published: { to0: published } });
  return linkCauses(findings.filter(({ severity }) => severity !== 'info'));
}
const DROPPED = 'firewall-remote-drop';

describe('NT-SVC-011', () => {
  it('explains the silence of a node without an endpoint', () => {
    const found = told(DROPPED, LOCAL);
    expect(found.map((f) => [f.id, f.causedBy])).toContainEqual(['NT-SVC-011', undefined]);
    expect(found.find((f) => f.id === 'NT-SVC-011')?.summary).toMatch(
      /is the NodePort of svc\/shop on node2, whose externalTrafficPolicy is Local, and its 1 ready endpoint is on node1, none on node2: node2 drops what comes from outside \(no answer within/,
    );
    expect(found.find((f) => f.id === 'NT-FW-001')?.causedBy).toBe('NT-SVC-011');
  });

  it.each<[string, string, Published]>([
    ['the policy is Cluster', DROPPED, { ...LOCAL, isLocal: false }],
    ['the node has an endpoint', DROPPED, { ...LOCAL, nodes: ['node1', 'node2'] }],
    ['it is not known which node takes it', DROPPED, { ...LOCAL, node: undefined } as never],
    ['it is not known where the endpoints are', DROPPED, { ...LOCAL, nodes: undefined } as never],
    ['it is refused', 'firewall-no-listener-tcp', LOCAL],
    ['it works', 'firewall-healthy', LOCAL],
  ])('is silent where %s', (_why, recording, published) => {
    expect(told(recording, published).map(({ id }) => id)).not.toContain('NT-SVC-011');
  });
});

describe('NT-FW-001 of a health check port', () => {
  const health: Published = { ...LOCAL, by: 'health check' };

  it('says whose it is, and whether the node has an endpoint is no reason', () => {
    const found = told(DROPPED, health);
    expect(found.map(({ id }) => id)).not.toContain('NT-SVC-011');
    expect(found.find(({ id }) => id === 'NT-FW-001')?.summary).toMatch(
      /; it is the health check port of svc\/shop on node2 \(healthCheckNodePort\), by which load balancers ask which nodes have an endpoint: /,
    );
    expect(remedyOf(found.find(({ id }) => id === 'NT-FW-001'))).toMatch(/\/healthz/);
  });

  it.each<[string, Published]>([
    ['the Service has no endpoint', { ...health, ready: 0, nodes: [] }],
    ['it works', health],
  ])('says nothing of the Service where %s', (why, published) => {
    const ids = told(why === 'it works' ? 'firewall-healthy' : DROPPED, published).map(({ id }) => id);
    expect(ids.filter((id) => id.startsWith('NT-SVC'))).toEqual([]);
  });
});

describe('NT-SVC-001', () => {
  it('is why a NodePort is refused', () => {
    const found = told('firewall-remote-reject', { ...LOCAL, ready: 0, nodes: [] });
    expect(found.map((f) => [f.id, f.causedBy])).toEqual(
      expect.arrayContaining([
        ['NT-SVC-001', undefined],
        ['NT-FW-004', 'NT-SVC-001'],
      ]),
    );
  });
});

describe('NT-SVC-012', () => {
  const COUNTERS6 = 'Icmp6InDestUnreachs 0\n';
  const COUNTERS = 'Icmp: InMsgs InDestUnreachs\nIcmp: 0 0\n';
  const nft = (addresses: readonly string[] | undefined) =>
    JSON.stringify({
      nftables: [
        {
          map: {
            family: 'ip',
            name: 'service-nodeports',
            table: 'kube-proxy',
            elem: [[{ concat: ['tcp', 30080] }, { goto: { target: 'external-ABC12345-shop/web/tcp/' } }]],
          },
        },
        ...(addresses === undefined
          ? []
          : [{ set: { family: 'ip', name: 'nodeport-ips', table: 'kube-proxy', elem: addresses } }]),
      ],
    });
  const said = (address: string, addresses: readonly string[] | undefined, published?: Published) =>
    judgeFirewall(
      evidence({
        'nft-after': result(nft(addresses), { command: ['nft', '-j', 'list', 'ruleset'] }),
        'counters-before': result(COUNTERS),
        'counters-after': result(COUNTERS),
        'counters6-before': result(COUNTERS6),
        'counters6-after': result(COUNTERS6),
        'to0-reach': result(
          `address ${address}\nroute local ${address} dev lo src ${address}\ntry 400\nbash: connect: Connection refused\nfailed 90\n`,
          { command: ['reach', 'tcp', address, '30080'] },
        ),
      }),
      {
        destinations: [destination({ label: `${address}:30080`, host: address, port: '30080' })],
        policies: { policies: [], self: NODE, pods: {}, services: [], unread: [] },
        ...(published === undefined ? {} : { published: { to0: published } }),
      },
    ).findings.find(({ id }) => id === 'NT-SVC-012');
  const NODE = { namespace: '', name: '', labels: {}, ports: [], hostNetwork: true };

  it.each([
    [
      '127.0.0.1',
      ['198.51.100.11'],
      /serves those at 198\.51\.100\.11 only: TCP 127\.0\.0\.1:30080 ends with/,
    ],
    ['198.51.100.99', ['198.51.100.11'], /^30080 is the NodePort of svc\/web\.shop, and kube-proxy/],
    ['127.0.0.1', undefined, /never serves those at a loopback address/],
    ['::1', ['198.51.100.11'], /serves those at 198\.51\.100\.11 only: TCP \[::1\]:30080 ends with/],
  ])('names what serves the port where %s does not', (address, addresses, says) => {
    expect(said(address, addresses)?.summary).toMatch(says);
  });

  it.each([
    ['198.51.100.11', ['198.51.100.11']],
    ['198.51.100.99', undefined],
  ])('is silent where the rules serve %s', (address, addresses) => {
    expect(said(address, addresses)).toBeUndefined();
  });

  it('tells a pod that its loopback address is no node', () => {
    const { node: _node, ...own } = LOCAL;
    const published = { ...own, instead: '198.51.100.11' };
    const found = said('127.0.0.1', ['127.0.0.1'], published);
    expect(found?.summary).toMatch(
      /NodePort of svc\/shop, and NodePorts are served on nodes, while 127\.0\.0\.1 is/,
    );
    expect(remedyOf(found)).toMatch(/Here: 198\.51\.100\.11:30080\.$/);
  });
});

const BALANCED: Published = {
  label: 'svc/shop.default',
  namespace: 'default',
  name: 'shop',
  by: 'load balancer',
  isOutside: true,
  isLocal: false,
  ready: 1,
  nodes: ['node1'],
};

/** With what is an info. */
function all(recording: string, published: Published) {
  const { evidence, input } = recorded<FirewallInput>(recording);
  return judgeFirewall(evidence, { ...input, published: { to0: published } }).findings;
}

describe('NT-SVC-015', () => {
  it('says whose the address is that nobody announces', () => {
    const found = told('firewall-arp-own-link', BALANCED);
    expect(found.map((f) => [f.id, f.causedBy])).toContainEqual(['NT-SVC-015', undefined]);
    expect(found.find((f) => f.id === 'NT-ARP-002')?.causedBy).toBe('NT-SVC-015');
  });

  it.each<[string, string, Published]>([
    ['for a target in the cluster', 'firewall-arp-own-link', { ...BALANCED, isOutside: false }],
    ['for a NodePort', 'firewall-arp-own-link', { ...BALANCED, by: 'node port' }],
    ['of a silence', DROPPED, BALANCED],
    ['of what works', 'firewall-healthy', BALANCED],
    [
      'of a port that the Service does not have and that answers',
      'firewall-healthy',
      { ...BALANCED, otherPorts: ['81/TCP'] },
    ],
  ])('is silent %s', (_why, recording, published) => {
    expect(told(recording, published).map(({ id }) => id)).not.toContain('NT-SVC-015');
  });

  it('says that the Service has no such port, and nothing of its endpoints', () => {
    const found = told(DROPPED, { ...BALANCED, isOutside: false, otherPorts: ['80/TCP'], ready: 0 });
    expect(found.map(({ id, causedBy }) => [id, causedBy])).toEqual([
      ['NT-SVC-015', undefined],
      ['NT-FW-001', 'NT-SVC-015'],
    ]);
  });
});

describe('NT-SVC-016', () => {
  const ranges = (...sourceRanges: string[]): Published => ({ ...BALANCED, isOutside: false, sourceRanges });

  it('explains the silence for a client of no range', () => {
    const found = told(DROPPED, ranges('192.0.2.0/24'));
    expect(found.map(({ id, causedBy }) => [id, causedBy])).toContainEqual(['NT-SVC-016', undefined]);
    expect(found.find(({ id }) => id === 'NT-FW-001')?.causedBy).toBe('NT-SVC-016');
  });

  it.each<[string, string, Published]>([
    ['a range has the client', DROPPED, ranges('192.0.2.0/24', '0.0.0.0/0')],
    ['a range cannot be read', DROPPED, ranges('192.0.2.0/24', 'everybody')],
    ['it works', 'firewall-healthy', ranges('192.0.2.0/24')],
    ['it is refused', 'firewall-no-listener-tcp', ranges('192.0.2.0/24')],
  ])('is silent where %s', (_why, recording, published) => {
    expect(told(recording, published).map(({ id }) => id)).not.toContain('NT-SVC-016');
  });
});

describe('NT-SVC-017', () => {
  const severity = (recording: string, published: Partial<Published>) =>
    all(recording, { ...BALANCED, by: 'node port', node: 'node1', ...published }).find(
      ({ id }) => id === 'NT-SVC-017',
    )?.severity;
  const everybody = { policy: 'default/clients', cidr: '0.0.0.0/0', except: [] };

  it.each<[string, string, Partial<Published>, string | undefined]>([
    ['it works', 'firewall-healthy', {}, 'info'],
    ['it is silent', DROPPED, {}, 'info'],
    ['a policy lets in everybody', DROPPED, { letIn: [everybody] }, 'info'],
    ['the policy is Local', 'firewall-healthy', { isLocal: true }, undefined],
    ['the target is in the cluster', 'firewall-healthy', { isOutside: false }, undefined],
    ['there is no endpoint', 'firewall-healthy', { ready: 0 }, undefined],
  ])('where %s', (_what, recording, published, expected) => {
    expect(severity(recording, published)).toBe(expected);
  });

  it('is critical where a policy lets in the client and not the node', () => {
    const { evidence, input } = recorded<FirewallInput>(DROPPED);
    const node = input.destinations[0]?.host ?? '';
    const letIn = [{ ...everybody, except: [`${node}/32`] }];
    expect(severity(DROPPED, { letIn })).toBe('critical');
    expect(evidence['to0-reach']?.stdout).toContain(' src ');
  });
});
