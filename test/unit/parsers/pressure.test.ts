import { expect, it } from 'vitest';
import { parsePressure } from '../../../src/parsers/pressure.ts';

it('is the share of the last ten seconds, and the time since the start', () => {
  // Linux 6.18, two cores, 17 runnable tasks.
  const busy =
    'some avg10=94.06 avg60=95.93 avg300=96.78 total=2586207336\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n';
  expect(parsePressure(busy)).toEqual({ lastTenSeconds: expect.closeTo(0.9406), waitedUs: 2_586_207_336 });
  expect(parsePressure('some avg10=0.00 avg60=0.12 avg300=0.08 total=12\n')).toEqual({
    lastTenSeconds: 0,
    waitedUs: 12,
  });
});

it('is unknown where the kernel does not tell', () => {
  expect(parsePressure('')).toBeUndefined();
  expect(parsePressure('full avg10=1.00 avg60=0.00 avg300=0.00 total=0\n')).toBeUndefined();
  expect(parsePressure('some avg10=1.00 avg60=0.00 avg3')).toBeUndefined();
});
