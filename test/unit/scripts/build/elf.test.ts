import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { stripElf } from '../../../../scripts/build/elf.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nettools-elf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('makes a program smaller that still runs, and a second time changes nothing', () => {
  const node = readFileSync(process.execPath);
  const stripped = stripElf(node);
  expect(node.length - stripped.length).toBeGreaterThan(10_000_000);
  expect(stripElf(stripped).equals(stripped)).toBe(true);
  const file = path.join(folder, 'node');
  writeFileSync(file, stripped);
  chmodSync(file, 0o755);
  expect(execFileSync(file, ['-p', 'process.version'], { encoding: 'utf8' })).toBe(`${process.version}\n`);
}, 120_000);

it('refuses what is no ELF file', () => {
  expect(() => stripElf(Buffer.alloc(64))).toThrow('not a little-endian 64-bit ELF file');
});
