import { describe, expect, it } from 'vitest';
import { spread } from '../../../src/run/spread.ts';

describe('the order of the beginning', () => {
  it.each([
    ['one of each node in turn', ['a', 'a', 'a', 'b', 'b', 'c'], [0, 3, 5, 1, 4, 2]],
    ['as they are on one node', ['a', 'a', 'a'], [0, 1, 2]],
    ['as they are where no node is known', [undefined, undefined], [0, 1]],
    ['none', [], []],
  ])('is %s', (_what, nodes, order) => {
    expect(spread(nodes)).toEqual(order);
  });
});
