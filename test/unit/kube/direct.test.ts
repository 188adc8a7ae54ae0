import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { BadAnswerError } from '../../../src/kube/answer-reader.ts';
import { areSendable, DirectConnection, StaleConnectionError } from '../../../src/kube/direct.ts';
import { makeCertificate } from '../../servers/certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-direct-'));
const certificate = makeCertificate(folder, 'own', ['IP:127.0.0.1']);
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});
afterAll(() => rmSync(folder, { recursive: true }));

const limits = { headMs: 5000, bodyMs: 5000, tooLate: () => new Error('too late') };

/** A connection to a server that does what it is told. */
async function to(server: Server | ReturnType<typeof createTlsServer>): Promise<DirectConnection> {
  const sockets = new Set<TLSSocket>();
  server.on('secureConnection', (socket: TLSSocket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const direct = new DirectConnection(url, { ca: certificate.cert });
  stops.push(() => {
    direct.closeIdle();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  base = url;
  return direct;
}

let base: URL;
const get = (path: string) => ({ method: 'GET', url: new URL(path, base), headers: {} });
const toWebSocket = () => ({
  ...get('/'),
  headers: { Connection: 'Upgrade', Upgrade: 'websocket' },
  isUpgrade: true,
});
const http = (listener: RequestListener) => to(createServer(certificate, listener));
/** Answers each connection's first bytes with these. */
const raw = (answer: string, end = false) =>
  to(
    createTlsServer(certificate, (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => (end ? socket.end(answer, 'latin1') : socket.write(answer, 'latin1')));
    }),
  );

describe('a direct connection', () => {
  it('carries one request after the other', async () => {
    const seen: unknown[] = [];
    const direct = await http((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      request.on('end', () => {
        seen.push([request.method, request.url, request.headers['impersonate-group'], body]);
        response.end(JSON.stringify({ ü: request.url }));
      });
    });
    expect(JSON.parse((await direct.ask(get('/a?b=c%20d'), limits)).body)).toEqual({ ü: '/a?b=c%20d' });
    expect(direct.isFree).toBe(true);
    const patch = {
      ...get('/x'),
      method: 'PATCH',
      headers: { 'Impersonate-Group': ['a', 'b'] },
      body: '{"é":1}',
    };
    expect((await direct.ask(patch, limits)).status).toBe(200);
    expect(seen).toEqual([
      ['GET', '/a?b=c%20d', undefined, ''],
      ['PATCH', '/x', 'a, b', '{"é":1}'],
    ]);
  });

  it('is busy while an answer is waited for', async () => {
    const direct = await http((_request, response) => void setTimeout(() => response.end('x'), 50));
    const asked = direct.ask(get('/'), limits);
    expect(direct.isFree).toBe(false);
    await asked;
    expect(direct.isFree).toBe(true);
  });

  it('that was given up meanwhile is told as stale, and the next request has a new one', async () => {
    let open: TLSSocket | undefined;
    const server = createServer(certificate, (_request, response) => {
      open = response.socket as TLSSocket;
      response.end('x');
    });
    const direct = await to(server);
    await direct.ask(get('/'), limits);
    // Its end is not seen before the request is written.
    open?.destroy();
    await expect(direct.ask(get('/'), limits)).rejects.toThrow(StaleConnectionError);
    expect((await direct.ask(get('/'), limits)).body).toBe('x');
  });

  it.each([
    ['is cut', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi', true, /socket hang up/],
    ['is none', 'no HTTP at all\r\n\r\n', false, /does not begin/],
    ['never comes', '', false, /too late/],
    ['never ends', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi', false, /too late/],
  ])('whose answer %s fails', async (_name, answer, end, message) => {
    const direct = await raw(answer, end);
    const asked = direct.ask(get('/'), { ...limits, headMs: 400, bodyMs: 400 });
    await expect(asked).rejects.toThrow(message);
    await expect(asked).rejects.not.toThrow(StaleConnectionError);
    expect(direct.isFree).toBe(true);
  });

  it('ends with its signal', async () => {
    const direct = await raw('');
    const end = new AbortController();
    const asked = direct.ask(get('/'), { ...limits, signal: end.signal });
    end.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });

  it('keeps its connection when a request had ended before it began', async () => {
    let connections = 0;
    const server = createServer(certificate, (_request, response) => void response.end('x'));
    server.on('secureConnection', () => connections++);
    const direct = await to(server);
    await direct.ask(get('/'), limits);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(direct.ask(get('/'), { ...limits, signal })).rejects.toThrow('enough');
    expect(direct.isFree).toBe(true);
    expect((await direct.ask(get('/'), limits)).body).toBe('x');
    expect(connections).toBe(1);
  });

  it('that was begun before carries the first request', async () => {
    let connections = 0;
    const server = createServer(certificate, (_request, response) => void response.end('x'));
    server.on('connection', () => connections++);
    const direct = await to(server);
    direct.begin();
    await vi.waitUntil(() => connections === 1);
    expect((await direct.ask(get('/'), limits)).body).toBe('x');
    expect((await direct.ask(get('/'), limits)).body).toBe('x');
    expect(connections).toBe(1);
  });

  it('that was begun before and is gone again is made anew', async () => {
    const begun: TLSSocket[] = [];
    const server = createServer(certificate, (_request, response) => void response.end('x'));
    server.on('secureConnection', (socket) => begun.push(socket));
    const direct = await to(server);
    direct.begin();
    await vi.waitUntil(() => begun.length === 1);
    begun[0]?.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await direct.ask(get('/'), limits)).body).toBe('x');
    expect(begun).toHaveLength(2);
  });

  it('that was begun in vain is a matter of the request', async () => {
    const other = makeCertificate(folder, 'others', ['IP:127.0.0.1']);
    let connections = 0;
    const server = createServer(certificate, (_request, response) => void response.end('x'));
    server.on('connection', () => connections++).on('tlsClientError', () => undefined);
    await to(server);
    const wrong = new DirectConnection(base, { ca: other.cert });
    wrong.begin();
    await vi.waitUntil(() => connections === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(wrong.ask(get('/'), limits)).rejects.toThrow(/self-signed|verify/);
    expect(connections).toBe(2);
  });

  it('trusts nobody else', async () => {
    const direct = await http((_request, response) => void response.end());
    const other = makeCertificate(folder, 'other', ['IP:127.0.0.1']);
    const wrong = new DirectConnection(base, { ca: other.cert });
    await expect(wrong.ask(get('/'), limits)).rejects.toThrow(/self-signed|verify/);
    expect((await direct.ask(get('/'), limits)).status).toBe(200);
  });

  it('gives the connection away with an upgrade, and has another one for the next request', async () => {
    const server = createServer(certificate, (_request, response) => void response.end('x'));
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst');
    });
    const direct = await to(server);
    const { socket, head, status } = await direct.ask(toWebSocket(), limits);
    expect([status, head?.toString()]).toEqual([101, 'first']);
    expect((await direct.ask(get('/'), limits)).body).toBe('x');
    socket?.destroy();
  });

  it('leads what comes behind an upgrade to a taker, in order and into its memory', async () => {
    const server = createServer(certificate);
    let far: Duplex | undefined;
    server.on('upgrade', (_request, socket) => {
      far = socket;
      socket.write('HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      socket.write('behind the head,');
    });
    const direct = await to(server);
    const { socket, inlet } = await direct.ask(toWebSocket(), limits);
    // It comes while nobody takes it.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const taken: string[] = [];
    const own = Buffer.alloc(64 * 1024);
    let inOwn = 0;
    inlet?.lead({
      memory: () => own,
      take: (bytes) => {
        if (bytes.buffer === own.buffer) inOwn += bytes.length;
        taken.push(bytes.toString());
      },
    });
    socket?.resume();
    const large = 'x'.repeat(300_000);
    far?.write(large);
    const whole = `behind the head,${large}`;
    await vi.waitUntil(() => taken.join('').length >= whole.length, { timeout: 15_000 });
    expect(taken.join('')).toBe(whole);
    // But for the first piece, whose memory was asked for before.
    expect(inOwn).toBeGreaterThan(large.length - 3 * 16 * 1024);
    far?.end();
    await vi.waitUntil(() => socket?.readableEnded, { timeout: 15_000 });
    socket?.destroy();
  });

  it('of which a taker reads is stopped and goes on as its socket does', async () => {
    const server = createServer(certificate);
    let far: Duplex | undefined;
    server.on('upgrade', (_request, socket) => {
      far = socket;
      socket.write('HTTP/1.1 101 S\r\n\r\n');
    });
    const direct = await to(server);
    const { socket, inlet } = await direct.ask(toWebSocket(), limits);
    let taken = 0;
    const own = Buffer.alloc(64 * 1024);
    inlet?.lead({
      memory: () => own,
      take: (bytes) => {
        taken += bytes.length;
        socket?.pause();
      },
    });
    socket?.resume();
    const size = 20_000_000;
    far?.write(Buffer.alloc(size));
    await vi.waitUntil(() => taken > 0 && far?.writableLength !== 0, { timeout: 15_000 });
    // What was on its way when it stopped still comes.
    expect(taken).toBeLessThan(1_000_000);
    const timer = setInterval(() => socket?.resume(), 1);
    await vi.waitUntil(() => taken === size, { timeout: 15_000 });
    clearInterval(timer);
    socket?.destroy();
  });

  it('stays stopped though its taker has what was left in the stream', async () => {
    const server = createServer(certificate);
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 S\r\n\r\n');
      socket.write(Buffer.alloc(20_000_000));
    });
    const direct = await to(server);
    const { socket, inlet } = await direct.ask(toWebSocket(), limits);
    // It comes while nobody takes it.
    await new Promise((resolve) => setTimeout(resolve, 50));
    let taken = 0;
    const own = Buffer.alloc(64 * 1024);
    inlet?.lead({
      memory: () => own,
      take: (bytes) => {
        taken += bytes.length;
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(1_000_000);
    socket?.resume();
    await vi.waitUntil(() => taken > 10_000_000, { timeout: 15_000 });
    socket?.destroy();
  });

  it('that breaks right behind an accepted upgrade ends no process', async () => {
    const direct = await raw('HTTP/1.1 101 S\r\n\r\n');
    const { socket } = await direct.ask({ ...get('/'), isUpgrade: true }, limits);
    // Nobody else listens for its error.
    socket?.destroy(new Error('broken'));
    await vi.waitUntil(() => socket?.closed, { timeout: 15_000 });
  });

  it('keeps one connection of two requests that ran beside each other, and closes the other', async () => {
    const open = new Set<TLSSocket>();
    const waiting: (() => void)[] = [];
    const server = createServer(certificate, (_request, response) => {
      waiting.push(() => response.end('x'));
      if (waiting.length === 2) for (const end of waiting) end();
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      open.add(socket.on('close', () => open.delete(socket)));
    });
    const direct = await to(server);
    const both = [direct.ask(get('/1'), limits), direct.ask(get('/2'), limits)];
    await both[0];
    await both[1];
    expect(direct.isFree).toBe(true);
    await vi.waitUntil(() => open.size === 1, { timeout: 15_000 });
  });

  it('is busy until the last of two requests has ended', async () => {
    const answers = new Map<string, () => void>();
    const direct = await http((request, response) => answers.set(request.url ?? '', () => response.end('x')));
    const [one, two] = [direct.ask(get('/1'), limits), direct.ask(get('/2'), limits)];
    await vi.waitUntil(() => answers.size === 2, { timeout: 15_000 });
    answers.get('/1')?.();
    await one;
    expect(direct.isFree).toBe(false);
    answers.get('/2')?.();
    await two;
    expect(direct.isFree).toBe(true);
  });

  it.each(['TLSv1.3', 'TLSv1.2'] as const)(
    'resumes the TLS session of the one before, by %s',
    async (version) => {
      const resumed: boolean[] = [];
      const options = { ...certificate, minVersion: version, maxVersion: version };
      const server = createServer(options, (_request, response) => {
        response.setHeader('Connection', 'close').end('x');
      });
      server.on('secureConnection', (socket: TLSSocket) => resumed.push(socket.isSessionReused()));
      const direct = await to(server);
      for (let i = 0; i < 3; i++) expect((await direct.ask(get('/'), limits)).body).toBe('x');
      expect(resumed).toEqual([false, true, true]);
    },
  );

  it('resumes it too while the first one carries a stream', async () => {
    const resumed: boolean[] = [];
    const server = createServer(certificate);
    server.on('upgrade', (_request, socket) => socket.write('HTTP/1.1 101 S\r\n\r\n'));
    server.on('secureConnection', (socket: TLSSocket) => resumed.push(socket.isSessionReused()));
    const direct = await to(server);
    const upgrade = { ...get('/'), headers: { Connection: 'Upgrade', Upgrade: 'x' }, isUpgrade: true };
    const first = await direct.ask(upgrade, limits);
    const second = await direct.ask(upgrade, limits);
    expect(resumed).toEqual([false, true]);
    first.socket?.destroy();
    second.socket?.destroy();
  });

  it('tells the words of a refused upgrade as far as they come', async () => {
    const direct = await raw('HTTP/1.1 403 F\r\nContent-Length: 99\r\n\r\n{"message":"no');
    const answer = await direct.ask({ ...get('/'), isUpgrade: true }, { ...limits, bodyMs: 200 });
    expect([answer.status, answer.body]).toEqual([403, '{"message":"no']);
  });

  it('refuses an answer that could be understood in two ways', async () => {
    const direct = await raw(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    await expect(direct.ask(get('/'), limits)).rejects.toThrow(BadAnswerError);
  });
});

describe('headers', () => {
  it.each([
    [{ A: 'b' }, true],
    [{ A: 'müller' }, true],
    [{ A: ['b', 'c\r\nX: y'] }, false],
    [{ A: '値' }, false],
    [{ 'A b': 'c' }, false],
  ])('%j are sendable as they are: %s', (headers, expected) => {
    expect(areSendable(headers)).toBe(expected);
  });
});
