import { describe, expect, it } from 'vitest';
import { serviceTables } from '../../../../src/checks/service/tables.ts';

const works = { state: 'works', seen: 'connected', ms: 0.25 };
const silent = { state: 'silent', seen: 'no answer', ms: null };
const endpoint = (i: number, attempt: object = works) => ({
  address: `198.18.1.${i}`,
  port: 8080,
  pod: `web-${i}`,
  node: 'n1',
  isTarget: false,
  ...attempt,
});
const service = {
  name: 'svc/web',
  clusterIp: '198.19.0.7',
  port: 80,
  endpoints: [],
  virtual: [],
  byName: null,
};
const rows = (more: object) => serviceTables({ services: [{ ...service, ...more }] as never })[0]?.rows ?? [];

describe('serviceTables', () => {
  it('has the endpoints, the cluster IP and the name, and the Service once', () => {
    const endpoints = [endpoint(1), { ...endpoint(2, silent), isTarget: true, node: null }];
    expect(rows({ endpoints, virtual: [works], byName: { ...works, ms: 120.4 } })).toEqual([
      ['svc/web', 'web-1', '198.18.1.1:8080', 'n1', 'connected', '0.3 ms'],
      ['', 'web-2 (the target)', '198.18.1.2:8080', '-', 'no answer', '-'],
      ['', 'cluster IP', '198.19.0.7:80', '', 'connected', '0.3 ms'],
      ['', 'name', '', '', 'connected', '120 ms'],
    ]);
  });

  it('shows of the tries of the cluster IP the first that failed, and how many did not', () => {
    expect(rows({ virtual: [works, silent, works] })).toEqual([
      ['svc/web', 'cluster IP', '198.19.0.7:80', '', 'no answer (2 of 3 work)', '-'],
    ]);
  });

  it('shows every one of 24 endpoints', () => {
    expect(rows({ endpoints: Array.from({ length: 24 }, (_, i) => endpoint(i)) })).toHaveLength(24);
  });

  it('counts of more endpoints those that work, and never leaves out one that does not', () => {
    const endpoints = Array.from({ length: 30 }, (_, i) => endpoint(i, i === 29 ? silent : works));
    const shown = rows({ endpoints });
    expect(shown.map(([, via]) => via)).toEqual([
      ...Array.from({ length: 8 }, (_, i) => `web-${i}`),
      'web-29',
      '21 more',
    ]);
    expect(shown.at(-1)).toEqual(['', '21 more', '', '', 'connected', '']);
  });
});
