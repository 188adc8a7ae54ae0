/** Against real servers: who speaks HTTP/2 without TLS, and who HTTP/1 alone. */
import { createServer as createHttp } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseHttp2 } from '../../../src/parsers/http2.ts';
import HTTP2 from '../../../src/probes/http2.bash';
import { runToEnd } from '../shells.ts';

let server: Server | undefined;
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
});

async function answerOf(listening: Server) {
  server = listening;
  listening.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  const argv = ['bash', '-c', HTTP2, 'http2', '127.0.0.1', String(port)];
  return parseHttp2((await runToEnd(argv, '')).stdout.toString());
}

const saying = (text: string) =>
  createTcp((socket) => {
    socket.once('data', () => socket.end(text));
  });

describe('http2.bash', () => {
  it('tells a server of HTTP/1', async () => {
    const one = createHttp((_request, response) => response.end('ok'));
    expect(await answerOf(one)).toEqual({
      outcome: 'http1',
      line: expect.stringMatching(/^HTTP\/1\.1 400 Bad Request/),
    });
  });

  it('tells a server of HTTP/2 by its first frame, and does not wait for more', async () => {
    const started = performance.now();
    expect(await answerOf(createHttp2())).toEqual({ outcome: 'other' });
    expect(performance.now() - started).toBeLessThan(2900);
  });

  // Of no settings: a length of nothing, and the type.
  it('tells one that has no settings', async () => {
    const one = createTcp((socket) => socket.write('\0\0\0\x04\0\0\0\0\0'));
    expect(await answerOf(one)).toEqual({ outcome: 'other' });
  });

  // As nginx does: "The plain HTTP request was sent to HTTPS port".
  it('takes a server of TLS that complains by HTTP/1 for none of HTTP/1', async () => {
    const one = saying('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    expect(await answerOf(one)).toEqual({ outcome: 'other' });
  });

  it.each([
    ['', 'closed'],
    // An alert of TLS.
    ['\x15\x03\x01\x00\x02\x02\x46', 'other'],
  ])('tells other answers: %j', async (text, outcome) => {
    expect(await answerOf(saying(text))).toEqual({ outcome });
  });
});
