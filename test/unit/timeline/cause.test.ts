import { describe, expect, it } from 'vitest';
import { FINDINGS } from '../../../src/checks/findings.ts';
import type { MissEvidence, WatchGoal } from '../../../src/model/watch.ts';
import { causesOf, slowNamesOf } from '../../../src/timeline/cause.ts';

const GOAL: WatchGoal = { destination: 'svc/db:5432', host: '10.0.0.2', port: 5432, probe: 'tcp' };
const TARGET = { kind: 'pod', name: 'web-0', namespace: 'shop', address: '10.0.0.1' } as const;
const FINE: MissEvidence = {
  reason: 'silent',
  error: 'Connection timed out',
  address: '10.0.0.2',
  tries: 1,
  counters: {},
  route: { device: 'eth0', source: '10.0.0.1' },
  neighbour: { address: '10.0.0.2', state: 'REACHABLE', mac: '02:00:00:00:00:02' },
  link: { up: true, carrier: true },
  seen: { out: 1, in: 0, arp: 0 },
};

function causes(
  evidence: Partial<MissEvidence>,
  more: { missed?: number; late?: number; to?: string } = {},
  goal: Partial<WatchGoal> = {},
) {
  const outage = {
    destination: GOAL.destination,
    missed: 3,
    to: '2026-01-01T00:00:03Z',
    evidence: { ...FINE, ...evidence },
    ...more,
  };
  return causesOf({ ...GOAL, ...goal }, outage, TARGET);
}

const icmp = (type: number, code: number, sender = '10.9.9.9') => ({ icmp: { type, code, sender } });
const dns = (answer: string) => ({ dns: { server: '10.96.0.10', name: 'db.shop.', answer } });

