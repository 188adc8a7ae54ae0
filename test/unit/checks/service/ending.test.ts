import { describe, expect, it } from 'vitest';
import type { ServiceInfo } from '../../../../src/checks/service/facts.ts';
import { judgeService } from '../../../../src/checks/service/judge.ts';
import { endingPods } from '../../../../src/checks/service/prepare-pods.ts';
import type { Endpoint } from '../../../../src/cluster/services.ts';
import type { Pod } from '../../../../src/model/kube-objects.ts';
import { evidence, result } from '../results.ts';

const NOW = Date.parse('2026-11-30T02:14:11Z');
const endpoint = (state: Endpoint['state'], pod = 'shop-1'): Endpoint => ({
  address: '198.51.100.5',
  family: 'IPv4',
  port: 8080,
  pod,
  node: 'node1',
  state,
  isZoned: false,
  slice: 'shop-1',
});
/** Deleted at 02:14:07, with 30 s of grace. */
const DELETED = {
  metadata: { name: 'shop-1', deletionTimestamp: '2026-11-30T02:14:37Z', deletionGracePeriodSeconds: 30 },
  spec: { containers: [{ name: 'app' }] },
} as unknown as Pod;
const HOOKED = {
  ...DELETED,
  spec: { containers: [{ name: 'app', lifecycle: { preStop: { sleep: { seconds: 5 } } } }] },
} as unknown as Pod;

describe('pods that end', () => {
  it.each<[string, Endpoint['state'], Pod, object[]]>([
    ['deleted, with when', 'leaving', DELETED, [{ pod: 'shop-1', secondsAgo: 4, hasPreStop: false }]],
    ['with a hook', 'not ready', HOOKED, [{ hasPreStop: true }]],
    ['ready ones do not end', 'ready', DELETED, []],
    ['those that are not ready for another reason do not', 'not ready', { metadata: { name: 'shop-1' } }, []],
  ])('%s', (_what, state, pod, expected) => {
    expect(endingPods([endpoint(state)], [pod], NOW)).toMatchObject(expected);
  });
});

const INFO: ServiceInfo = {
  id: 'svc0',
  label: 'svc/shop',
  namespace: 'default',
  name: 'shop',
  type: 'LoadBalancer',
  protocol: 'tcp',
  port: 80,
  targetPort: '8080',
  internalTrafficPolicy: 'Cluster',
  endpoints: [],
  ending: [{ pod: 'shop-1', address: '198.51.100.5', port: 8080, secondsAgo: 4, hasPreStop: false }],
  ready: 1,
  leaving: 0,
  notReady: [],
  isPortUnnamed: false,
};

function told(ending: string, more: Partial<ServiceInfo> = {}) {
  const input = { services: [{ ...INFO, ...more }], node: 'node1', addresses: [], hasClusterDns: true };
  const reach = result(`address 198.51.100.5\ntry 400000\n${ending}\n`);
  return judgeService(evidence({ 'svc0-ending0-reach': reach }), input).findings.map(({ id }) => id);
}
const REFUSED = 'environment: connect: Connection refused\nfailed 211';

it.each<[string, boolean]>([
  [REFUSED, true],
  ['ok 613', false],
  ['', false],
])('NT-SVC-020 of a pod that ends and says %j: %s', (ending, isTold) => {
  expect(told(ending).includes('NT-SVC-020')).toBe(isTold);
});

it('NT-SVC-019 of a load balancer that has no address, once', () => {
  expect(told('ok 613')).not.toContain('NT-SVC-019');
  expect(told('ok 613', { isPending: true })).toContain('NT-SVC-019');
  expect(told('ok 613', { isPending: true, isOtherFamily: true })).not.toContain('NT-SVC-019');
});
