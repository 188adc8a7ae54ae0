import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { ArchiveFile } from '../../../../scripts/release/tar.ts';
import { zip } from '../../../../scripts/release/zip.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nettools-zip-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files: readonly ArchiveFile[] = [
  { name: 'tool.exe', data: Buffer.alloc(512, 'a'), executable: true },
  { name: 'LICENSE', data: Buffer.from('text\n'), executable: false },
  { name: 'empty', data: Buffer.alloc(0), executable: false },
];

it('makes the same bytes in any order, and unzip unpacks them', async () => {
  const archive = await zip(files);
  expect(await zip([...files].reverse())).toEqual(archive);
  const file = path.join(folder, 'a.zip');
  writeFileSync(file, archive);
  const listed = execFileSync('unzip', ['-Z', file], { encoding: 'utf8' });
  expect(listed.match(/^-\S+|80-Jan-01 00:00 \S+$/gm)).toEqual([
    '-rw-r--r--',
    '80-Jan-01 00:00 LICENSE',
    '-rw-r--r--',
    '80-Jan-01 00:00 empty',
    '-rwxr-xr-x',
    '80-Jan-01 00:00 tool.exe',
  ]);
  execFileSync('unzip', ['-q', file, '-d', folder]);
  for (const { name, data } of files) expect(readFileSync(path.join(folder, name))).toEqual(data);
});

it.each(['UTC', 'America/New_York', 'Asia/Kolkata'])(
  'makes the same bytes in the time zone %s',
  async (TZ) => {
    const module = path.join(import.meta.dirname, '../../../../scripts/release/zip.ts');
    const script = `import { zip } from ${JSON.stringify(module)};
    process.stdout.write(await zip([{ name: 'a', data: Buffer.from('text'), executable: false }]));`;
    const made = execFileSync('node', ['--input-type=module', '-e', script], { env: { ...process.env, TZ } });
    expect(made).toEqual(await zip([{ name: 'a', data: Buffer.from('text'), executable: false }]));
  },
);
