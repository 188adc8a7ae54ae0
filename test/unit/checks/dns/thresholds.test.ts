import { describe, expect, it } from 'vitest';
import { linkCauses } from '../../../../src/checks/causes.ts';
import type { DnsFacts, PodDns } from '../../../../src/checks/dns/facts.ts';
import { lostPackets } from '../../../../src/checks/dns/rules/lost-packets.ts';
import { ndots } from '../../../../src/checks/dns/rules/ndots.ts';
import { noReply } from '../../../../src/checks/dns/rules/no-reply.ts';
import { partial } from '../../../../src/checks/dns/rules/partial.ts';
import { resolvConf } from '../../../../src/checks/dns/rules/resolv-conf.ts';
import { resolverRace } from '../../../../src/checks/dns/rules/resolver-race.ts';
import { servfail } from '../../../../src/checks/dns/rules/servfail.ts';
import { slow } from '../../../../src/checks/dns/rules/slow.ts';
import { tcpBlocked } from '../../../../src/checks/dns/rules/tcp-blocked.ts';
import type { DnsQuery } from '../../../../src/parsers/dns-probe.ts';
import { remedyOf } from '../results.ts';
import { factsOf, ids, POD, query, SERVICE_ADDRESS, withQueries } from './facts.ts';

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

describe('NT-DNS-004, by share', () => {
  const share = (bad: number, all: number, rcode = 'SERVFAIL') =>
    ids(
      servfail.judge(
        withQueries([...times(bad, () => query({ rcode })), ...times(all - bad, () => query())]),
      ),
    );

  it.each([
    [1, 100, []],
    [2, 100, ['NT-DNS-004 warning']],
    [3, 100, ['NT-DNS-004 warning']],
    [4, 100, ['NT-DNS-004 critical']],
    [1, 10, ['NT-DNS-004 info']],
    [2, 10, ['NT-DNS-004 critical']],
    [1, 1, ['NT-DNS-004 critical']],
  ])('%i of %i', (bad, all, expected) => {
    expect(share(bad, all)).toEqual(expected);
  });

  it('counts REFUSED, and not NXDOMAIN', () => {
    expect(share(5, 10, 'REFUSED')).toEqual(['NT-DNS-004 critical']);
    expect(share(5, 10, 'NXDOMAIN')).toEqual([]);
  });

  it('says that it is the server itself when nothing else comes', () => {
    const [finding] = servfail.judge(withQueries(times(4, () => query({ rcode: 'SERVFAIL' }))));
    expect(finding?.summary).toMatch(/so the server itself is at fault\.$/);
  });
});

describe('NT-DNS-011, by time', () => {
  const late = (...ms: number[]) =>
    ids(slow.judge(withQueries(ms.map((one) => query({ ms: one, limitMs: 6000 })))));

  it('needs two answers above 4 s', () => {
    expect(late(4000, 4000, 4000)).toEqual([]);
    expect(late(4001, 3, 3)).toEqual([]);
    expect(late(4001, 4001, 3)).toEqual(['NT-DNS-011 critical']);
  });

  it('does not judge queries that would not have waited so long', () => {
    expect(ids(slow.judge(withQueries(times(3, () => query({ ms: 4500, limitMs: 1000 })))))).toEqual([]);
  });

  it("names what the server asks, when the cluster's own name is fast", () => {
    const api = { name: 'api.example.com.', type: 'A' };
    const facts = withQueries([query({ ms: 3 }), ...times(2, () => query({ ms: 4500, question: api }))]);
    expect(slow.judge(facts)[0]?.summary).toMatch(/its upstream is slow for api\.example\.com\.\.$/);
  });
});

