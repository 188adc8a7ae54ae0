/** Against real servers: who ends a connection at rest, and when. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseResting } from '../../../src/parsers/resting.ts';
import RESTING from '../../../src/probes/resting.bash';
import { runToEnd } from '../shells.ts';

let server: Server | TcpServer | undefined;

afterEach(async () => {
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

/** @param listening a server; it is ended after the test */
async function rested(listening: Server | TcpServer, seconds: number, cwd = process.cwd()) {
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  const words = ['127.0.0.1', String(port), '', String(seconds), `127.0.0.1:${port}`, '/a?b=c'];
  const { stdout } = await runToEnd(['bash', '-c', RESTING, 'resting', ...words], '', { cwd });
  return parseResting(stdout.toString());
}

/** Writes its answer to whatever comes, and does then what it is told. */
const answering = (text: string, then: (end: () => void) => void = () => undefined) =>
  createTcp((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(text);
      then(() => socket.end());
    });
  });

describe('resting.bash', () => {
  it('asks by HEAD, with the host and the path of the URL', async () => {
    const asked: unknown[] = [];
    const one = createHttp((request, response) => {
      asked.push(request.method, request.url, request.headers.host);
      response.writeHead(204, { connection: 'close' }).end();
    });
    expect(await rested(one, 30)).toMatchObject({ status: 204, isAnnounced: true, outcome: 'ended' });
    expect(asked).toEqual(['HEAD', '/a?b=c', expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
  });

  it('hears of a server that ends it', async () => {
    const one = answering('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', (end) => setTimeout(end, 300));
    expect(await rested(one, 30)).toMatchObject({ status: 200, isAnnounced: false, outcome: 'ended' });
  });

  it('is not misled by a server that keeps it', async () => {
    const answer = await rested(answering('HTTP/1.1 200 OK\r\n\r\n'), 1);
    expect(answer).toMatchObject({ status: 200, outcome: 'kept' });
    expect(typeof answer === 'string' || !('ms' in answer) ? 0 : answer.ms).toBeGreaterThanOrEqual(1000);
  });

  it('takes a farewell for no end, and what comes before the answer for none', async () => {
    const text = 'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n';
    const one = createTcp((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write(text);
        setTimeout(() => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n'), 100);
      });
    });
    expect(await rested(one, 1)).toMatchObject({ status: 200, outcome: 'kept' });
  });

  it('looks for no files by what a server says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nettools-test-'));
    writeFileSync(join(folder, '204'), '');
    const answer = await rested(answering('HTTP/1.1 2?4 \r\n\r\n'), 1, folder);
    rmSync(folder, { recursive: true });
    expect(answer).not.toMatchObject({ status: 204 });
  });

  it('says so where nothing comes', async () => {
    const one = createTcp((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end(),
    );
    expect(await rested(one, 1)).toBe('the server did not answer the request');
  });
});
