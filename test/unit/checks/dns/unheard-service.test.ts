import { describe, expect, it } from 'vitest';
import type { KnownService } from '../../../../src/checks/dns/facts.ts';
import { servicesOf } from '../../../../src/checks/dns/prepare-known.ts';
import { behind, PATHS, SHOP, service as serviceObject, serving, slice } from '../../cluster/objects.ts';
import { SERVICE_ADDRESS, service } from './facts.ts';
import { againText, CONTROL, judgedRun, type MadeServer } from './made-run.ts';

const NAME = 'fresh.default.svc.cluster.local.';
const endpoints = service('dns-healthy').endpoints.map(({ address }) => address);
const known: KnownService = { namespace: 'default', name: 'fresh' };

const says = (address: string, udp: string, more: Partial<MadeServer> = {}): MadeServer => ({
  address,
  udp: (name) => (name === CONTROL ? '198.19.0.1' : udp),
  ...more,
});
const endpointsSaying = (...udp: string[]): MadeServer[] =>
  udp.map((said, i) => says(endpoints[i] ?? '', said, { role: 'endpoint' }));
const found = (servers: readonly MadeServer[], one: KnownService | undefined = known) =>
  judgedRun(servers, {
    names: [NAME],
    more: `resolver getent ${NAME} 3 2\n`,
    input: one === undefined ? {} : { known: { [NAME]: one } },
  }).findings.filter(({ id }) => id !== 'NT-SYS-001');

describe('NT-DNS-021', () => {
  it('is of a server that denies a Service which the API has', () => {
    const [first, ...more] = found([says(SERVICE_ADDRESS, 'NXDOMAIN'), ...endpointsSaying('NXDOMAIN')]);
    expect(more).toEqual([]);
    expect(first).toMatchObject({ id: 'NT-DNS-021', severity: 'critical', subject: NAME });
    expect(first?.summary).toMatch(
      /^198\.19\.0\.10 \(kube-dns\) and coredns-0 .* say that fresh\.default\.svc\.cluster\.local\. does not exist, though the API has Service default\/fresh/,
    );
  });

  it('tells the server that does not know it from the one that does', () => {
    const [first] = found([
      says(SERVICE_ADDRESS, '198.19.0.9'),
      ...endpointsSaying('198.19.0.9', 'NXDOMAIN'),
    ]);
    expect(first).toMatchObject({ id: 'NT-DNS-021', severity: 'warning' });
    expect(first?.summary).toMatch(
      /^coredns-1 .* says .* while 198\.19\.0\.10 \(kube-dns\) and coredns-0 .* know it/,
    );
  });

  it('is critical where those that know it are none that the target asks', () => {
    const own = '198.51.100.53';
    const [first] = judgedRun([says(own, 'NXDOMAIN'), ...endpointsSaying('198.19.0.9')], {
      names: [NAME],
      input: { known: { [NAME]: known } },
    }).findings.filter(({ id }) => id === 'NT-DNS-021');
    expect(first).toMatchObject({
      severity: 'critical',
      summary: expect.stringContaining('while coredns-0'),
    });
  });

  it('is an info of a Service that is young, in place of servers that disagree', () => {
    const young = { ...known, ageSeconds: 12 };
    for (const servers of [
      [says(SERVICE_ADDRESS, 'NXDOMAIN')],
      [
        says(SERVICE_ADDRESS, '198.19.0.9', {
          tcp: (name) => (name === CONTROL ? '198.19.0.1' : 'NXDOMAIN'),
        }),
      ],
    ]) {
      const [first, ...more] = found(servers, young);
      expect(more).toEqual([]);
      expect(first).toMatchObject({ id: 'NT-DNS-021', severity: 'info' });
      expect(first?.summary).toMatch(/^Service default\/fresh was created 12 s ago, and 198\.19\.0\.10/);
    }
  });

  it('is an info of a headless Service whose endpoints are young, and of a host of it', () => {
    const young = { ...known, changedSeconds: 3 };
    const tcp = (name: string) => (name === CONTROL ? '198.19.0.1' : 'NXDOMAIN');
    const [first, ...more] = found([says(SERVICE_ADDRESS, '198.18.1.9', { tcp })], young);
    expect(more).toEqual([]);
    expect(first).toMatchObject({ id: 'NT-DNS-021', severity: 'info' });
    expect(first?.summary).toMatch(
      /^The endpoints of Service default\/fresh, which is headless, changed 3 s ago, and .* at times still says/,
    );
    const host = 'db-0.fresh.default.svc.cluster.local.';
    const ids = judgedRun([says(SERVICE_ADDRESS, '198.18.1.9', { tcp })], {
      names: [host],
      more: `resolver getent ${host} 3 2\n`,
      input: { known: { [host]: { ...young, host: 'db-0' } } },
    }).findings.map(({ id, severity }) => `${id} ${severity}`);
    expect(ids).toContain('NT-DNS-021 info');
    expect(ids.join()).not.toContain('NT-DNS-020');
  });

  it('is of what the server says once its cache is passed by', () => {
    const again = againText([NAME], (_type, nth) => (nth === 2 ? 'NXDOMAIN' : '198.19.0.9'));
    const { findings } = judgedRun([says(SERVICE_ADDRESS, '198.19.0.9')], {
      names: [NAME],
      again,
      input: { known: { [NAME]: known } },
    });
    expect(findings.map(({ id }) => id)).toContain('NT-DNS-021');
    expect(findings.map(({ id }) => id)).not.toContain('NT-DNS-020');
  });

  it('is no pass of a name that was asked for', () => {
    const judgement = judgedRun([says(SERVICE_ADDRESS, 'NXDOMAIN')], {
      names: [NAME],
      more: `resolver getent ${NAME} 3 2\n`,
      input: { known: { [NAME]: { ...known, ageSeconds: 12 } } },
    });
    expect(judgement.status).toBe('error');
    expect(judgement.summary).toMatch(/^Service default\/fresh was created 12 s ago/);
  });

  it.each<[string, readonly MadeServer[], KnownService | undefined]>([
    ['every server knows it', [says(SERVICE_ADDRESS, '198.19.0.9'), ...endpointsSaying('198.19.0.9')], known],
    ['the API has no such Service', [says(SERVICE_ADDRESS, 'NXDOMAIN')], undefined],
    ['the server serves no cluster', [{ address: SERVICE_ADDRESS, udp: () => 'NXDOMAIN' }], known],
  ])('is silent where %s', (_why, servers, one) => {
    expect(
      judgedRun(servers, { names: [NAME], input: one ? { known: { [NAME]: one } } : {} }).findings.map(
        ({ id }) => id,
      ),
    ).not.toContain('NT-DNS-021');
  });
});

