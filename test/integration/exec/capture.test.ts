import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PcapReader } from '../../../src/pcap/reader.ts';
import { repoDir } from '../../cluster/paths.ts';
import { nettools, userEnv } from '../../e2e/support/cli.ts';
import { helper, pod, testNamespace } from '../../e2e/support/cluster.ts';
import { peakMb } from '../../e2e/support/memory.ts';

// A capture whose reader is slower than the traffic, through the built binary as a process of its own.

const ns = testNamespace('slow-capture');
const MEGABYTE = 1_000_000;
/** The promise for all streams; Node itself takes half of it. */
const LIMIT_MB = 150;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  await ns.start(pod('app', { containers: [helper] }));
  expect(await nettools(['run', '-n', ns.name, 'app', '--', 'true'])).toMatchObject({ code: 0 });
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

describe('a slow reader', () => {
  it('makes the kernel drop, which is told, and neither memory grow nor the stream break', async () => {
    // 40 MB/s over the loopback, ten times of what is read.
    await ns.help(
      'app',
      ...['sh', '-c', 'iperf3 -s -D; until ss -ltnH sport = :5201 | grep -q .; do sleep 0.1; done'],
    );
    const load = ns.help('app', 'iperf3', '-c', '127.0.0.1', '-u', '-l', '8000', '-b', '320M', '-t', '20');
    // A failure is told below, unless the test has failed before.
    load.catch(() => undefined);
    const child = spawn(
      join(repoDir, 'dist/kubectl-nettools'),
      ['capture', '-n', ns.name, 'app', '-i', 'lo', '-w', '-', 'udp'],
      { env: userEnv, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    children.add(child);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const closed = once(child, 'close').then(([code]: unknown[]) => code);
    const reader = new PcapReader();
    let packets = 0;
    let bytes = 0;
    let rest = MEGABYTE;
    let peak = 0;
    const started = performance.now();
    let isSlow = true;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      packets += reader.push(chunk).length;
      bytes += chunk.length;
      rest -= chunk.length;
      if (!isSlow || rest > 0) continue;
      rest = MEGABYTE;
      peak = peakMb(child);
      await delay(250);
      if (performance.now() - started < 15_000) continue;
      isSlow = false;
      child.kill('SIGINT');
    }
    expect(await closed, stderr).toBe(0);
    await load;
    console.log(`slow capture: peak ${peak.toFixed(0)} MB, ${(bytes / MEGABYTE).toFixed(0)} MB read`);
    // The stream is whole: it ends with a packet's end, and has as many as are told.
    expect(reader.pendingBytes).toBe(0);
    const told = /^captured ([\d,]+) packets .* to stdout; ([\d,]+) dropped by the kernel\.$/m.exec(stderr);
    const number = (text: string | undefined): number => Number(text?.replaceAll(',', ''));
    expect(number(told?.[1]), stderr).toBe(packets);
    expect(number(told?.[2])).toBeGreaterThan(1_000);
    expect(stderr).toMatch(/^warning: [\d,]+ of [\d,]+ packets at pod\/app were dropped: /m);
    expect(peak).toBeGreaterThan(0);
    expect(peak).toBeLessThan(LIMIT_MB);
  });
});
