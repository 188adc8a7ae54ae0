/** What `watch` and `judge` make of their words. */
import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/cli/parse.ts';

const parsed = async (...argv: string[]) =>
  (await parse(['watch', 'web-0', '--to', 'db:5432', ...argv])).args;

describe('watch', () => {
  it('takes an interval that is no longer than the watch', async () => {
    const args = await parsed('--for', '5s', '--interval', '5s');
    expect(args).toMatchObject({ forMs: 5000, intervalMs: 5000 });
  });

  it.each([
    [['--for', '3s', '--interval', '24h'], '--interval has to be shorter than --for'],
    [['--for', '169h'], '--for is at most 168h'],
    [['--interval', '99ms'], '--interval must be at least 100ms'],
  ])('refuses %j', async (argv, message) => {
    await expect(parsed(...argv)).rejects.toThrow(message);
  });
});

describe('judge', () => {
  it.each([
    [[], { failOnOutage: 'warning', report: { failOn: 'critical' } }],
    [['--fail-on', 'critical'], { failOnOutage: 'critical', report: { failOn: 'critical' } }],
    [['--fail-on', 'info'], { failOnOutage: 'info', report: { failOn: 'info' } }],
  ])('fails as the command of its file does, unless it is told from where on: %j', async (argv, expected) => {
    expect((await parse(['judge', 'run.json', ...argv])).args).toMatchObject(expected);
  });
});
