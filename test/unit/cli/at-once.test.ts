import { expect, it, vi } from 'vitest';
import { textAtOnce } from '../../../src/cli/at-once.ts';
import { helpText } from '../../../src/cli/help.ts';
import * as output from '../../../src/cli/output.ts';
import { runCommandLine } from '../../../src/cli/run.ts';

vi.mock(import('../../../src/cli/output.ts'), async (original) => ({
  ...(await original()),
  printNow: vi.fn(() => 0),
}));

it.each([[[]], [['--help']], [['help']], [['--version']]])(
  'prints what the whole command line prints for %j',
  async (words: string[]) => {
    vi.mocked(output.printNow).mockClear();
    expect(await runCommandLine(words)).toBe(0);
    const [[text] = []] = vi.mocked(output.printNow).mock.calls;
    expect(text).toBeTruthy();
    expect(textAtOnce(words, helpText([]))).toBe(text);
  },
);

it.each([
  [['run']],
  [['version']],
  [['--version', '-v']],
  [['latency', '--help']],
  [['help', 'latency']],
  [['--', '--version']],
  [['__complete']],
])('leaves %j to the whole command line', (words: string[]) => {
  expect(textAtOnce(words, helpText([]))).toBeUndefined();
});

it('leaves help to the whole command line where nothing was built', () => {
  expect(textAtOnce(['--help'])).toBeUndefined();
});
