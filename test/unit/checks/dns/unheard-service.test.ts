import { describe, expect, it } from 'vitest';
import type { KnownService } from '../../../../src/checks/dns/facts.ts';
import { servicesOf } from '../../../../src/checks/dns/prepare-known.ts';
import { PATHS, SHOP, service as serviceObject, serving } from '../../cluster/objects.ts';
import { SERVICE_ADDRESS, service } from './facts.ts';
import { CONTROL, judgedRun, type MadeServer } from './made-run.ts';

const NAME = 'fresh.default.svc.cluster.local.';
const endpoints = service('dns-healthy').endpoints.map(({ address }) => address);
const known: KnownService = { namespace: 'default', name: 'fresh' };

const says = (address: string, udp: string, more: Partial<MadeServer> = {}): MadeServer => ({
  address,
  udp: (name) => (name === CONTROL ? '198.19.0.1' : udp),
  ...more,
});
const behind = (...udp: string[]): MadeServer[] =>
  udp.map((said, i) => says(endpoints[i] ?? '', said, { role: 'endpoint' }));
const found = (servers: readonly MadeServer[], one: KnownService | undefined = known) =>
  judgedRun(servers, {
    names: [NAME],
    more: `resolver getent ${NAME} 3 2\n`,
    input: one === undefined ? {} : { known: { [NAME]: one } },
  }).findings.filter(({ id }) => id !== 'NT-SYS-001');

describe('NT-DNS-021', () => {
  it('is of a server that denies a Service which the API has', () => {
    const [first, ...more] = found([says(SERVICE_ADDRESS, 'NXDOMAIN'), ...behind('NXDOMAIN')]);
    expect(more).toEqual([]);
    expect(first).toMatchObject({ id: 'NT-DNS-021', severity: 'critical', subject: NAME });
    expect(first?.summary).toMatch(
      /^198\.19\.0\.10 \(kube-dns\) and coredns-0 .* say that fresh\.default\.svc\.cluster\.local\. does not exist, though the API has Service default\/fresh/,
    );
  });

  it('tells the server that does not know it from the one that does', () => {
    const [first] = found([says(SERVICE_ADDRESS, '198.19.0.9'), ...behind('198.19.0.9', 'NXDOMAIN')]);
    expect(first).toMatchObject({ id: 'NT-DNS-021', severity: 'warning' });
    expect(first?.summary).toMatch(
      /^coredns-1 .* says .* while 198\.19\.0\.10 \(kube-dns\) and coredns-0 .* know it/,
    );
  });

  it('is critical where those that know it are none that the target asks', () => {
    const own = '198.51.100.53';
    const [first] = judgedRun([says(own, 'NXDOMAIN'), ...behind('198.19.0.9')], {
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
    ['every server knows it', [says(SERVICE_ADDRESS, '198.19.0.9'), ...behind('198.19.0.9')], known],
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
  const of = async (name: string, one: object) => {
    const lists = { [PATHS.services]: [one], [PATHS.namespaces]: [{ metadata: { name: SHOP } }] };
    const { cluster } = await serving(lists as Parameters<typeof serving>[0]);
    return (await servicesOf(cluster, SHOP, [name], NOW))[name];
  };
  const old = made('2026-11-29T11:00:00Z');

  it.each(['db', 'DB.', 'db.shop', 'db.shop.svc', 'db.shop.svc.cluster.local.'])(
    'are known: %s',
    async (name) => {
      expect(await of(name, old)).toEqual({ namespace: 'shop', name: 'db' });
    },
  );

  it('have an age while they are young', async () => {
    expect(await of('db', made('2026-11-29T12:00:00Z'))).toMatchObject({ ageSeconds: 30 });
  });

  it.each(['other', 'db.com', 'db-0.db.shop.svc', 'db.example.com'])('are no others: %s', async (name) => {
    expect(await of(name, old)).toBeUndefined();
  });

  it('may rightly be empty where no address stands for them', async () => {
    expect(await of('db', made('2026-11-29T11:00:00Z', ['None']))).toBeUndefined();
  });
});
