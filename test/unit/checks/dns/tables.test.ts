import { describe, expect, it } from 'vitest';
import { dnsTables } from '../../../../src/checks/dns/tables.ts';

const tables = (measurements: object) => dnsTables(measurements as never);

describe('the servers', () => {
  const server = {
    address: '198.19.0.10',
    role: 'server',
    service: null,
    udp: { reach: 'answers', queries: 4, answered: 3, ms: { median: 0.5, max: 1000.4 } },
    tcp: { reach: 'refused', queries: 0, answered: 0, ms: null },
  };
  const row = (more: object) => tables({ servers: [{ ...server, ...more }] })[0]?.rows[0];

  it('have a row each, with what they answered', () => {
    expect(row({})).toEqual([
      '198.19.0.10',
      'resolv.conf',
      'answers',
      '3/4',
      '0.5',
      '1000',
      'refused',
      '0/0',
    ]);
  });

  it.each([
    [{ service: 'kube-system/kube-dns' }, 'resolv.conf, svc/kube-system/kube-dns'],
    [{ role: 'endpoint', pod: 'coredns-1' }, 'pod coredns-1'],
    [{ role: 'endpoint', pod: null }, 'pod -'],
  ])('say where they come from: %j', (more, origin) => {
    expect(row(more)?.[1]).toBe(origin);
  });

  it.each([
    [0.04, '0'],
    [2, '2'],
    [2.34, '2.3'],
    [10.4, '10'],
    [null, '-'],
  ])('show a median of %j ms as %s', (median, shown) => {
    expect(row({ udp: { ms: { median } } })?.[4]).toBe(shown);
  });
});

describe('the names', () => {
  const candidates = [
    { name: 'db.shop.svc', A: '198.19.0.7', AAAA: 'no record' },
    { name: 'db', A: 'not asked', AAAA: 'not asked' },
  ];
  const rows = (getaddrinfo: object | null) =>
    tables({ names: [{ name: 'db', queries: 2, getaddrinfo, candidates }] })[1]?.rows;

  it('have a row for each name that was asked for, and are told once', () => {
    expect(rows({ outcome: 'resolved', ms: 3.2 })).toEqual([
      ['db', '2', '3.2 ms', 'db.shop.svc', '198.19.0.7', 'no record'],
      ['', '', '', 'db', 'not asked', 'not asked'],
    ]);
  });

  it.each([
    [{ outcome: 'resolved', ms: 1200 }, '1200 ms'],
    [{ outcome: 'not found', ms: 999 }, 'not found'],
    [{ outcome: 'timeout', ms: 5000 }, 'timeout 5000 ms'],
    [{ outcome: 'timeout', ms: null }, 'timeout'],
    [null, '-'],
  ])('say how getaddrinfo went, and how long a failure took: %j', (getaddrinfo, shown) => {
    expect(rows(getaddrinfo)?.[0]?.[2]).toBe(shown);
  });
});
