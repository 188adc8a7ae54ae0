/** The script against servers of this machine; ways that lose large packets are made in test/faults/way-back.test.ts. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { wayBackOf } from '../../../src/checks/shared/small-segments.ts';
import { parseSmallSegments } from '../../../src/parsers/small-segments.ts';
import SMALL_SEGMENTS from '../../../src/probes/small-segments.sh';
import { runToEnd, SHELLS } from '../shells.ts';

const hasSocat = spawnSync('socat', ['-V']).status === 0;

describe.each(SHELLS.filter((s) => s.available))('small-segments.sh in $name', ({ words }) => {
  // Its sleep is its own, and each try would take a second.
  const isQuick = !words.join(' ').includes('busybox');

  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    return new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  });

  async function asked(sends: number, env: NodeJS.ProcessEnv = process.env) {
    server = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Length': '400000' });
      response.write('x'.repeat(sends));
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const question = ['127.0.0.1', String(port), 'http', `http://127.0.0.1:${port}/`];
    const { stdout } = await runToEnd([...words, '-c', SMALL_SEGMENTS, 'small-segments', ...question], '', {
      env,
    });
    return parseSmallSegments(stdout.toString());
  }

  it.runIf(hasSocat)('ends once an answer comes whole as it is', async () => {
    expect(await asked(400_000)).toEqual([
      { packet: 576, outcome: 'whole', received: 131_072 },
      { packet: 0, outcome: 'whole', received: 131_072 },
    ]);
  });

  it.runIf(hasSocat)('ends once small packets stall', async () => {
    expect(await asked(1000)).toEqual([{ packet: 576, outcome: 'stalled', received: 1000 }]);
  });

  /** @param codes of curl, one for each connection: 28 where it stalls */
  async function tried(codes: readonly number[]) {
    const folder = mkdtempSync(join(tmpdir(), 'nettools-test-'));
    const tool = (name: string, lines: string): void => {
      writeFileSync(join(folder, name), `#!/bin/sh\n${lines}\n`);
      chmodSync(join(folder, name), 0o755);
    };
    const counter = join(folder, 'n');
    tool('sleep', 'exit 0');
    tool('socat', 'exit 0');
    tool(
      'curl',
      `n=$(($(cat ${counter} 2>/dev/null || echo 0) + 1)); echo $n >${counter}; set -- ${codes.join(' ')}; shift $((n - 1)); exit $1`,
    );
    try {
      const question = ['192.0.2.1', '80', 'http', 'http://192.0.2.1/'];
      const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
      const argv = [...words, '-c', SMALL_SEGMENTS, 'small-segments', ...question];
      const { stdout } = await runToEnd(argv, '', { env });
      const value = parseSmallSegments(stdout.toString());
      return Array.isArray(value)
        ? { count: value.length, way: wayBackOf({ tries: { value }, result: undefined }) }
        : value;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  if (isQuick) {
    it('finds a way that loses large packets', async () => {
      expect(await tried([0, 28, 28, 0, 28, 0, 28, 0, 28])).toEqual({
        count: 9,
        way: { through: 1400, lost: 1420 },
      });
    });

    it.each([
      ['small', [0, 28, 0, 0, 0, 0, 28, 28]],
      ['large', [0, 28, 0, 0, 0, 0, 28, 0, 0]],
    ])(
      'takes no chance for the size: two servers, of which one hangs, and %s packets that meet the other',
      async (_what, codes) => {
        expect(await tried(codes)).toEqual({ count: codes.length, way: undefined });
      },
    );
  }

  it('says which tool is missing', async () => {
    expect(await asked(0, { PATH: '/nonexistent' })).toEqual({ code: 'no-tool', text: 'socat' });
  });
});
