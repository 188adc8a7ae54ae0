import { afterEach, expect, it, vi } from 'vitest';
import { complainNow } from '../../../src/cli/output.ts';
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
