import { describe, expect, it } from 'vitest';
import { choosePairs, perNode } from '../../../../src/checks/matrix/sample.ts';
import type { MatrixPlace } from '../../../../src/model/matrix.ts';

const places = (count: number, nodes: number, prefix = 'p'): MatrixPlace[] =>
  Array.from({ length: count }, (_, i) => ({
    kind: 'pod' as const,
    target: `pod/${prefix}${i}`,
    namespace: 'shop',
    node: `n${Math.floor((i * nodes) / count)}`,
  }));
const spreadOf = (counts: readonly number[]): number => Math.max(...counts) - Math.min(...counts);

describe('the pairs of a matrix', () => {
  it('are all of them, and no place with itself', () => {
    const all = places(4, 2);
    const { rows, possible, asked } = choosePairs(all, all, 12);
    expect({ possible, asked }).toEqual({ possible: 12, asked: 12 });
    expect(rows[1]).toEqual([0, 2, 3]);
    expect(choosePairs(all, places(3, 1, 'd'), 100)).toMatchObject({ possible: 12, asked: 12 });
  });

  it.each([
    [20, 20, 4, 100],
    [100, 100, 10, 2500],
    [37, 37, 5, 200],
    [10, 60, 6, 120],
    [60, 10, 6, 120],
    [200, 200, 20, 2500],
  ])('of %i sources and %i destinations on %i nodes are a fair sample of %i', (s, d, nodes, most) => {
    const sources = places(s, nodes);
    const destinations = s === d ? sources : places(d, nodes, 'd');
    const { rows, asked } = choosePairs(sources, destinations, most);
    expect(asked).toBeLessThanOrEqual(most);
    expect(asked).toBeGreaterThan(most - s);
    expect(spreadOf(rows.map((row) => row.length))).toBeLessThanOrEqual(1);
    const uses = destinations.map((_, at) => rows.filter((row) => row.includes(at)).length);
    expect(spreadOf(uses)).toBeLessThanOrEqual(1);
    rows.forEach((row, at) => {
      expect(new Set(row).size).toBe(row.length);
      if (s === d) expect(row).not.toContain(at);
    });
    // All pairs of nodes are met, and none far more often than another.
    const byNodes = new Map<string, number>();
    rows.forEach((row, at) => {
      for (const to of row) {
        const key = `${sources[at]?.node} ${destinations[to]?.node}`;
        byNodes.set(key, (byNodes.get(key) ?? 0) + 1);
      }
    });
    if (asked >= 4 * nodes * nodes) expect(byNodes.size).toBe(nodes * nodes);
  });

  it('ask for one destination of each source, however few are allowed', () => {
    const all = places(5, 2);
    expect(choosePairs(all, all, 1).rows.map((row) => row.length)).toEqual([1, 1, 1, 1, 1]);
  });
});

it('of each node are as many pods as were asked for, and all that is no pod', () => {
  const node: MatrixPlace = { kind: 'node', target: 'node/n0', node: 'n0' };
  const service: MatrixPlace = { kind: 'service', target: 'svc/x' };
  const kept = perNode([...places(10, 2), node, service], 2);
  expect(kept.map(({ target }) => target)).toEqual([
    'pod/p0',
    'pod/p2',
    'pod/p5',
    'pod/p7',
    'node/n0',
    'svc/x',
  ]);
});
