import { expect, it } from 'vitest';
import { PREPARATIONS } from '../../../src/checks/preparations.ts';
import type { Pod } from '../../../src/model/kube-objects.ts';
import { contextOf, DUAL, PATHS, pod, SHOP, serving, subjectOf } from '../cluster/objects.ts';

const SYSTEM = {
  '/api/v1/namespaces/kube-system/services': [],
  '/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices': [],
  '/apis/networking.k8s.io/v1/namespaces/kube-system/networkpolicies': [],
};
const NAMESPACES = [SHOP, 'kube-system'].map((name) => ({ metadata: { name } }));

it('a diagnosis asks nothing twice, and next to nothing for each endpoint', async () => {
  const lists = { ...DUAL, ...SYSTEM, [PATHS.policies]: [], [PATHS.namespaces]: NAMESPACES };
  const { server, cluster } = await serving(lists);
  const self = pod('web-0', ['10.0.0.9', 'fd00::9']) as unknown as Pod;
  const context = await contextOf({ ...subjectOf(cluster), pod: self, node: 'n1' }, ['svc/db']);
  await Promise.all(Object.values(PREPARATIONS).map((prepare) => prepare(context)));
  expect(new Set(server.requests).size).toBe(server.requests.length);
  expect(server.requests).toHaveLength(14);
});
