import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { withFolder } from '../../../src/capture/output.ts';

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-output-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

it('makes a folder and what leads to it, for nobody else to read', async () => {
  const folder = join(scratch(), 'a', 'b');
  const fill = (name: string) => withFolder(folder, async () => writeFileSync(join(folder, name), ''));
  await withFolder(`${folder}/`, async () => writeFileSync(join(folder, 'one'), ''));
  await fill('two');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder)).toEqual(['one', 'two']);
});

it('leaves none of the folders that it made where no file came of it, and each that was there', async () => {
  const before = join(scratch(), 'before');
  mkdirSync(before);
  const refused = withFolder(join(before, 'a', 'b'), () => Promise.reject(new Error('denied')));
  await expect(refused).rejects.toThrow('denied');
  expect(readdirSync(before)).toEqual([]);
  await withFolder(before, async () => undefined);
  expect(existsSync(before)).toBe(true);
});

it('leaves nothing of a path of which only a part could be made', async () => {
  const before = scratch();
  const path = join(before, 'a', 'x'.repeat(300));
  await expect(withFolder(path, async () => undefined)).rejects.toMatchObject({
    exitCode: 3,
    message: `${path} cannot be written: its name is too long.`,
  });
  expect(readdirSync(before)).toEqual([]);
});

it('refuses a folder where none can be made', async () => {
  const file = join(scratch(), 'file');
  writeFileSync(file, '');
  for (const path of ['/proc/nettools/', '/proc/nettools/a', file, join(file, 'a')])
    await expect(withFolder(path, async () => undefined)).rejects.toMatchObject({ exitCode: 3 });
});