describe('NT-DNS-007, by time', () => {
  const race = (ms: number, answers: readonly DnsQuery[], conf?: string): string[] => {
    const facts = factsOf('race', {}, conf);
    const [name] = facts.names;
    if (name?.resolver === undefined) throw new Error('no name was recorded');
    const candidates = [{ name: name.name, answers }];
    return ids(
      resolverRace.judge({ ...facts, names: [{ ...name, candidates, resolver: { ...name.resolver, ms } }] }),
    );
  };

  it('begins at 90 % of the time-out of the resolver', () => {
    expect(race(4490, [query()])).toEqual([]);
    expect(race(4500, [query()])).toEqual(['NT-DNS-007 warning']);
    const conf = `nameserver ${SERVICE_ADDRESS}\noptions timeout:2\n`;
    expect(race(1790, [query()], conf)).toEqual([]);
    expect(race(1800, [query()], conf)).toEqual(['NT-DNS-007 warning']);
  });

  it('needs single queries that are fast, and none of them lost', () => {
    expect(race(5000, [query({ ms: 999 })])).toEqual(['NT-DNS-007 warning']);
    expect(race(5000, [query({ ms: 1000 })])).toEqual([]);
    expect(race(5000, [query(), query({ outcome: 'timeout', lost: 1 })])).toEqual([]);
    expect(race(5000, [query(), query({ lost: 1 })])).toEqual([]);
    expect(race(5000, [])).toEqual([]);
  });

  it('is a remark where the second lookup is fast', () => {
    const facts = factsOf('race');
    const [name] = facts.names;
    if (name?.resolver === undefined) throw new Error('no name was recorded');
    const slow = { ...name, resolver: { ...name.resolver, ms: 5000 } };
    const found = (...names: DnsFacts['names']) => ids(resolverRace.judge({ ...facts, names }));
    const again = (ms: number) => ({ ...slow, again: { ...slow.resolver, ms } });
    expect(found(slow)).toEqual(['NT-DNS-007 warning']);
    expect(found(again(4500))).toEqual(['NT-DNS-007 warning']);
    expect(found(again(4490))).toEqual(['NT-DNS-007 info']);
    expect(found(again(10), again(10))).toEqual(['NT-DNS-007 warning']);
  });

  it('leaves answers that were cut to TCP', () => {
    expect(race(5000, [query(), query({ truncated: true })])).toEqual([]);
  });
});

describe('NT-DNS-012, by what is lost', () => {
  const lost = (n: number): DnsQuery[] => times(n, () => query({ outcome: 'timeout', lost: 1 }));
  const loss = (queries: readonly DnsQuery[], changes: Partial<DnsFacts> = {}): string[] =>
    ids(lostPackets.judge({ ...withQueries(queries), ...changes }));
  const answers = times(8, () => query({ ms: 500 }));

  it('begins at two', () => {
    expect(loss(answers)).toEqual([]);
    expect(loss([...answers, ...lost(1)])).toEqual([]);
    expect(loss([...answers, ...lost(2)])).toEqual(['NT-DNS-012 warning']);
    expect(loss([...answers, query({ lost: 1 }), query({ lost: 1 })])).toEqual(['NT-DNS-012 warning']);
  });

  it('takes tries of a second that all servers missed for one moment', () => {
    const [endpoint] = factsOf('healthy').endpoints;
    if (endpoint === undefined) throw new Error('no endpoint was recorded');
    const late = query({ lost: 1, limitMs: 1000 });
    const endpoints = (...queries: DnsQuery[]) => ({
      endpoints: [{ ...endpoint, udp: { reach: 'answers' as const, queries: [...answers, ...queries] } }],
    });
    expect(loss([...answers, late], endpoints(late))).toEqual([]);
    expect(loss([...answers, late], endpoints(late, late))).toEqual(['NT-DNS-012 warning']);
    expect(loss([...answers, late], endpoints(query({ lost: 1, limitMs: 6000 })))).toEqual([
      'NT-DNS-012 warning',
    ]);
  });

  it('does not take answers that came late for lost ones', () => {
    const late = query({ outcome: 'timeout', lost: 2, limitMs: 1000, late: [1300, 1200] });
    expect(loss([...answers, late, late])).toEqual([]);
    expect(loss([...answers, query({ lost: 2, late: [450] }), ...lost(1)])).toEqual(['NT-DNS-012 warning']);
    expect(loss([...answers, query({ lost: 2, late: [450] })])).toEqual([]);
  });

  it('needs only one where getaddrinfo waited for it', () => {
    const [name] = factsOf('race').names;
    if (name?.resolver === undefined) throw new Error('no name was recorded');
    const waited = (ms: number) =>
      ({ names: [{ ...name, resolver: { ...name.resolver, ms } }] }) as Partial<DnsFacts>;
    expect(loss([...answers, ...lost(1)], waited(4490))).toEqual([]);
    expect(loss([...answers, ...lost(1)], waited(4500))).toEqual(['NT-DNS-012 warning']);
    expect(loss(answers, waited(9000))).toEqual([]);
  });

  it('is no story of servers that are slow, or of one that is silent to all', () => {
    expect(loss([...answers, query({ ms: 501 }), ...lost(2)])).toEqual([]);
    const { endpoints } = factsOf('replica-dead');
    expect(endpoints.map((e) => e.udp.reach)).toContain('silent');
    expect(loss([...answers, ...lost(2)], { endpoints })).toEqual([]);
  });
});

