import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConnects } from '../../../src/parsers/tcp-connect.ts';
import TCP_CONNECT from '../../../src/probes/tcp-connect.bash';
import { runToEnd, SHELLS } from '../shells.ts';

const bash = SHELLS.find((s) => s.name === 'bash');

describe.skipIf(!bash?.available)('tcp-connect.bash', () => {
  let folder: string;
  let server: Server;
  let port: number;
  let accepted: number;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nettools-test-'));
    accepted = 0;
    server = createServer((socket) => {
      accepted++;
      socket.on('error', () => undefined).resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await new Promise((resolve) => server.close(resolve));
  });

  async function connect(
    name: string,
    to: number,
    count: number,
    intervalMs: number,
    budgetMs: number,
  ): Promise<string> {
    const args = [name, to, count, intervalMs, budgetMs].map(String);
    const { stdout } = await runToEnd(['/bin/bash', '-c', TCP_CONNECT, 'tcp-connect', ...args], '', {
      env: { PATH: `${folder}:${process.env['PATH']}`, LC_ALL: 'C' },
    });
    return stdout.toString();
  }

  /** A getent that says this whatever it is asked, and notes what it was asked. */
  function getent(answer: string): string {
    const file = join(folder, 'getent');
    writeFileSync(file, `#!/bin/sh\necho "$*" >>"${folder}/asked"\nprintf '%s' '${answer}'\n`);
    chmodSync(file, 0o755);
    return join(folder, 'asked');
  }

  it('times each connection', async () => {
    const { address, tries } = parseConnects(await connect('127.0.0.1', port, 5, 0, 5000), 5000);
    expect(address).toBe('127.0.0.1');
    expect(tries.map((t) => t.outcome)).toEqual(Array(5).fill('connected'));
    for (const { ms } of tries) expect(ms).toBeGreaterThan(0);
    // The server is this process, which may have had other things to do.
    await expect.poll(() => accepted, { timeout: 30_000 }).toBe(5);
  });

  it('times refusals', async () => {
    await new Promise((resolve) => server.close(resolve));
    const { tries } = parseConnects(await connect('127.0.0.1', port, 3, 0, 5000), 5000);
    expect(tries.map((t) => t.outcome)).toEqual(Array(3).fill('refused'));
  });

  it('resolves a name once, before the first try', async () => {
    const asked = getent('127.0.0.1       STREAM localhost\n127.0.0.1       DGRAM\n');
    const { address, tries } = parseConnects(await connect('example.invalid', port, 3, 0, 5000), 5000);
    expect([address, tries.length]).toEqual(['127.0.0.1', 3]);
    const { stdout } = await runToEnd(['cat', asked]);
    expect(stdout.toString()).toBe('ahosts example.invalid\n');
  });

  it('asks no resolver for an address', async () => {
    getent('');
    for (const address of ['127.0.0.1', '::1'])
      expect(await connect(address, port, 1, 0, 5000)).toMatch(`address ${address}\n`);
  });

  it('says when a name does not resolve', async () => {
    getent('');
    expect(await connect('example.invalid', port, 3, 0, 5000)).toBe('unresolved\n');
  });

  it('paces the tries', async () => {
    const started = performance.now();
    await connect('127.0.0.1', port, 3, 100, 5000);
    expect(performance.now() - started).toBeGreaterThanOrEqual(300);
  });

  it('stops when its time is over', async () => {
    const text = await connect('127.0.0.1', port, 1000, 50, 200);
    expect(text).toMatch(/\nbudget\n$/);
    expect(parseConnects(text, 200).tries.length).toBeLessThan(8);
  });
});
