import { describe, expect, it } from 'vitest';
import { distribution, histogram, least, most } from '../../../../src/checks/shared/statistics.ts';

describe('distribution', () => {
  it('is nothing of nothing', () => {
    expect(distribution([])).toBeUndefined();
  });

  it('of one value is that value', () => {
    expect(distribution([7])).toEqual({ count: 1, min: 7, median: 7, p95: 7, p99: 7, max: 7, jitter: 0 });
  });

  it('has percentiles that were really seen, by nearest rank', () => {
    const series = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(distribution(series)).toMatchObject({
      count: 100,
      min: 1,
      median: 50,
      p95: 95,
      p99: 99,
      max: 100,
    });
    expect(distribution([1, 2])).toMatchObject({ median: 1, p95: 2, p99: 2 });
  });

  it('has the mean difference of neighbours in time as jitter', () => {
    expect(distribution([10, 12, 9, 9])?.jitter).toBeCloseTo((2 + 3 + 0) / 3);
    expect(distribution([10, 20, 30, 40])?.jitter).toBe(10);
  });

  it('leaves the series as it was', () => {
    const series = [3, 1, 2];
    distribution(series);
    expect(series).toEqual([3, 1, 2]);
  });
});

describe('histogram', () => {
  it('counts on a logarithmic scale', () => {
    expect(histogram([1, 10, 100, 999], 1, 1000, 3)).toEqual([1, 1, 2]);
  });

  it('counts every value, also at and beyond the ends', () => {
    expect(histogram([0, 0.5, 1000, 5000], 1, 1000, 3)).toEqual([2, 0, 2]);
  });

  it('puts equal values into one bin', () => {
    expect(histogram([5, 5, 5], 5, 5, 4)).toEqual([3, 0, 0, 0]);
    expect(histogram([0, 0], 0, 0, 4)).toEqual([2, 0, 0, 0]);
  });

  it('is empty of nothing', () => {
    expect(histogram([], 1, 10, 2)).toEqual([0, 0]);
  });
});

describe('least and most', () => {
  it('are those of any number of values', () => {
    const many = Array.from({ length: 300_000 }, (_, i) => i + 1);
    expect([least(many), most(many)]).toEqual([1, 300_000]);
    expect([least([]), most([])]).toEqual([undefined, undefined]);
    expect([least([-0.5]), most([-0.5])]).toEqual([-0.5, -0.5]);
  });
});
