import { describe, expect, it } from 'vitest';
import { reasonsOf } from '../../../../src/checks/dns/prepare-reasons.ts';
import { PATHS, pod, SHOP, service, serving } from '../../cluster/objects.ts';

const member = (spec: object = {}, ready = 'False', labels: object = { app: 'db' }) => {
  const one = pod('db-1', ['10.0.0.1'], { hostname: 'db-1', subdomain: 'db', ...spec });
  return {
    ...one,
    metadata: { ...one.metadata, labels },
    status: { ...one.status, conditions: [{ type: 'Ready', status: ready }] },
  };
};
const headless = (more: object = {}) => service(['None'], more);

async function reason(name: string, services: readonly object[], pods: readonly object[]) {
  const lists = {
    [PATHS.services]: services,
    [PATHS.pods]: pods,
    [PATHS.namespaces]: [{ metadata: { name: SHOP } }],
  };
  const { cluster } = await serving(lists as Parameters<typeof serving>[0]);
  return (await reasonsOf(cluster, SHOP, [name]))[name];
}

describe('why the name of a pod is not there', () => {
  it.each(['db-1.db', 'DB-1.db.', 'db-1.db.shop', 'db-1.db.shop.svc', 'db-1.db.shop.svc.cluster.local'])(
    'is that it is not ready: %s',
    async (name) => {
      expect(await reason(name, [headless()], [member()])).toBe(
        'pod db-1 is not ready, and Service db publishes names of ready pods alone (publishNotReadyAddresses is not set)',
      );
    },
  );

  it.each<[string, readonly object[], readonly object[], RegExp]>([
    ['there is no such pod', [headless()], [], /^there is no pod db-1 in shop$/],
    ['there is no such Service', [], [member()], /and there is no Service of that name/],
    ['its subdomain is another', [headless()], [member({ subdomain: 'sql' })], /its name is db-1\.sql$/],
    ['it has no subdomain', [headless()], [member({ subdomain: undefined })], /has no name of its own$/],
    [
      'the Service does not select it',
      [headless()],
      [member({}, 'True', { app: 'other' })],
      /the selector of Service db does not match pod db-1$/,
    ],
  ])('is that %s', async (_why, services, pods, says) => {
    expect(await reason('db-1.db', services, pods)).toMatch(says);
  });

  it.each<[string, string, readonly object[], readonly object[]]>([
    ['a pod that is ready', 'db-1.db', [headless()], [member({}, 'True')]],
    [
      'names that are published before',
      'db-1.db',
      [headless({ publishNotReadyAddresses: true })],
      [member()],
    ],
    ['a host', 'example.com', [], []],
    ['a name of one label', 'db-1', [headless()], [member()]],
    ['a host of a namespace that is none', 'db-1.db.com', [headless()], [member()]],
  ])('is not known of %s', async (_what, name, services, pods) => {
    expect(await reason(name, services, pods)).toBeUndefined();
  });
});
