import { describe, expect, it } from 'vitest';
import {
  type Connection,
  evaluatePolicies,
  matchesLabels,
  type NetworkPolicy,
  type PolicyPod,
} from '../../../../src/checks/shared/network-policy.ts';

const shop: PolicyPod = {
  namespace: 'shop',
  name: 'web-0',
  labels: { app: 'web', tier: 'front' },
  namespaceLabels: { 'kubernetes.io/metadata.name': 'shop', team: 'blue' },
  ports: [],
  hostNetwork: false,
  node: 'node1',
};
const db: PolicyPod = {
  namespace: 'data',
  name: 'db-0',
  labels: { app: 'db' },
  namespaceLabels: { 'kubernetes.io/metadata.name': 'data', team: 'green' },
  ports: [
    { name: 'sql', port: 5432, protocol: 'TCP' },
    { name: 'dns', port: 53, protocol: 'UDP' },
  ],
  hostNetwork: false,
  node: 'node2',
};
const connection = (rest: Partial<Connection> = {}): Connection => ({
  from: { address: '198.51.100.1', pod: shop },
  to: { address: '198.51.100.2', pod: db },
  port: 5432,
  protocol: 'tcp',
  ...rest,
});
const policy = (rest: Partial<NetworkPolicy> = {}): NetworkPolicy => ({
  namespace: 'data',
  name: 'p',
  podSelector: {},
  ...rest,
});
const verdict = (policies: readonly NetworkPolicy[], rest: Partial<Connection> = {}) =>
  evaluatePolicies(policies, connection(rest)).verdict;
/** Ingress of the database under one rule. */
const ingress = (rule: NonNullable<NetworkPolicy['ingress']>[number], rest: Partial<Connection> = {}) =>
  verdict([policy({ ingress: [rule] })], rest);
/** Egress of the web pod under one rule. */
const egress = (rule: NonNullable<NetworkPolicy['egress']>[number], rest: Partial<Connection> = {}) =>
  verdict([policy({ namespace: 'shop', policyTypes: ['Egress'], egress: [rule] })], rest);

describe('isolation', () => {
  it('allows everything where no policy selects either end', () => {
    expect(verdict([])).toBe('none');
    expect(verdict([policy({ podSelector: { matchLabels: { app: 'other' } } })])).toBe('none');
    expect(verdict([policy({ namespace: 'elsewhere' })])).toBe('none');
  });

  it('denies what no rule of a selecting policy allows', () => {
    expect(verdict([policy()])).toBe('denied');
    expect(verdict([policy({ ingress: [] })])).toBe('denied');
  });

  it('takes an empty rule for everything, and an empty selector for all pods', () => {
    expect(ingress({})).toBe('allowed');
    expect(ingress({ from: [], ports: [] })).toBe('allowed');
  });

  it('adds policies up', () => {
    const deny = policy({ name: 'deny' });
    const allow = policy({ name: 'allow', podSelector: { matchLabels: { app: 'db' } }, ingress: [{}] });
    expect(verdict([deny, allow])).toBe('allowed');
    const { ingress: direction } = evaluatePolicies([deny, allow], connection());
    expect(direction.selecting).toEqual(['data/deny', 'data/allow']);
    expect(direction.allowing).toEqual(['data/allow']);
  });

  it('asks both sides', () => {
    const out = policy({ namespace: 'shop', name: 'out', policyTypes: ['Egress'], egress: [{}] });
    const into = policy({ ingress: [{}] });
    expect(verdict([out, into])).toBe('allowed');
    expect(verdict([out, policy()])).toBe('denied');
    expect(verdict([{ ...out, egress: [] }, into])).toBe('denied');
  });

  it('leaves a pod its way to itself, and a node its way to its pods', () => {
    expect(verdict([policy()], { from: { address: '198.51.100.2', pod: db } })).toBe('none');
    const onNode = { ...shop, hostNetwork: true, node: 'node2' };
    expect(verdict([policy()], { from: { address: '198.51.100.12', pod: onNode } })).toBe('none');
    const elsewhere = { ...onNode, node: 'node1' };
    expect(verdict([policy()], { from: { address: '198.51.100.11', pod: elsewhere } })).toBe('denied');
  });

  it("does not isolate pods in their node's network", () => {
    expect(verdict([policy()], { to: { address: '198.51.100.12', pod: { ...db, hostNetwork: true } } })).toBe(
      'none',
    );
  });
});

