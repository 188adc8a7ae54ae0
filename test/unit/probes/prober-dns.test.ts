import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const sources = join(import.meta.dirname, '../../../image/prober');

it('reads what no name server should send without a wrong access, and prints nothing but plain text', ({
  onTestFinished,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-fuzz-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'fuzz');
  execFileSync('gcc', [
    ...[
      '-std=c11',
      '-D_GNU_SOURCE',
      '-g',
      '-O1',
      '-fsanitize=address,undefined',
      '-fno-sanitize-recover=all',
    ],
    ...['-I', sources, '-o', program, join(import.meta.dirname, 'fuzz-dns.c')],
    ...['dns-message.c', 'core.c', 'cost.c'].map((name) => join(sources, name)),
    '-lm',
  ]);
  const said = execFileSync(program, ['300000'], { encoding: 'utf8' });
  const [answers = 0, others = 0, malformed = 0] = (said.match(/\d+/g) ?? []).map(Number);
  expect(answers + others + malformed).toBe(300_000);
  expect(answers).toBeGreaterThan(10_000);
  expect(malformed).toBeGreaterThan(10_000);
});
