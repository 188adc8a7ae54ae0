import { type ChildProcess, spawn } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { repoDir } from '../../cluster/paths.ts';
import { nettools, userEnv } from '../../e2e/support/cli.ts';
import { helper, pod, testNamespace } from '../../e2e/support/cluster.ts';
import { peakMb } from '../../e2e/support/memory.ts';

// Streams that do not fit into memory, through the built binary as a process of its own.

const ns = testNamespace('large');
const MEGABYTE = 1_000_000;
/** The promise of the README; Node itself takes half of it. */
const LIMIT_MB = 150;
const ZEROS = '0'.repeat(32);
const binary = join(repoDir, 'dist/kubectl-nettools');
const children = new Set<ChildProcess>();

beforeAll(async () => {
  await ns.start(pod('app', { containers: [helper] }));
  // The session is there before the clock starts.
  expect(await nettools(run('true'))).toMatchObject({ code: 0 });
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

const run = (...command: string[]): string[] => ['run', '-n', ns.name, 'app', '--', ...command];

function start(...command: string[]) {
  const child = spawn(binary, run(...command), { env: userEnv, stdio: ['pipe', 'pipe', 'pipe'] });
  children.add(child);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const closed = once(child, 'close').then(([code]: unknown[]) => ({ code, errors }));
  return { child, closed };
}

describe('a stream that does not fit into memory', () => {
  it('1 GB through a slow consumer arrives whole, in bounded memory', async () => {
    const total = 1000 * MEGABYTE;
    const started = performance.now();
    // AES in counter mode over zeros: the same bytes each time, and no two blocks of them alike.
    const source = `openssl enc -aes-128-ctr -K ${ZEROS} -iv ${ZEROS} -in /dev/zero 2>/dev/null | head -c ${total}`;
    const { child, closed } = start('sh', '-c', source);
    child.stdin.end();
    const hash = createHash('sha256');
    let bytes = 0;
    let peak = 0;
    let rest = MEGABYTE;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      rest -= chunk.length;
      if (rest > 0) continue;
      rest = MEGABYTE;
      // The process cannot have ended: the pipe still holds some of its output, or it is about to be written.
      if (bytes < total - MEGABYTE) peak = peakMb(child);
      await delay(20);
    }
    expect(await closed).toEqual({ code: 0, errors: '' });
    const seconds = (performance.now() - started) / 1000;
    console.log(`1 GB down: peak ${peak.toFixed(0)} MB, ${seconds.toFixed(1)} s`);
    expect(bytes).toBe(total);
    // As `… | sha256sum` prints it for the command above.
    expect(hash.digest('hex')).toBe('e61756bbcbfe5f6f70ffcdf933e41ef55db7ba2923ab85feeb50eef860520f9f');
    expect(peak).toBeLessThan(LIMIT_MB);
  });

  it('256 MB to a slow reader arrive whole, in bounded memory', async () => {
    const total = 256 * MEGABYTE;
    const started = performance.now();
    const { child, closed } = start('sh', '-c', 'until [ -e /tmp/go ]; do sleep 0.1; done; sha256sum');
    child.stdout.setEncoding('utf8');
    let printed = '';
    child.stdout.on('data', (text: string) => {
      printed += text;
    });
    const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
    const hash = createHash('sha256');
    const zeros = Buffer.alloc(MEGABYTE);
    let taken = 0;
    const feed = (async () => {
      while (taken < total) {
        const block = cipher.update(zeros);
        hash.update(block);
        await new Promise<void>((resolve, reject) =>
          child.stdin.write(block, (error) => (error ? reject(error) : resolve())),
        );
        taken += block.length;
      }
      child.stdin.end();
    })();
    // A failure of the test ends the process while it is being fed; each is told once, below.
    child.stdin.on('error', () => undefined);
    feed.catch(() => undefined);
    // The far end reads nothing yet: what is taken stays small and stops growing.
    let last = -1;
    await vi.waitUntil(
      () => {
        const stands = taken === last && taken > 0;
        last = taken;
        return stands;
      },
      { interval: 1_000, timeout: 60_000 },
    );
    // The kernels' buffers of all connections on the way hold up to 40 MB.
    expect(taken).toBeLessThan(total / 4);
    expect(await nettools(run('touch', '/tmp/go'))).toMatchObject({ code: 0 });
    let peak = 0;
    await vi.waitUntil(
      () => {
        if (taken < total) peak = peakMb(child);
        return taken === total;
      },
      { interval: 50, timeout: 200_000 },
    );
    await feed;
    expect(await closed).toEqual({ code: 0, errors: '' });
    const seconds = (performance.now() - started) / 1000;
    console.log(`256 MB up: peak ${peak.toFixed(0)} MB, ${seconds.toFixed(1)} s`);
    expect(printed).toBe(`${hash.digest('hex')}  -\n`);
    expect(peak).toBeLessThan(LIMIT_MB);
  });
});