describe('policyTypes', () => {
  it.each([
    { what: 'none, without egress rules', rest: {}, expected: ['none', 'denied'] },
    { what: 'none, with egress rules', rest: { egress: [{ to: [] }] }, expected: ['allowed', 'denied'] },
    { what: 'none, with an empty list of egress rules', rest: { egress: [] }, expected: ['none', 'denied'] },
    { what: 'Egress alone', rest: { policyTypes: ['Egress'] }, expected: ['denied', 'none'] },
    { what: 'Ingress alone', rest: { policyTypes: ['Ingress'], egress: [] }, expected: ['none', 'denied'] },
    { what: 'both', rest: { policyTypes: ['Ingress', 'Egress'] }, expected: ['denied', 'denied'] },
  ])('$what', ({ rest, expected }) => {
    const one = policy({ namespace: 'data', ...rest });
    const within = connection({ from: { address: '198.51.100.3', pod: { ...db, name: 'db-1' } } });
    const { egress: out, ingress: into } = evaluatePolicies([one], within);
    expect([out.verdict, into.verdict]).toEqual(expected);
  });
});

describe('peers', () => {
  it('means pods of its own namespace by a pod selector alone', () => {
    expect(ingress({ from: [{ podSelector: { matchLabels: { app: 'web' } } }] })).toBe('denied');
    const sibling = { ...shop, namespace: 'data' };
    expect(
      ingress(
        { from: [{ podSelector: { matchLabels: { app: 'web' } } }] },
        { from: { address: '198.51.100.1', pod: sibling } },
      ),
    ).toBe('allowed');
    expect(ingress({ from: [{ podSelector: {} }] })).toBe('denied');
  });

  it('means all pods of the namespaces by a namespace selector alone', () => {
    expect(ingress({ from: [{ namespaceSelector: { matchLabels: { team: 'blue' } } }] })).toBe('allowed');
    expect(ingress({ from: [{ namespaceSelector: {} }] })).toBe('allowed');
    expect(ingress({ from: [{ namespaceSelector: { matchLabels: { team: 'red' } } }] })).toBe('denied');
  });

  it('asks for both of two selectors in one peer, and for one of two peers', () => {
    const blue = { matchLabels: { team: 'blue' } };
    const api = { matchLabels: { app: 'api' } };
    expect(ingress({ from: [{ namespaceSelector: blue, podSelector: api }] })).toBe('denied');
    expect(ingress({ from: [{ namespaceSelector: blue }, { podSelector: api }] })).toBe('allowed');
    expect(
      ingress({ from: [{ namespaceSelector: blue, podSelector: { matchLabels: { app: 'web' } } }] }),
    ).toBe('allowed');
  });

  it('selects pods alone: neither hosts outside nor pods in their node’s network', () => {
    const outside = { to: { address: '203.0.113.9' } };
    expect(egress({ to: [{ namespaceSelector: {} }] }, outside)).toBe('denied');
    expect(egress({}, outside)).toBe('allowed');
    expect(
      egress(
        { to: [{ namespaceSelector: {} }] },
        { to: { address: '198.51.100.12', pod: { ...db, hostNetwork: true } } },
      ),
    ).toBe('denied');
  });

  it.each([
    ['203.0.113.9', '203.0.113.0/24', [], 'allowed'],
    ['203.0.113.9', '203.0.113.0/24', ['203.0.113.8/30'], 'denied'],
    ['203.0.113.12', '203.0.113.0/24', ['203.0.113.8/30'], 'allowed'],
    ['203.0.114.9', '203.0.113.0/24', [], 'denied'],
    ['203.0.113.9', '0.0.0.0/0', [], 'allowed'],
    ['203.0.113.9', '::/0', [], 'denied'],
    ['203.0.113.9', '203.0.113.9/32', [], 'allowed'],
    ['2001:db8::9', '2001:db8::/32', ['2001:db8::8/127'], 'denied'],
    ['2001:db8::a', '2001:db8::/32', ['2001:db8::8/127'], 'allowed'],
    ['203.0.113.9', 'nonsense', [], 'denied'],
  ])('%s in %s without %s: %s', (address, cidr, except, expected) => {
    expect(egress({ to: [{ ipBlock: { cidr, except } }] }, { to: { address } })).toBe(expected);
  });
});

