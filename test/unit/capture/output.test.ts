import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkFolder } from '../../../src/capture/output.ts';

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-output-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

it('makes a folder and what leads to it, for nobody else to read', async () => {
  const folder = join(scratch(), 'a', 'b');
  await checkFolder(`${folder}/`);
  await checkFolder(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

it('refuses a folder where none can be made', async () => {
  const file = join(scratch(), 'file');
  writeFileSync(file, '');
  for (const path of ['/proc/nettools/', '/proc/nettools/a', file, join(file, 'a')])
    await expect(checkFolder(path)).rejects.toMatchObject({ exitCode: 3 });
});
