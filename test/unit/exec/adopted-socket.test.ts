import { createHash } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Taker, Upgraded } from '../../../src/exec/exec-streams.ts';
import { execStream } from '../../../src/exec/stream.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A short message of the server. */
function message(channel: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x82, bytes.length + 1, channel]), bytes]);
}

/** The close frame of a code. */
const closing = (code: number): Buffer => Buffer.from([0x88, 2, code >> 8, code & 255]);

/** For the other end that sends nothing more. */
const ENDS = Buffer.alloc(0);

/** A connection that was upgraded, whose other end sends these bytes and never ends it. */
async function upgradedTo(bytes: Buffer) {
  const held: Socket[] = [];
  const server: Server = createServer((socket) => {
    held.push(socket.on('error', () => undefined));
    if (bytes === ENDS) socket.end();
    else socket.write(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let near: Socket | undefined;
  stops.push(() => {
    near?.destroy();
    for (const socket of held) socket.destroy();
    server.close();
  });
  return async (headers: Readonly<Record<string, string>>): Promise<Upgraded> => {
    const socket = connect(port, '127.0.0.1').pause();
    near = socket;
    const accepted = createHash('sha1').update(`${headers['Sec-WebSocket-Key']}${GUID}`).digest('base64');
    const answer = {
      upgrade: 'websocket',
      'sec-websocket-accept': accepted,
      'sec-websocket-protocol': 'v5.channel.k8s.io',
    };
    return { status: 101, headers: answer, body: '', socket, head: Buffer.alloc(0) };
  };
}

/** @param pieces that come into memory of whoever takes them, instead of `bytes` */
async function run(bytes: Buffer, pieces?: readonly Buffer[]) {
  const stdout: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      stdout.push(chunk);
      done();
    },
  });
  const upgraded = await upgradedTo(bytes);
  const inlet = { lead: (taker: Taker) => queueMicrotask(() => give(pieces ?? [], taker)) };
  const upgrade = async (headers: Readonly<Record<string, string>>): Promise<Upgraded> => {
    const answer = await upgraded(headers);
    return pieces === undefined ? answer : { ...answer, inlet };
  };
  const endpoint = { url: 'wss://unused.invalid', headers: {}, agent: undefined, timeoutMs: 2000, upgrade };
  const outcome = await execStream(endpoint, { stdout: sink });
  return { outcome, stdout: Buffer.concat(stdout).toString() };
}

/** As a connection does that reads into memory which is used again. */
function give(pieces: readonly Buffer[], taker: Taker): void {
  for (const piece of pieces) {
    const memory = taker.memory();
    memory.set(piece);
    taker.take(Buffer.from(memory.buffer, memory.byteOffset, piece.length));
  }
}

describe('output past ws', () => {
  const sent = Buffer.concat([
    message(1, 'one,'),
    Buffer.from([0x89, 1, 0x70]),
    message(2, 'on stderr'),
    // A message in two frames, which ws puts together.
    Buffer.from([0x02, 4, 1, 0x74, 0x77, 0x6f, 0x80, 1, 0x2c]),
    Buffer.from([0x82, 126, 0, 201, 1, ...Buffer.alloc(200, 'x')]),
    message(1, ',three'),
    message(3, '{"status":"Success"}'),
    message(1, ' and behind'),
    closing(1000),
  ]);
  const expected = {
    outcome: { kind: 'exit', code: 0 },
    stdout: `one,two,${'x'.repeat(200)},three and behind`,
  };

  it('stands in its order with what ws has read, wherever the connection is cut', {
    timeout: 60_000,
  }, async () => {
    for (let at = 1; at < sent.length; at++) {
      const cut = [sent.subarray(0, at), sent.subarray(at)];
      expect(await run(Buffer.alloc(0), cut), `cut at ${at}`).toEqual(expected);
    }
    const bytes = Array.from(sent, (byte) => Buffer.of(byte));
    expect(await run(Buffer.alloc(0), bytes)).toEqual(expected);
  });

  it('stays as it was in a stream that holds on to it', async () => {
    const messages = Array.from({ length: 5000 }, (_, i) => message(1, String(i).padStart(100, '.')));
    const all = [...messages, message(3, '{"status":"Success"}'), closing(1000)];
    const { stdout } = await run(
      Buffer.alloc(0),
      all.flatMap((one) => [one, Buffer.from([0x89, 0])]),
    );
    expect(stdout).toBe(messages.map((one) => one.toString('latin1', 3)).join(''));
  });

  it('of which the end is missing is a loss', async () => {
    const half = message(1, 'whole').subarray(0, 5);
    await expect(run(ENDS, [half])).rejects.toThrow(/lost after 2 bytes.*cut off without a word/);
  });
});

describe('output that came with the upgrade', () => {
  it('stops the connection where its reader takes no more', async () => {
    const upgraded = await upgradedTo(Buffer.alloc(0));
    const near: Socket[] = [];
    let goOn = (): void => undefined;
    const slow = new Writable({
      highWaterMark: 10,
      write: (_chunk, _encoding, done) => {
        goOn = done;
      },
    });
    const upgrade = async (headers: Readonly<Record<string, string>>): Promise<Upgraded> => {
      const answer = await upgraded(headers);
      near.push(answer.socket as Socket);
      return { ...answer, head: message(1, 'x'.repeat(100)), inlet: { lead: () => undefined } };
    };
    const endpoint = { url: 'wss://unused.invalid', headers: {}, agent: undefined, timeoutMs: 2000, upgrade };
    const end = new AbortController();
    const ended = execStream(endpoint, { stdout: slow }, { signal: end.signal });
    await vi.waitUntil(() => slow.writableLength > 0, { timeout: 15_000 });
    expect(near[0]?.isPaused()).toBe(true);
    goOn();
    await vi.waitUntil(() => near[0]?.isPaused() === false, { timeout: 15_000 });
    end.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
  });
});

describe("the server's word that it has sent all", () => {
  it('ends the stream, though the connection goes on', { timeout: 5000 }, async () => {
    const status = message(3, '{"status":"Success"}');
    const sent = Buffer.concat([status, message(1, 'behind the status'), closing(1000)]);
    await expect(run(sent)).resolves.toEqual({
      outcome: { kind: 'exit', code: 0 },
      stdout: 'behind the status',
    });
  });

  it('without an exit status is a loss, with its code', { timeout: 5000 }, async () => {
    await expect(run(Buffer.concat([message(1, 'some'), closing(1001)]))).rejects.toThrow(
      /lost after 4 bytes.*close code 1001/,
    );
  });
});
