import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const OUTPUTS = new URL('./outputs-child.ts', import.meta.url);
const LATE_STDERR = new URL('./late-stderr-child.ts', import.meta.url);
const LINES = [0, 1, 2, 3, 4, 5];
const OUTPUT = LINES.map((i) => `${String(i).repeat(40_000)}\n`);
const ERRORS = LINES.map((i) => `error ${i}\n`);

/** What a child writes, led as the shell's words say to somebody who begins to read late. Its stdin stays open and silent. */
async function read(redirection: string, file = OUTPUTS): Promise<string> {
  const script = `"$0" "$1" ${redirection} | { sleep 0.3; cat; }`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script, process.execPath, fileURLToPath(file)], {
    maxBuffer: 1 << 20,
    timeout: 30_000,
  });
  return stdout;
}

it('both outputs in one pipe come in their order, however slowly it is read', async () => {
  expect(await read('2>&1')).toBe(LINES.map((i) => `${OUTPUT[i]}${ERRORS[i]}`).join(''));
});

it('each output in a pipe of its own comes whole', async () => {
  expect(await read('2>/dev/null')).toBe(OUTPUT.join(''));
  expect(await read('2>&1 >/dev/null')).toBe(ERRORS.join(''));
});

it.each([
  ['stderr', '2>&1 >/dev/null'],
  ['both', '2>&1'],
])(
  'a pipe for %s that waits for its reader keeps no socket open, and what is said comes behind what waits',
  async (_name, redirection) => {
    const text = await read(redirection, LATE_STDERR);
    expect(text.replace(/^\.+/, (dots) => `${dots.length} dots, `)).toBe('200000 dots, note\n');
  },
  40_000,
);