describe('NT-DNS-003', () => {
  const tcp = (protocol: Partial<DnsQuery>): DnsQuery => query({ protocol: 'tcp', ...protocol });
  const blocked = (...queries: DnsQuery[]): string[] => {
    const cut = query({ truncated: true });
    const facts = withQueries([cut]);
    const reach = queries.some((q) => q.outcome === 'answered') ? 'answers' : 'silent';
    return ids(
      tcpBlocked.judge({
        ...facts,
        servers: facts.servers.map((server) => ({ ...server, tcp: { reach, queries } })),
      }),
    );
  };
  const other = { name: 'other.test.', type: 'A' };
  const silent = { outcome: 'timeout', lost: 1 } as const;

  it('is a remark where one query of several gets no answer', () => {
    expect(blocked(tcp({ question: other }), tcp({}))).toEqual([]);
    expect(blocked(tcp({ question: other }), tcp(silent))).toEqual(['NT-DNS-003 info']);
    expect(blocked(tcp({ question: other }), tcp(silent), tcp(silent))).toEqual(['NT-DNS-003 warning']);
    expect(blocked(tcp(silent))).toEqual(['NT-DNS-003 warning']);
  });
});

describe('NT-DNS-006, by queries', () => {
  const cost = (queries: number | undefined): string[] => {
    const facts = factsOf('names');
    return ids(
      ndots.judge({ ...facts, names: facts.names.slice(0, 1).map((n) => ({ ...n, cost: queries })) }),
    );
  };

  it.each([
    [2, []],
    [4, ['NT-DNS-006 warning']],
    [undefined, []],
  ])('%s', (queries, expected) => {
    expect(cost(queries)).toEqual(expected);
  });

  it.each([
    ['web.shop', 'with 1 dot and ndots 5,'],
    ['web.shop.svc', 'with 2 dots and ndots 5,'],
  ])('counts the dots of %s', (name, says) => {
    const facts = factsOf('names');
    const names = facts.names.slice(0, 1).map((one) => ({ ...one, name, cost: 4 }));
    expect(ndots.judge({ ...facts, names })[0]?.summary).toContain(says);
  });
});

describe('NT-DNS-010', () => {
  const conf = (servers: readonly string[], pod: Partial<PodDns> = {}): string[] =>
    ids(
      resolvConf.judge(
        factsOf(
          'healthy',
          {
            pod: { policy: 'ClusterFirst', hostNetwork: false, configServers: [], addresses: [POD], ...pod },
          },
          servers.map((s) => `nameserver ${s}\n`).join(''),
        ),
      ),
    );
  const node = ['198.51.100.53'];

  it("is silent for the cluster's server, the node's cache, and the node's servers where they are meant", () => {
    expect(conf([SERVICE_ADDRESS])).toEqual([]);
    expect(conf(['169.254.20.10'])).toEqual([]);
    expect(conf(node, { policy: 'Default' })).toEqual([]);
    expect(conf([SERVICE_ADDRESS], { policy: 'ClusterFirstWithHostNet', hostNetwork: true })).toEqual([]);
  });

  it("names servers that are not the cluster's", () => {
    expect(conf([SERVICE_ADDRESS, ...node])).toEqual(['NT-DNS-010 warning']);
    expect(conf(node, { policy: 'None' })).toEqual(['NT-DNS-010 warning']);
    expect(conf(node, { hostNetwork: true })).toEqual(['NT-DNS-010 info']);
  });

  it('is the cause of the silence of servers that are all the wrong ones, and of them alone', () => {
    const of = (servers: readonly string[], pod: Partial<PodDns> = {}) => {
      const known = factsOf(
        'silent',
        { pod: { policy: 'ClusterFirst', hostNetwork: false, configServers: [], addresses: [POD], ...pod } },
        servers.map((s) => `nameserver ${s}\n`).join(''),
      );
      const dead = { reach: 'silent' as const, queries: known.servers[0]?.udp.queries ?? [] };
      const all = known.servers.map((s) => ({ ...s, udp: dead, tcp: dead }));
      const facts = { ...known, servers: all };
      return linkCauses([...noReply.judge(facts), ...resolvConf.judge(facts)]);
    };
    const [silence, servers] = of(node);
    expect(silence).toMatchObject({ id: 'NT-DNS-001', causedBy: 'NT-DNS-010' });
    expect(servers).toMatchObject({
      severity: 'critical',
      summary: expect.stringMatching(/none of them answers/),
    });
    expect(remedyOf(servers)).toContain(`clusterDNS to [${SERVICE_ADDRESS}]`);
    expect(of(node, { policy: 'None' })[1]?.remediation).toContain("The pod's dnsConfig names them");
    expect(of([SERVICE_ADDRESS, ...node]).map(({ id, causedBy }) => [id, causedBy])).toEqual([
      ['NT-DNS-001', undefined],
      ['NT-DNS-010', undefined],
    ]);
  });

  it('begins at four servers', () => {
    const policy = { policy: 'Default' };
    expect(conf(['198.51.100.1', '198.51.100.2', '198.51.100.3'], policy)).toEqual([]);
    expect(conf(['198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4'], policy)).toEqual([
      'NT-DNS-010 warning',
    ]);
  });

  it('knows what the kubelet left out', () => {
    const configServers = ['169.254.20.1', '169.254.20.2', '169.254.20.3'];
    expect(conf([SERVICE_ADDRESS, '169.254.20.1', '169.254.20.2'], { configServers })).toEqual([
      'NT-DNS-010 warning',
    ]);
    expect(conf([SERVICE_ADDRESS, '169.254.20.1'], { configServers: ['169.254.20.1'] })).toEqual([]);
  });

  it('without any server', () => {
    expect(conf([], { policy: 'None' })).toEqual(['NT-DNS-010 warning']);
    expect(conf([], { policy: 'Default' })).toEqual(['NT-DNS-010 info']);
    // The machine's own, of a node or of whatever is no pod.
    expect(conf([], { policy: 'Default', hostNetwork: true })).toEqual(['NT-DNS-010 info']);
  });
});

