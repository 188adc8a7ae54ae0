import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readText } from '../../../src/kube/read-text.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-text-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function pipe(): string {
  const file = join(folder, 'pipe');
  execFileSync('mkfifo', [file]);
  return file;
}

describe('readText', () => {
  it('reads a file', () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'a: 1\n');
    expect(readText(file)).toBe('a: 1\n');
  });

  it('gives up on a pipe into which nobody writes', () => {
    const file = pipe();
    expect(() => readText(file, { limitMs: 100 })).toThrow(
      `${file} is a pipe, and nothing was written to its end in 0.1 s.`,
    );
  });

  it('reads a pipe to its end, however late and slowly it is written', () => {
    const file = pipe();
    const script = 'sleep 0.2; exec > "$1"; echo one; sleep 0.2; echo two';
    const writer = spawn('sh', ['-c', script, 'sh', file], { stdio: 'ignore' });
    expect(readText(file)).toBe('one\ntwo\n');
    writer.unref();
  });

  it('ends with what has no end', () => {
    expect(() => readText('/dev/zero', { mostBytes: 2 ** 20 })).toThrow('/dev/zero is larger than 1 MB.');
    const file = join(folder, 'file');
    writeFileSync(file, 'é'.repeat(40_000));
    expect(readText(file, { mostBytes: 80_000 })).toBe('é'.repeat(40_000));
    expect(() => readText(file, { mostBytes: 79_999 })).toThrow(/is larger than/);
  });

  it('passes on what the file system says', () => {
    expect(() => readText(join(folder, 'missing'))).toThrow('ENOENT');
    expect(() => readText(folder)).toThrow('EISDIR');
  });
});
