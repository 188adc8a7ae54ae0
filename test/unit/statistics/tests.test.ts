/** The tests against values of scipy 1.15.3: mannwhitneyu (exact, and asymptotic with continuity), fisher_exact. */
import { describe, expect, it } from 'vitest';
import { fisher } from '../../../src/statistics/fisher.ts';
import { holm } from '../../../src/statistics/holm.ts';
import { mannWhitney } from '../../../src/statistics/mann-whitney.ts';
import { quantile } from '../../../src/statistics/quantile.ts';

const range = (count: number, of: (i: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => of(i));

/** As good as the approximation of the normal tail. */
function expectNear(seen: number, expected: number): void {
  expect(Math.abs(seen / expected - 1)).toBeLessThan(1e-5);
}

describe('mannWhitney', () => {
  it.each([
    // The example of scipy's documentation.
    [[19, 22, 16, 29, 24], [20, 11, 17, 12], 3, 0.1111111111111111],
    // Ties: by all permutations.
    [[1, 1, 2, 2, 3, 9], [2, 3, 3, 4, 9, 9, 9], 33.5, 0.09032634032634032],
    // golang/go#19634: two constant series differ.
    [range(5, () => 115), range(5, () => 78.8), 0, 0.007936507936507936],
    [range(4, () => 5), range(4, () => 5), 8, 1],
  ])('is exact of small series: %j, %j', (before, after, u, p) => {
    const test = mannWhitney(before, after);
    expect(test.u).toBe(u);
    expectNear(test.p, p);
  });

  it.each([
    [range(50, (i) => (i % 7) + i / 50), range(50, (i) => (i % 7) + i / 50 + 0.9), 1561, 0.03231187253867862],
    [
      range(60, (i) => i % 5),
      range(45, (i) => ((i * 3) % 5) + (i % 4 === 0 ? 1 : 0)),
      1482,
      0.3852476830362035,
    ],
    [range(50, (i) => 0.2 + i / 1000), range(50, (i) => 20 + i / 1000), 2500, 7.066071930388932e-18],
  ])('is approximated of long ones, ties corrected', (before, after, u, p) => {
    const test = mannWhitney(before, after);
    expect(test.u).toBe(u);
    expectNear(test.p, p);
  });

  it('gives the same p both ways, and the shift with its sign', () => {
    const [a, b] = [range(30, (i) => i % 11), range(25, (i) => (i % 11) + 3)];
    const [there, back] = [mannWhitney(a, b), mannWhitney(b, a)];
    expectNear(there.p, back.p);
    expect(there.shift).toBe(-back.shift);
    expect(there.superiority + back.superiority).toBeCloseTo(1, 12);
    expect(there.shift).toBe(3);
  });

  it('says of a long constant series that nothing differs', () => {
    expect(
      mannWhitney(
        range(50, () => 1),
        range(50, () => 1),
      ).p,
    ).toBe(1);
  });

  it('estimates the shift of thousands of values without all of their pairs', () => {
    const { shift } = mannWhitney(
      range(5000, (i) => (i * 37) % 100),
      range(5000, (i) => ((i * 53) % 100) + 20),
    );
    expect(shift).toBeGreaterThan(19);
    expect(shift).toBeLessThan(21);
  });

  it('calls so many equal series different as its level says: about 5 of 100 at 0.05', () => {
    // mulberry32, as test/unit/checks/matrix/generate.ts.
    let state = 11;
    const random = (): number => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const heavy = (): number => 0.1 / (1 - random()) ** 0.7;
    const count = range(400, () => mannWhitney(range(30, heavy), range(30, heavy)).p).filter(
      (p) => p < 0.05,
    ).length;
    expect(count).toBeGreaterThan(8);
    expect(count).toBeLessThan(36);
  });
});

describe('fisher', () => {
  it.each([
    [8, 10, 1, 6, 0.034965034965034975],
    [3, 4, 1, 4, 0.48571428571428565],
    [0, 50, 8, 50, 0.00577016201961505],
    [0, 50, 5, 50, 0.05628449442882433],
    [0, 50, 6, 50, 0.026661076308390465],
    [12, 500, 35, 500, 0.0008267197595766083],
    [0, 5000, 50, 5000, 1.5705951886660603e-15],
    [0, 50, 0, 50, 1],
    [50, 50, 50, 50, 1],
  ])('%d of %d, then %d of %d', (lostBefore, before, lostAfter, after, p) => {
    const [one, other] = [
      { lost: lostBefore, tries: before },
      { lost: lostAfter, tries: after },
    ];
    expectNear(fisher(one, other), p);
    expectNear(fisher(other, one), p);
  });
});

describe('holm', () => {
  it('corrects for the number of tests, and keeps the order', () => {
    // Holm 1979; R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm").
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
    expect(holm([])).toEqual([]);
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
  });
});

describe('quantile', () => {
  it('is a value that was seen', () => {
    expect([0, 0.5, 0.51, 0.95, 1].map((share) => quantile([1, 2, 3, 4], share))).toEqual([1, 2, 3, 4, 4]);
  });
});
