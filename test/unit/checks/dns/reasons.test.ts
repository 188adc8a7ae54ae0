import { describe, expect, it } from 'vitest';
import type { AbsenceReason, DnsFacts } from '../../../../src/checks/dns/facts.ts';
import { reasonsOf } from '../../../../src/checks/dns/prepare-reasons.ts';
import { nxdomain } from '../../../../src/checks/dns/rules/nxdomain.ts';
import { PATHS, pod, SHOP, service, serving } from '../../cluster/objects.ts';
import { remedyOf } from '../results.ts';

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
      expect(await reason(name, [headless()], [member()])).toEqual({
        text: 'pod db-1 is not ready, and Service db publishes only ready pods (publishNotReadyAddresses is not set)',
        isUnready: true,
      });
    },
  );

  it.each<[string, readonly object[], readonly object[], RegExp]>([
    ['there is no such pod', [headless()], [], /^there is no pod db-1 in shop$/],
    ['there is no such Service', [], [member()], /but no Service of that name exists/],
    ['its subdomain is another', [headless()], [member({ subdomain: 'sql' })], /its name is db-1\.sql$/],
    ['it has no subdomain', [headless()], [member({ subdomain: undefined })], /has no DNS name of its own$/],
    [
      'the Service does not select it',
      [headless()],
      [member({}, 'True', { app: 'other' })],
      /the selector of Service db does not match pod db-1$/,
    ],
  ])('is that %s', async (_why, services, pods, says) => {
    expect(await reason('db-1.db', services, pods)).toEqual({
      text: expect.stringMatching(says),
      isUnready: false,
    });
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

describe('the remedy', () => {
  const told = (reason: AbsenceReason) =>
    nxdomain
      .judge({
        names: [
          {
            name: 'db-1.db',
            origin: 'asked',
            candidates: [
              {
                name: 'db-1.db.',
                answers: [
                  {
                    outcome: 'answered',
                    rcode: 'NXDOMAIN',
                    addresses: [],
                    truncated: false,
                    loops: false,
                    question: { name: 'db-1.db.', type: 'A' },
                  },
                ],
              },
            ],
          },
        ],
        input: { reasons: { 'db-1.db': reason } },
        probe: {},
        again: [],
        servers: [],
        endpoints: [],
        denied: { tops: [] },
      } as unknown as DnsFacts)
      .map(({ remediation }) => remedyOf({ remediation }));

  // By what the API says, and not by the words that say it.
  it.each([
    [true, /set publishNotReadyAddresses: true on the headless Service\.$/],
    [false, /^Check the spelling/],
  ])('publishes names of pods that are not ready only where one is waited for: %s', (isUnready, says) => {
    expect(told({ text: 'publishNotReadyAddresses and more', isUnready })).toEqual([
      expect.stringMatching(says),
    ]);
  });
});
