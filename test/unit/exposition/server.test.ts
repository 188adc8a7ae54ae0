/** What a scraper is answered, on a real socket. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type MetricsServer, serveMetrics } from '../../../src/exposition/server.ts';

const HOST = '127.0.0.1';
const TEXT = '# TYPE nettools_x gauge\nnettools_x 1\n';
const servers: MetricsServer[] = [];
const sockets: Socket[] = [];

async function served(snapshot: () => string = () => TEXT): Promise<MetricsServer> {
  const server = await serveMetrics({ host: HOST, port: 0 }, snapshot);
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close();
});

async function dialled(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), HOST);
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** What a connection says until the other side ends it. */
async function said(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe('the metrics server', () => {
  it('answers GET with the text as it is then, in the format that it says', async () => {
    let asked = 0;
    const { url } = await served(() => `nettools_x ${++asked}\n`);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const first = await fetch(url);
    expect(first.status).toBe(200);
    expect(first.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await first.text()).toBe('nettools_x 1\n');
    expect(await (await fetch(`${url}?a=b`)).text()).toBe('nettools_x 2\n');
  });

  it('answers HEAD with the length, and nothing else', async () => {
    const { url } = await served();
    const answer = await fetch(url, { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe(String(TEXT.length));
    expect(await answer.text()).toBe('');
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    const { url } = await served();
    const answer = await fetch(url, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it.each(['', 'metrics/', 'metrics/x', 'metrics/../metrics%2f', 'metric', `metrics?${'a'.repeat(2000)}`])(
    'has nothing at /%s',
    async (path) => {
      const { url } = await served();
      expect((await fetch(`${new URL(url).origin}/${path}`)).status).toBe(404);
    },
  );

  it('reads no body, and ends a connection that sends one', async () => {
    const { url } = await served();
    const socket = await dialled(url);
    socket.write('POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n');
    const answer = await said(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it.each([
    ['what is no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
    ['a header without an end', `GET /metrics HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}`],
    ['two lengths', 'GET /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'],
  ])('ends a connection with %s, and goes on', async (_name, text) => {
    const { url } = await served();
    const socket = await dialled(url);
    socket.write(text);
    expect(await said(socket)).not.toContain('nettools_x');
    expect((await fetch(url)).status).toBe(200);
  });

  it('gives up a connection that asks nothing', async () => {
    const { url } = await served();
    const socket = await dialled(url);
    socket.write('GET /met');
    // Within its limit for headers; the test's own limit is the proof.
    expect(await said(socket)).not.toContain('nettools_x');
  }, 12_000);

  it('keeps sixteen connections, and closes those that are more', async () => {
    const { url } = await served();
    const kept = await Promise.all(Array.from({ length: 16 }, () => dialled(url)));
    const late = await dialled(url);
    expect(await said(late)).toBe('');
    kept[0]?.destroy();
    await expect.poll(async () => (await fetch(url).catch(() => undefined))?.status).toBe(200);
  });

  it('says nothing of what went wrong inside', async () => {
    const { url } = await served(() => {
      throw new Error('secret');
    });
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([500, 'The metrics could not be made.\n']);
  });

  it('listens at its address alone, and at none once it is closed', async () => {
    const server = await serveMetrics({ host: '127.0.0.2', port: 0 }, () => TEXT);
    const { url } = server;
    expect((await fetch(url)).status).toBe(200);
    await expect(fetch(url.replace('127.0.0.2', '127.0.0.1'))).rejects.toThrow();
    const idle = fetch(url);
    await idle;
    await server.close();
    await expect(fetch(url)).rejects.toThrow();
  });

  it('says which address it cannot have, and why', async () => {
    const other = createServer().listen(0, HOST);
    await once(other, 'listening');
    const { port } = other.address() as { readonly port: number };
    await expect(serveMetrics({ host: HOST, port }, () => TEXT)).rejects.toMatchObject({
      exitCode: 3,
      message: `metrics cannot be served at 127.0.0.1:${port}: something else listens there.`,
    });
    other.close();
    await expect(serveMetrics({ host: '2001:db8::1', port: 9 }, () => TEXT)).rejects.toMatchObject({
      message: expect.stringMatching(/^metrics cannot be served at \[2001:db8::1\]:9: this machine has no /),
    });
  });
});
