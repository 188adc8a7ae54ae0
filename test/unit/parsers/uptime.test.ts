import { expect, it } from 'vitest';
import { parseUptime } from '../../../src/parsers/uptime.ts';

it('is the first number, of the file alone or after another', () => {
  expect(parseUptime('25832.91 47610.77\n')).toBe(25_832.91);
  expect(
    parseUptime(
      'some avg10=0.00 avg60=0.12 avg300=0.08 total=12\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n7.00 1.50\n',
    ),
  ).toBe(7);
});

it('is unknown where there is no such line', () => {
  expect(parseUptime('')).toBeUndefined();
  expect(parseUptime('some avg10=0.00 avg60=0.12 avg300=0.08 total=12\n')).toBeUndefined();
});