describe('ports', () => {
  it.each([
    { ports: [{ port: 5432 }], expected: 'allowed' },
    { ports: [{ port: 5433 }], expected: 'denied' },
    { ports: [{ port: 5432, protocol: 'UDP' }], expected: 'denied' },
    { ports: [{ protocol: 'TCP' }], expected: 'allowed' },
    { ports: [{ protocol: 'UDP' }], expected: 'denied' },
    { ports: [{ port: 5000, endPort: 5432 }], expected: 'allowed' },
    { ports: [{ port: 5000, endPort: 5431 }], expected: 'denied' },
    { ports: [{ port: 5432, endPort: 5432 }], expected: 'allowed' },
    { ports: [{ port: 'sql' }], expected: 'allowed' },
    { ports: [{ port: 'dns', protocol: 'UDP' }], expected: 'denied' },
    { ports: [{ port: 'web' }], expected: 'denied' },
    { ports: [{ port: 80 }, { port: 5432 }], expected: 'allowed' },
  ])('$ports: $expected, both ways', ({ ports, expected }) => {
    expect(ingress({ ports })).toBe(expected);
    expect(egress({ ports })).toBe(expected);
  });

  it('needs port and peer in one rule', () => {
    const rules = [{ ports: [{ port: 80 }] }, { from: [{ podSelector: {} }], ports: [{ port: 5432 }] }];
    expect(verdict([policy({ ingress: rules })])).toBe('denied');
  });

  it('knows no named port of a host outside', () => {
    expect(egress({ ports: [{ port: 'sql' }] }, { to: { address: '203.0.113.9' } })).toBe('denied');
  });
});

describe('what may not be read', () => {
  const { namespaceLabels: _labels, ...unlabelled } = shop;
  const from = { from: { address: '198.51.100.1', pod: unlabelled } };

  it('does not guess labels of a namespace', () => {
    expect(ingress({ from: [{ namespaceSelector: { matchLabels: { team: 'blue' } } }] }, from)).toBe(
      'unknown',
    );
    expect(ingress({ from: [{ namespaceSelector: {} }] }, from)).toBe('allowed');
  });

  it('knows the label that every namespace has', () => {
    const named = (name: string) => ({
      from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } }],
    });
    expect(ingress(named('shop'), from)).toBe('allowed');
    expect(ingress(named('data'), from)).toBe('denied');
  });

  it('is certain where another rule decides', () => {
    const unknown = { from: [{ namespaceSelector: { matchLabels: { team: 'blue' } } }] };
    expect(verdict([policy({ ingress: [unknown, {}] })], from)).toBe('allowed');
    expect(verdict([policy({ ingress: [{ ...unknown, ports: [{ port: 80 }] }] })], from)).toBe('denied');
  });
});

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'front' };
  it.each([
    [{ key: 'app', operator: 'In', values: ['web', 'api'] }, true],
    [{ key: 'app', operator: 'In', values: ['api'] }, false],
    [{ key: 'none', operator: 'In', values: ['web'] }, false],
    [{ key: 'app', operator: 'NotIn', values: ['web'] }, false],
    [{ key: 'app', operator: 'NotIn', values: ['api'] }, true],
    [{ key: 'none', operator: 'NotIn', values: ['web'] }, true],
    [{ key: 'tier', operator: 'Exists' }, true],
    [{ key: 'none', operator: 'Exists' }, false],
    [{ key: 'tier', operator: 'DoesNotExist' }, false],
    [{ key: 'none', operator: 'DoesNotExist' }, true],
    [{ key: 'app', operator: 'Unheard', values: ['web'] }, false],
  ])('%o: %s', (expression, expected) => {
    expect(matchesLabels({ matchExpressions: [expression] }, labels)).toBe(expected);
  });

  it('asks for all requirements together', () => {
    const matchExpressions = [{ key: 'tier', operator: 'Exists' }];
    expect(matchesLabels({ matchLabels: { app: 'web' }, matchExpressions }, labels)).toBe(true);
    expect(matchesLabels({ matchLabels: { app: 'api' }, matchExpressions }, labels)).toBe(false);
    expect(matchesLabels({}, {})).toBe(true);
  });
});

describe('an ipBlock', () => {
  const block = { from: [{ ipBlock: { cidr: '198.51.100.0/24', except: ['198.51.100.9/32'] } }] };
  const of = (address: string, addresses?: readonly string[]) => ({
    from: { address, pod: { ...shop, ...(addresses === undefined ? {} : { addresses }) } },
  });

  it.each([
    ['the address that the packet has', of('198.51.100.1'), 'allowed'],
    ['an address that is excepted', of('198.51.100.9'), 'denied'],
    ['another', of('203.0.113.1'), 'denied'],
    ["one of the pod's, where that is all that is known", of('', ['2001:db8::1', '198.51.100.1']), 'allowed'],
    ['no address that is known', of(''), 'unknown'],
  ])('judges %s', (_what, rest, expected) => {
    expect(ingress(block, rest)).toBe(expected);
  });
});