describe('the cause that the evidence of a miss tells', () => {
  it.each<[string, Partial<MissEvidence>, Partial<WatchGoal>, string[]]>([
    ['silence', {}, {}, ['NT-FW-001']],
    ['its own filter', { seen: { out: 0, in: 0, arp: 0, before: true } }, {}, ['NT-FW-002']],
    // A node translates the address of a Service on the way out: what was not seen may have left with another one.
    ['its own filter, or a translated address', { seen: { out: 0, in: 0, arp: 0 } }, {}, ['NT-FW-001']],
    [
      'its own filter where nothing is translated',
      { seen: { out: 0, in: 0, arp: 0 }, conntrack: { count: 0, max: 65_536 } },
      {},
      ['NT-FW-002'],
    ],
    [
      'a Service whose address a socket translates',
      { seen: { out: 0, in: 0, arp: 0 }, conntrack: { count: 0, max: 65_536 } },
      { service: 'svc/db:5432' },
      ['NT-FW-001'],
    ],
    [
      'a name server whose address is translated',
      {
        reason: 'dns-silent',
        seen: { out: 0, in: 0, arp: 0 },
        conntrack: { count: 0, max: 65_536 },
        ...dns('silent'),
      },
      {},
      ['NT-DNS-001'],
    ],
    [
      'its own filter, by the socket',
      { reason: 'not-permitted', error: 'Operation not permitted' },
      {},
      ['NT-FW-002'],
    ],
    ['a filter prohibits', { reason: 'unreachable', ...icmp(3, 13) }, {}, ['NT-FW-003']],
    ['a filter of IPv6 prohibits', { reason: 'prohibited', ...icmp(1, 1, 'fd00::1') }, {}, ['NT-FW-003']],
    ['a filter rejects', { reason: 'refused', ...icmp(3, 3, '10.0.0.2') }, {}, ['NT-FW-004']],
    [
      'a closed UDP port',
      { reason: 'refused', ...icmp(3, 3, '10.0.0.2') },
      { probe: 'dns', port: 53 },
      ['NT-SOCK-001'],
    ],
    ['a router without a route', { reason: 'unreachable', ...icmp(3, 0) }, {}, ['NT-RT-007']],
    ['a router without a neighbour', { reason: 'unreachable', ...icmp(3, 1) }, {}, ['NT-ARP-002']],
    ['a circle', { reason: 'unreachable', ...icmp(11, 0) }, {}, ['NT-RT-011']],
    ['a reset', { reason: 'refused', error: 'Connection refused' }, {}, ['NT-SOCK-001']],
    ['no local port', { reason: 'no-port' }, {}, ['NT-SOCK-004']],
    ['a blackhole', { reason: 'no-route', route: { type: 'blackhole' } }, {}, ['NT-RT-002']],
    ['a blackhole that is gone', { reason: 'no-route', error: 'Invalid argument' }, {}, ['NT-RT-002']],
    [
      'no route',
      { reason: 'no-route', error: 'Network is unreachable', route: { type: 'none' } },
      {},
      ['NT-RT-001'],
    ],
    ['no carrier', { link: { up: true, carrier: false } }, {}, ['NT-IF-001']],
    ['a silent neighbour', { neighbour: { address: '10.0.0.2', state: 'INCOMPLETE' } }, {}, ['NT-ARP-002']],
    [
      'a silent gateway',
      {
        route: { device: 'eth0', gateway: '10.0.0.9' },
        neighbour: { address: '10.0.0.9', state: 'FAILED' },
        reason: 'unreachable',
      },
      {},
      ['NT-ARP-001'],
    ],
    ['a silent name server', { reason: 'dns-silent', ...dns('silent') }, {}, ['NT-DNS-001']],
    [
      'a name server that refuses',
      { reason: 'dns-failed', ...dns('Connection refused') },
      {},
      ['NT-DNS-002'],
    ],
    ['SERVFAIL', { reason: 'dns-failed', ...dns('SERVFAIL') }, {}, ['NT-DNS-004']],
    ['no such name', { reason: 'no-name', ...dns('NXDOMAIN') }, {}, ['NT-DNS-005']],
    ['a full connection table', { conntrack: { count: 99, max: 100 } }, {}, ['NT-CT-001', 'NT-FW-001']],
    ['an error of its own', { reason: 'other', error: 'No buffer space available' }, {}, []],
    // What was not seen is no proof that it did not leave.
    ['silence where nobody may listen', { seen: undefined as never }, {}, ['NT-FW-001']],
    // A neighbour that fails is no cause of a refusal.
    [
      'a reset while a neighbour is asked for',
      { reason: 'refused', neighbour: { address: '10.0.0.2', state: 'INCOMPLETE' } },
      {},
      ['NT-SOCK-001'],
    ],
  ])('%s', (_title, evidence, goal, ids) => {
    const found = causes(evidence, {}, goal);
    expect(found.map(({ id }) => id)).toEqual(ids);
    for (const { id, severity, subject, remediation, evidence: quotes } of found) {
      expect(FINDINGS.find((meta) => meta.id === id)?.severities).toContain(severity);
      expect(subject).toBe('svc/db:5432');
      expect(remediation).not.toBe('');
      expect(quotes[0]?.excerpt).toMatch(/^probe 10\.0\.0\.2 /);
    }
  });

  it('names the Service without an endpoint first where the API said so while it failed', () => {
    const outage = {
      destination: GOAL.destination,
      missed: 3,
      evidence: { ...FINE, reason: 'refused' as const, ...icmp(3, 3) },
      noEndpointsAt: '2026-01-01T00:00:01.000Z',
    };
    expect(causesOf(GOAL, outage, TARGET)).toMatchObject([
      { id: 'NT-SVC-001', severity: 'critical', subject: 'svc/db:5432' },
      { id: 'NT-FW-004', causedBy: 'NT-SVC-001' },
    ]);
  });

  it('tells a name server that is watched from one of resolv.conf, and both servers that failed', () => {
    const [watched] = causes(
      { reason: 'dns-failed', dns: { server: '10.0.0.2', name: '.', answer: 'SERVFAIL' } },
      {},
      { probe: 'dns', port: 53 },
    );
    expect(watched?.summary).toBe(
      'svc/db:5432: name server 10.0.0.2, which is watched itself, answered a query with SERVFAIL.',
    );
    const before = { server: '10.96.0.9', answer: 'silent' };
    const [both] = causes({ reason: 'dns-silent', dns: { ...dns('silent').dns, before } });
    expect(both?.summary).toMatch(/10\.96\.0\.10 did not answer .*, and 10\.96\.0\.9 before it .*\(silent\)/);
  });

  it('calls a first name server that is silent slow, one look-up of it noise, and says what it costs', () => {
    const slow = { from: '2026-01-01T00:00:00Z', server: '10.96.0.10', answer: 'silent', by: '10.96.0.11' };
    expect(slowNamesOf(GOAL, slow, TARGET)).toMatchObject([
      {
        id: 'NT-DNS-009',
        severity: 'warning',
        summary: expect.stringMatching(/wait for the resolver's time-out/),
      },
    ]);
    const once = { ...slow, answer: 'SERVFAIL', to: slow.from, count: 1 };
    expect(slowNamesOf(GOAL, once, TARGET)).toMatchObject([
      {
        id: 'NT-DNS-009',
        severity: 'info',
        summary: expect.stringMatching(/\(SERVFAIL\) for 1 look-up; 10/),
      },
    ]);
  });

  it('calls answers that come too late slow, and not dropped', () => {
    expect(causes({}, { missed: 3, late: 2 })).toMatchObject([{ id: 'NT-LAT-001', severity: 'warning' }]);
    expect(causes({}, { missed: 3, late: 1 })).toMatchObject([{ id: 'NT-FW-001' }]);
  });

  it('calls one lost probe a loss, and not an outage of its own kind', () => {
    expect(causes({}, { missed: 1 })).toMatchObject([{ id: 'NT-LAT-002', severity: 'warning' }]);
    // It lasts: more may come.
    const { to: _to, ...lasting } = { destination: GOAL.destination, missed: 1, evidence: FINE, to: '' };
    expect(causesOf(GOAL, lasting, TARGET)).toMatchObject([{ id: 'NT-FW-001' }]);
  });
});
