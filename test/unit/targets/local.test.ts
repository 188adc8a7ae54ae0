import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
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

  /** Opens a pipe for writing some time later: whoever waits for that would else wait for good, and this test with it. */
  const lateWriter = (pipe: string): ChildProcess =>
    spawn('sh', ['-c', 'sleep 5; exec 3>"$0"', pipe], { stdio: 'ignore' });

  it.each(['pipe', 'file'])('is refused, and not held open: a %s', async (name) => {
    const where = join(folder, name);
    const writer = lateWriter(join(folder, 'pipe'));
    const ended = once(writer, 'exit');
    const opened = openLocalSession({ kind: 'netns', where }, { onProgress: () => undefined });
    await expect(opened).rejects.toThrow(`${where} is not a network namespace.`);
    expect(openFiles()).not.toContain(where);
    writer.kill();
    // It has not been waited for.
    expect(await ended).toEqual([null, 'SIGTERM']);
  });
});
