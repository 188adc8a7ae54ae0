import { afterEach, expect, it, vi } from 'vitest';
import { complainNow, printNow } from '../../../src/cli/output.ts';
import { runCommandLine } from '../../../src/cli/run.ts';

vi.mock('../../../src/cli/output.ts', () => ({ complainNow: vi.fn(), printNow: vi.fn() }));
afterEach(() => {
  vi.clearAllMocks();
  // Those of one run; a process has no other.
  process.stdout.removeAllListeners('error');
  process.stderr.removeAllListeners('error');
});

it.each([
  ['a value', ['latency', 'web', '--count', 'x'.repeat(100_000)]],
  ['a value that has words', ['latency', 'web', '--count', 'a b '.repeat(25_000)]],
  ['a command', ['x'.repeat(100_000)]],
  ['a flag, and where it happened', ['latency', 'web', `--${'x'.repeat(100_000)}`, '-v']],
])('an error does not repeat 100 kB of what was typed: %s', async (_what, argv) => {
  expect(await runCommandLine(argv)).toBe(2);
  const [said = ''] = vi.mocked(complainNow).mock.calls[0] ?? [];
  expect(said).toMatch(/^error: .*…/);
  expect(said.length).toBeLessThan(10_000);
});

it.each([
  [['help', 'latncy'], /^error: unknown command "latncy"\.\nDid you mean "latency"\?/],
  [['nosuch', '--help'], /^error: unknown command "nosuch"\.\n/],
])('help for a command that there is not: %j', async (argv, says) => {
  expect(await runCommandLine(argv)).toBe(2);
  expect(vi.mocked(complainNow).mock.calls[0]?.[0]).toMatch(says);
});

it.each([[['help']], [['help', 'latency']], [['latency', 'web-0', '--help']], [['help', 'sessions', 'ls']]])(
  'help for one that there is: %j',
  async (argv) => {
    await runCommandLine(argv);
    expect(vi.mocked(complainNow)).not.toHaveBeenCalled();
    expect(vi.mocked(printNow)).toHaveBeenCalledOnce();
  },
);
