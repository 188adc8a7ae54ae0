import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type ArchiveFile, tarGz } from '../../../../scripts/release/tar.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nettools-tar-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files: readonly ArchiveFile[] = [
  { name: 'tool', data: Buffer.alloc(512, 'a'), executable: true },
  { name: 'LICENSE', data: Buffer.from('text\n'), executable: false },
  { name: 'empty', data: Buffer.alloc(0), executable: false },
];

it('makes the same bytes in any order, and tar unpacks them', async () => {
  const archive = await tarGz(files);
  expect(await tarGz([...files].reverse())).toEqual(archive);
  const file = path.join(folder, 'a.tar.gz');
  writeFileSync(file, archive);
  expect(execFileSync('tar', ['-tzf', file], { encoding: 'utf8' })).toBe('LICENSE\nempty\ntool\n');
  const listed = execFileSync('tar', ['-tvzf', file, '--utc', '--numeric-owner'], { encoding: 'utf8' });
  expect(listed.split('\n')).toEqual([
    '-rw-r--r-- 0/0               5 1970-01-01 00:00 LICENSE',
    '-rw-r--r-- 0/0               0 1970-01-01 00:00 empty',
    '-rwxr-xr-x 0/0             512 1970-01-01 00:00 tool',
    '',
  ]);
  execFileSync('tar', ['-xzf', file, '-C', folder]);
  for (const { name, data } of files) expect(readFileSync(path.join(folder, name))).toEqual(data);
});
