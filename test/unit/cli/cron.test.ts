import { describe, expect, it } from 'vitest';
import { isSchedule } from '../../../src/cli/cron.ts';

// Each was put before the API server of Kubernetes 1.37 (kubectl apply --dry-run=server), which says the same.
describe('a schedule', () => {
  it.each([
    '*/15 * * * *',
    '0 3 1,15 * 1-5',
    '5/20 0-23/2 ? jan-MAR Sun',
    ' 0  0\t1 1 0 ',
    '@daily',
    '@hourly',
    '@every 90m',
  ])('is %j', (text) => {
    expect(isSchedule(text)).toBe(true);
  });

  it.each([
    '',
    'daily',
    '@noon',
    '@Daily',
    '@every',
    '@every soon',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 7',
    '5-1 * * * *',
    '*/0 * * * *',
    '1/2/3 * * * *',
    '1-2-3 * * * *',
    '-1 * * * *',
    'x * * * *',
    'jan * * * *',
    '* * * * monday',
    'TZ=UTC 0 0 * * *',
  ])('is not %j', (text) => {
    expect(isSchedule(text)).toBe(false);
  });
});