describe('NT-DNS-001', () => {
  const healthy = factsOf('healthy');
  /** The server of resolv.conf fails in this way, and of those behind it the first one alone. */
  const failing = (reach: 'silent' | 'unreachable', isFirstGood = false): string[] => {
    const fails = <T extends DnsFacts['servers'][number]>(s: T): T => ({ ...s, udp: { ...s.udp, reach } });
    const endpoints = healthy.endpoints.map((e, i) => (i > 0 || !isFirstGood ? fails(e) : e));
    return ids(noReply.judge({ ...healthy, servers: healthy.servers.map(fails), endpoints }));
  };

  it('is not said of silence that may be one replica of several', () => {
    expect(failing('silent')).toEqual(['NT-DNS-001 critical']);
    expect(failing('silent', true)).toEqual([]);
  });

  it('is said where there is no way to the server, whatever a replica on the same link answers', () => {
    expect(failing('unreachable')).toEqual(['NT-DNS-001 critical']);
    expect(failing('unreachable', true)).toEqual(['NT-DNS-001 critical']);
  });
});

describe('NT-DNS-009', () => {
  const healthy = factsOf('healthy');
  /** The first server behind the Service fails in this way. */
  const withFirst = (change: (server: DnsFacts['endpoints'][number]) => object): string[] =>
    ids(
      partial.judge({
        ...healthy,
        endpoints: healthy.endpoints.map((e, i) => (i === 0 ? { ...e, ...change(e) } : e)),
      }),
    );

  it('needs one that answers and one that fails', () => {
    expect(withFirst(() => ({}))).toEqual([]);
    expect(withFirst((e) => ({ udp: { ...e.udp, reach: 'silent' } }))).toEqual(['NT-DNS-009 warning']);
    expect(withFirst((e) => ({ tcp: { ...e.tcp, reach: 'refused' } }))).toEqual(['NT-DNS-009 warning']);
    const all = healthy.endpoints.map((e) => ({ ...e, udp: { ...e.udp, reach: 'silent' as const } }));
    expect(ids(partial.judge({ ...healthy, endpoints: all }))).toEqual([]);
    expect(ids(partial.judge({ ...healthy, endpoints: all.slice(0, 1) }))).toEqual([]);
  });

  it('compares answers to the same question', () => {
    const bad = (q: DnsQuery): DnsQuery => ({ ...q, rcode: 'SERVFAIL' });
    expect(withFirst((e) => ({ udp: { ...e.udp, queries: e.udp.queries.map(bad) } }))).toEqual([
      'NT-DNS-009 warning',
    ]);
    const once = (q: DnsQuery, i: number): DnsQuery => (i === 0 ? bad(q) : q);
    expect(withFirst((e) => ({ udp: { ...e.udp, queries: e.udp.queries.map(once) } }))).toEqual([
      'NT-DNS-009 info',
    ]);
    const other = (q: DnsQuery): DnsQuery => ({ ...bad(q), question: { name: 'other.test.', type: 'A' } });
    expect(withFirst((e) => ({ udp: { ...e.udp, queries: e.udp.queries.map(other) } }))).toEqual([]);
  });
});
