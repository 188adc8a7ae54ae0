import { describe, expect, it } from 'vitest';
import { parseCpuStat } from '../../../src/parsers/cpu-stat.ts';

const TWO = `82117.67 70936.05
25000 100000
usage_usec 5000000
user_usec 4000000
nr_periods 110
nr_throttled 80
throttled_usec 448169
throttled_usec 576694
0-3,8-11
`;
const ONE = `82117.67 70936.05
25000
100000
nr_periods 110
nr_throttled 80
throttled_time 448169346
nr_bursts 0
throttled_time 576694475
5000000123
0-7
`;

describe('parseCpuStat', () => {
  it.each([
    ['version 2', TWO],
    ['version 1', ONE],
  ])('reads cgroups of %s', (_version, text) => {
    expect(parseCpuStat(text)).toEqual({
      atUs: 82_117_670_000,
      periodUs: 100_000,
      quotaUs: 25_000,
      throttled: 80,
      throttledUs: expect.closeTo(448_169, -1),
      stoppedUs: expect.closeTo(576_694, -1),
      usedUs: 5_000_000,
      cpus: 8,
    });
  });

  it('knows no limit, and no wider counter', () => {
    expect(parseCpuStat(TWO.replace('25000 ', 'max '))).toMatchObject({ quotaUs: undefined });
    expect(parseCpuStat(ONE.replace(/^25000$/m, '-1'))).toMatchObject({ quotaUs: undefined });
    expect(parseCpuStat(TWO.replace('throttled_usec 576694\n', ''))).toMatchObject({ stoppedUs: undefined });
  });

  it.each([
    ['nothing', ''],
    ['no time', TWO.slice(TWO.indexOf('\n') + 1)],
    ['no period', TWO.replace('25000 100000\n', '')],
    ['no counter', TWO.replace(/^nr_throttled.*\n/m, '')],
    ['a page that is none', '<html>'],
  ])('is undefined with %s', (_what, text) => {
    expect(parseCpuStat(text)).toBeUndefined();
  });
});