describe('names of Services', () => {
  const NOW = Date.parse('2026-11-29T12:00:30Z');
  const made = (creationTimestamp: string, clusterIPs = ['198.19.0.9']) => {
    const one = serviceObject(clusterIPs);
    return { ...one, metadata: { ...one.metadata, creationTimestamp } };
  };
  const of = async (name: string, one: object, ...slices: object[]) => {
    const lists = {
      [PATHS.services]: [one],
      [PATHS.slices]: slices,
      [PATHS.namespaces]: [{ metadata: { name: SHOP } }],
    };
    const { cluster } = await serving(lists as Parameters<typeof serving>[0]);
    return (await servicesOf(cluster, SHOP, [name], NOW))[name];
  };
  const old = made('2026-11-29T11:00:00Z');

  it.each(['db', 'DB.', 'db.shop', 'db.shop.svc', 'db.shop.svc.cluster.local.'])(
    'are known: %s',
    async (name) => {
      expect(await of(name, old)).toEqual({ namespace: 'shop', name: 'db', addresses: ['198.19.0.9'] });
    },
  );

  it('have an age while they are young', async () => {
    expect(await of('db', made('2026-11-29T12:00:00Z'))).toMatchObject({ ageSeconds: 30 });
  });

  it.each(['other', 'db.com', 'db-0.db.shop.svc', 'db.example.com'])('are no others: %s', async (name) => {
    expect(await of(name, old)).toBeUndefined();
  });

  describe('headless', () => {
    const headless = made('2026-11-29T11:00:00Z', ['None']);
    const changed = (time: string, more: object = {}) => {
      const one = slice([{ ...behind('db-0', '10.0.0.1'), ...more } as Parameters<typeof slice>[0][number]]);
      return {
        ...one,
        metadata: { ...one.metadata, creationTimestamp: '2026-11-29T11:00:00Z', managedFields: [{ time }] },
      };
    };
    const young = changed('2026-11-29T12:00:27Z', { hostname: 'db-0' });

    it.each(['db', 'db.shop.svc.cluster.local.'])(
      'are known while their endpoints are young: %s',
      async (name) => {
        expect(await of(name, headless, young)).toEqual({ namespace: 'shop', name: 'db', changedSeconds: 3 });
      },
    );

    it.each(['db-0.db', 'db-0.db.shop.svc'])('and so are their hosts: %s', async (name) => {
      expect(await of(name, headless, young)).toEqual({
        namespace: 'shop',
        name: 'db',
        host: 'db-0',
        changedSeconds: 3,
      });
    });

    it.each<[string, string, object]>([
      ['old endpoints', 'db', changed('2026-11-29T11:59:00Z')],
      [
        'endpoints that are not ready',
        'db',
        changed('2026-11-29T12:00:27Z', { conditions: { ready: false } }),
      ],
      ['another host', 'db-1.db', young],
    ])('may rightly be empty: of %s', async (_what, name, one) => {
      expect(await of(name, headless, one)).toBeUndefined();
    });
  });

  it('may rightly be empty where no address stands for them', async () => {
    expect(await of('db', made('2026-11-29T11:00:00Z', ['None']))).toBeUndefined();
  });
});
