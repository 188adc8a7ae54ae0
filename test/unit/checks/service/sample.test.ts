import { describe, expect, it } from 'vitest';
import { partOfServices } from '../../../../src/checks/part-of-services.ts';
import {
  chooseEndpoints,
  largeServices,
  MOST_FAILED,
  SAMPLE,
} from '../../../../src/checks/service/sample.ts';
import type { Destination } from '../../../../src/model/destination.ts';
import { result } from '../results.ts';

function endpoints(count: number, nodes = 1): Destination[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `to${i}`,
    label: `svc/x → p${i}`,
    host: `198.51.100.${i + 1}`,
    port: '80',
    anyPort: false,
    role: 'asked',
    inCluster: true,
    protocol: 'tcp',
    service: {
      label: 'svc/x',
      namespace: 'default',
      name: 'x',
      part: 'endpoint',
      total: count,
      node: `node${i % nodes}`,
    },
  }));
}

const swept = (all: readonly Destination[], failed: readonly number[]) => ({
  id: 'sweep',
  ...result(
    all
      .map(
        ({ host }, i) =>
          `endpoint ${host} 80 ${failed.includes(i) ? 'silent 1300000 Connection timed out' : 'connected 1'}\n`,
      )
      .join(''),
  ),
});
const numbers = (chosen: readonly Destination[]) => chosen.map(({ id }) => Number(id.slice(2)));

describe('largeServices', () => {
  it('is about TCP endpoints of Services with more of them than a sample has', () => {
    expect(largeServices(endpoints(SAMPLE)).size).toBe(0);
    expect([...largeServices(endpoints(SAMPLE + 1)).keys()]).toEqual(['svc/x']);
    expect(largeServices(endpoints(50).map((e) => ({ ...e, protocol: 'udp' as const }))).size).toBe(0);
  });
});

describe('chooseEndpoints', () => {
  it('takes each that failed, and as many of each node of the others', () => {
    const all = endpoints(100, 4);
    const failed = [20, 21, 22, 23, 24, 25, 26, 27, 28, 29];
    const chosen = chooseEndpoints(all, swept(all, failed));
    expect(numbers(chosen).filter((n) => failed.includes(n))).toEqual(failed);
    const sample = chosen.filter((one) => !failed.includes(Number(one.id.slice(2))));
    expect(sample).toHaveLength(SAMPLE);
    expect(new Set(sample.map(({ service }) => service?.node)).size).toBe(4);
  });

  it('ends, also where all of a large Service have failed, or where nothing was measured', () => {
    const all = endpoints(200);
    const everyone = all.map((_, i) => i);
    expect(chooseEndpoints(all, swept(all, everyone))).toHaveLength(MOST_FAILED);
    expect(chooseEndpoints(all, undefined)).toHaveLength(MOST_FAILED);
  });

  it('chooses the same ones again', () => {
    const all = endpoints(40, 3);
    expect(numbers(chooseEndpoints(all, swept(all, [7])))).toEqual(
      numbers(chooseEndpoints(all, swept(all, [7]))),
    );
  });
});

describe('partOfServices', () => {
  it('says of which part a sentence is', () => {
    const [first, second] = endpoints(100);
    expect(partOfServices({ destinations: [first, second] })).toBe(
      ' Of svc/x, this is about 2 of 100 endpoints; the service check connects to each.',
    );
    expect(partOfServices({ servers: [{ destination: first }] })).toMatch(/about 1 of 100 endpoints/);
    expect(partOfServices({ destinations: endpoints(3) })).toBe('');
    expect(partOfServices({ destinations: [{ ...first, protocol: 'udp' }] })).toBe(
      ' Of svc/x, this is about 1 of 100 endpoints.',
    );
    expect(partOfServices(undefined)).toBe('');
  });
});
