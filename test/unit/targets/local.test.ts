import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLocalSession } from '../../../src/targets/local.ts';

describe.skipIf(process.platform !== 'linux')('a path that is no network namespace', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nettools-local-'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    writeFileSync(join(folder, 'file'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const openFiles = (): string[] =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    });

  // Opened as a file, a pipe without a writer would hold this process up for good.
  it.each(['pipe', 'file'])('is refused, and not held open: a %s', async (name) => {
    const where = join(folder, name);
    const opened = openLocalSession({ kind: 'netns', where }, { onProgress: () => undefined });
    await expect(opened).rejects.toThrow(`${where} is not a network namespace.`);
    expect(openFiles()).not.toContain(where);
  });
});
