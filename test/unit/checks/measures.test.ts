/** What holds for the numbers of every check, and for its ways: they are data, and nothing that a bundle holds breaks them. */
import { describe, expect, it } from 'vitest';
import { measuresOf, waysOf } from '../../../src/checks/measures.ts';
import { METRICS, type MetricAbout } from '../../../src/model/metrics.ts';
import type { Json } from '../../../src/model/report.ts';
import { check } from '../report/build.ts';
import { CASES, judgeCase } from './cases.ts';

const MEASURED = CASES.map((one) => ({
  name: one.name,
  id: one.check,
  measurements: judgeCase(one).measurements,
}));
const of = (id: string, measurements: { readonly [key: string]: Json }) =>
  measuresOf(check(id, { measurements }));

describe.each(MEASURED)('$name', ({ id, measurements }) => {
  it('gives finite numbers of metrics whose names say the check and the unit, each once', () => {
    const all = of(id, measurements);
    for (const { metric, title, labels, value } of all) {
      expect(metric).toMatch(/^[a-z]+(?:_[a-z]+)+$/);
      expect(metric.startsWith(`${id}_`), metric).toBe(true);
      const { labels: known }: MetricAbout = METRICS[metric];
      expect(known).toEqual(expect.arrayContaining(Object.keys(labels)));
      expect(title).not.toBe('');
      for (const [key, label] of Object.entries(labels)) {
        expect(key).toMatch(/^[a-z]+$/);
        expect(label).not.toMatch(/undefined|null|NaN|\[object/);
      }
      const numbers =
        value.kind === 'times'
          ? value.ms
          : value.kind === 'share'
            ? [value.lost, value.tries]
            : [value.value];
      expect(numbers.every((one) => Number.isFinite(one) && one >= -1e9)).toBe(true);
      if (value.kind === 'share') expect(value.lost).toBeLessThanOrEqual(value.tries);
    }
    const keys = all.map(({ metric, labels }) => JSON.stringify([metric, labels]));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is the same of measurements that were printed and read', () => {
    expect(of(id, JSON.parse(JSON.stringify(measurements)))).toEqual(of(id, measurements));
  });
});

describe('the numbers', () => {
  it('of a dns run are by server, and by endpoint behind it', () => {
    const all = of('dns', {
      servers: [
        {
          address: '198.19.0.10',
          role: 'server',
          service: 'kube-dns',
          udp: { queries: 10, answered: 9, timesMs: [1, 2] },
          tcp: { queries: 2, answered: 2, timesMs: [] },
        },
        {
          address: '198.18.1.4',
          role: 'endpoint',
          service: 'kube-dns',
          pod: 'coredns-0',
          udp: { queries: 2, answered: 2, timesMs: [3] },
          tcp: {},
        },
      ],
    });
    expect(
      all.map(({ metric, labels, value }) => [
        metric,
        Object.values(labels).join(' '),
        value.kind === 'times' ? value.ms : value.kind === 'share' ? `${value.lost}/${value.tries}` : 0,
      ]),
    ).toEqual([
      ['dns_query_seconds', '198.19.0.10 udp', [1, 2]],
      ['dns_queries', '198.19.0.10 udp', '1/10'],
      ['dns_queries', '198.19.0.10 tcp', '0/2'],
      ['dns_query_seconds', 'kube-dns coredns-0 udp', [3]],
      ['dns_queries', 'kube-dns coredns-0 udp', '0/2'],
    ]);
  });

  it('of a latency run say what was lost, and which connections were slow', () => {
    const tcp = { tries: 10, unanswered: 1, failed: 1, timesMs: [1, 1, 1, 1, 1, 1, 1, 1010] };
    const all = of('latency', {
      destinations: [{ name: 'svc/db:80 → db-0', icmp: { sent: 50, lossPercent: 4, timesMs: [1] }, tcp }],
    });
    expect(
      all.flatMap(({ title, value }) =>
        value.kind === 'share' ? [`${title} ${value.lost}/${value.tries}`] : [],
      ),
    ).toEqual(['loss 2/50', 'loss 2/10', 'slow connects 1/8']);
    expect(all[0]?.labels).toEqual({ destination: 'svc/db:80', endpoint: 'db-0', by: 'icmp' });
  });

  it.each([
    [
      'throughput',
      {
        destinations: [
          { name: 'db', bitsPerSecond: 8e9 },
          { name: 'x', skipped: 'y' },
        ],
      },
      ['throughput_bytes_per_second 1000000000'],
    ],
    ['conntrack', { entries: 5, max: 100 }, ['conntrack_entries 5', 'conntrack_entries_limit 100']],
    [
      'tls',
      {
        servers: [
          { name: 'db', sni: 'db', daysLeft: 2 },
          { name: 'y', skipped: 'z' },
        ],
      },
      ['tls_certificate_remaining_seconds 172800'],
    ],
    ['service', { services: [{ name: 'svc/db', ready: 2 }] }, ['service_endpoints_ready 2']],
    ['mtu', { destinations: [] }, []],
  ])('of %s', (id, measurements, expected) => {
    expect(
      of(id, measurements).map(
        ({ metric, value }) => `${metric} ${value.kind === 'level' ? value.value : '?'}`,
      ),
    ).toEqual(expected);
  });
});

it('ways are of places that somebody could look at, or not', () => {
  const points = [
    { place: 'pod/a', packet: 'probe', way: 'out', packets: 2 },
    { place: 'node/n', packet: 'probe', way: 'in', packets: null },
    { place: 'node/n', packet: 'probe', way: 'out', packets: null },
    { place: 'pod/b', packet: 'probe', way: 'in', packets: 1 },
    { place: 'pod/b', packet: 'answer', way: 'out', packets: 0 },
  ];
  expect(
    waysOf(
      check('path', {
        measurements: {
          paths: [
            { name: 'b', connected: false, points },
            { name: 'c', skipped: 'x', points: [] },
          ],
        },
      }),
    ),
  ).toEqual([
    {
      name: 'b',
      outcome: 'not connected',
      places: [
        {
          name: 'pod/a',
          probe: { seen: 'yes', ways: ['out'], missed: [] },
          answer: { seen: 'none', ways: [], missed: [] },
        },
        {
          name: 'node/n',
          probe: { seen: 'unwatched', ways: [], missed: [] },
          answer: { seen: 'none', ways: [], missed: [] },
        },
        {
          name: 'pod/b',
          probe: { seen: 'yes', ways: ['in'], missed: [] },
          answer: { seen: 'no', ways: [], missed: [] },
        },
      ],
    },
  ]);
});
