import { describe, expect, it } from 'vitest';
import { isInShard, shardKey, shardOf } from '../../../src/open/shard.ts';

const keys = Array.from({ length: 3000 }, (_, i) =>
  shardKey({ spec: { kind: 'name', name: `web-${i}` }, namespace: 'shop' }),
);

describe('shards', () => {
  it('have each target once, and about as many', () => {
    const sizes = Array.from({ length: 7 }, (_, index) =>
      keys.filter((key) => isInShard(key, { index, count: 7 })),
    );
    expect(sizes.flat().toSorted()).toEqual(keys.toSorted());
    for (const own of sizes) expect(Math.abs(own.length - 3000 / 7)).toBeLessThan(80);
  });

  it('keep a target, whatever else comes and goes, and tell namespaces apart', () => {
    // By its own name alone: pods of one Job may look at different moments.
    expect(keys.slice(0, 6).map((key) => shardOf(key, 3))).toEqual([2, 0, 2, 2, 1, 2]);
    const there = { spec: { kind: 'name', name: 'web-0' }, namespace: 'other' } as const;
    expect(shardKey(there)).not.toBe(keys[0]);
  });

  it('are all of it where there is no shard', () => {
    expect(keys.every((key) => isInShard(key, undefined))).toBe(true);
  });
});
