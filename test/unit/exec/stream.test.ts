import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { PassThrough, Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DirectInput, InputTaker } from '../../../src/exec/direct-input.ts';
import { ExecLostError, ExecRefusedError } from '../../../src/exec/errors.ts';
import type { ExecOptions, ExecStreams } from '../../../src/exec/exec-streams.ts';
import { execStream } from '../../../src/exec/stream.ts';
import {
  type Behaviour,
  closedPort,
  type ExecPeer,
  type FaultServer,
  refuse,
  startFaultServer,
} from '../../servers/fault-server.ts';

/** Ends a wait for what does not come; the default second is short on a busy machine. */
const WAIT = { timeout: 15_000 } as const;

const STDOUT = 1;
const STDERR = 2;
const MEBIBYTE = 1024 * 1024;
/** Short, so that a silent server is found out within a test's patience. */
const QUICK_PINGS = { pingIntervalMs: 50, pingDeadlineMs: 1_000 } as const;

const servers: FaultServer[] = [];
const agent = new Agent({ keepAlive: true });

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(behaviour: Behaviour): Promise<FaultServer> {
  const server = await startFaultServer(behaviour);
  servers.push(server);
  return server;
}

const accept = (act: (peer: ExecPeer) => unknown): Promise<FaultServer> => serve({ accept: act });

function exec(server: FaultServer, streams: Partial<ExecStreams> = {}, options: ExecOptions = {}) {
  return execStream(
    { url: server.url, headers: {}, agent, timeoutMs: 2_000 },
    { stdout: new Sink(), stderr: new Sink(), ...streams },
    options,
  );
}

/** Keeps what is written to it. */
class Sink extends Writable {
  readonly chunks: Buffer[] = [];
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }
  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

/** Takes nothing until it is released, like the pipe to a program that does not read. */
class SlowSink extends Writable {
  readonly hash = createHash('sha256');
  bytes = 0;
  #held: (() => void) | undefined;
  #released = false;
  constructor() {
    super({ highWaterMark: 64 * 1024 });
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.hash.update(chunk);
    this.bytes += chunk.length;
    if (this.#released) done();
    else this.#held = done;
  }
  release(): void {
    this.#released = true;
    this.#held?.();
  }
}

/** The error that a promise ends with. */
async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`resolved to ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
}

/** Waits until a number has stayed the same for 200 ms: what flows has stopped flowing. */
async function settled(read: () => number): Promise<number> {
  let last = Number.NaN;
  let same = 0;
  await vi.waitUntil(
    () => {
      const now = read();
      same = now === last && now > 0 ? same + 1 : 0;
      last = now;
      return same === 10;
    },
    { interval: 20, timeout: 30_000 },
  );
  return last;
}

describe('a command that runs', () => {
  it('gives its outputs, apart and whole, and its exit code', async () => {
    const stdout = new Sink();
    const stderr = new Sink();
    const server = await accept(async (peer) => {
      peer.send(STDOUT, 'out 1,');
      peer.send(STDERR, 'err 1,');
      peer.send(STDOUT, '');
      peer.send(STDOUT, 'out 2');
      peer.send(STDERR, 'err 2');
      await peer.exit(7);
      peer.close();
    });
    expect(await exec(server, { stdout, stderr })).toEqual({ kind: 'exit', code: 7 });
    expect([stdout.text, stderr.text]).toEqual(['out 1,out 2', 'err 1,err 2']);
  });

  it("tells the kubelet's reason for one that could not start", async () => {
    const server = await accept(async (peer) => {
      await peer.send(
        3,
        JSON.stringify({ status: 'Failure', reason: 'InternalError', message: 'no such file' }),
      );
      peer.close();
    });
    expect(await exec(server)).toEqual({ kind: 'failure', reason: 'InternalError', message: 'no such file' });
  });

  it('passes output through byte for byte', async () => {
    const data = randomBytes(3 * MEBIBYTE);
    const stdout = new Sink();
    const server = await accept(async (peer) => {
      for (let at = 0; at < data.length; at += 30_001) peer.send(STDOUT, data.subarray(at, at + 30_001));
      await peer.exit();
      peer.close();
    });
    await exec(server, { stdout });
    expect(Buffer.concat(stdout.chunks).equals(data)).toBe(true);
  });

  it('passes on what a filter gives, and at the end what it has kept', async () => {
    const [stdout, stderr] = [new Sink(), new Sink()];
    const server = await accept(async (peer) => {
      for (const piece of ['a', 'b', 'c']) await peer.send(STDOUT, piece);
      await peer.send(STDERR, 'd');
      await peer.exit();
      peer.close();
    });
    const filter = {
      take: (output: string, data: Uint8Array) =>
        output === 'stderr' || data[0] === 0x62 ? new Uint8Array() : data,
      rest: (output: string) => Buffer.from(`rest of ${output}`),
    };
    await exec(server, { stdout, stderr, filter });
    expect([stdout.text, stderr.text]).toEqual(['acrest of stdout', 'rest of stderr']);
  });

  it('loses no output that comes after the status', async () => {
    const stdout = new Sink();
    const server = await accept(async (peer) => {
      await peer.exit();
      for (let i = 0; i < 100; i++) await peer.send(STDOUT, `late ${i}\n`);
      peer.close();
    });
    expect(await exec(server, { stdout })).toEqual({ kind: 'exit', code: 0 });
    expect(stdout.text.split('\n')).toHaveLength(101);
  });

  it('keeps the exit code when the connection breaks after the status', async () => {
    const server = await accept(async (peer) => {
      await peer.exit(3);
      peer.destroy();
    });
    expect(await exec(server)).toEqual({ kind: 'exit', code: 3 });
  });

  it('ends by itself when the server goes silent after the status, though it still answers pings', async () => {
    const server = await accept((peer) => peer.exit(5));
    expect(await exec(server, {}, { ...QUICK_PINGS, closeGraceMs: 500 })).toEqual({ kind: 'exit', code: 5 });
    await vi.waitUntil(() => server.peers[0]?.closed, WAIT);
  });

  it('ignores empty messages', async () => {
    const stdout = new Sink();
    const server = await accept(async (peer) => {
      peer.sendRaw(new Uint8Array());
      peer.send(STDOUT, 'x');
      await peer.exit();
      peer.close();
    });
    await exec(server, { stdout });
    expect(stdout.text).toBe('x');
  });

  it('drops stderr that nobody asked for', async () => {
    const stdout = new Sink();
    const server = await accept(async (peer) => {
      peer.send(STDERR, 'err');
      peer.send(STDOUT, 'out');
      await peer.exit();
      peer.close();
    });
    await exec(server, { stdout, stderr: undefined });
    expect(stdout.text).toBe('out');
  });

  it('sends its headers', async () => {
    const server = await accept((peer) => peer.exit().then(() => peer.close()));
    const headers = { Authorization: 'Bearer x', 'User-Agent': 'test' };
    await execStream({ url: server.url, headers, agent }, { stdout: new Sink() });
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer x',
      'user-agent': 'test',
      'sec-websocket-protocol': 'v5.channel.k8s.io,v4.channel.k8s.io',
    });
  });
});

describe('stdin', () => {
  it('is sent whole and half-closed, and the output after that still comes', async () => {
    const data = randomBytes(MEBIBYTE + 1);
    const stdout = new Sink();
    const server = await accept((peer) => {
      peer.onStdin((chunk) => void peer.send(STDOUT, chunk));
      peer.onStdinClose(async () => {
        await peer.send(STDOUT, 'END');
        await peer.exit();
        peer.close();
      });
    });
    expect(await exec(server, { stdin: Readable.from([data]), stdout })).toEqual({ kind: 'exit', code: 0 });
    expect(Buffer.concat(stdout.chunks).equals(Buffer.concat([data, Buffer.from('END')]))).toBe(true);
    expect(Math.max(...(server.peers[0]?.stdin.map((chunk) => chunk.length) ?? []))).toBe(32 * 1024);
  });

  it('is sent whole where it is led past its stream, and rests while the server reads nothing', async () => {
    const data = randomBytes(12 * MEBIBYTE + 1);
    const memory = Buffer.alloc(70_000);
    let at = 0;
    let rests = 0;
    // Each piece lies in the same memory.
    const next = (): Buffer => {
      const bytes = memory.subarray(0, data.copy(memory, 0, at, at + 1 + ((at * 7) % memory.length)));
      at += bytes.length;
      return bytes;
    };
    const stream = new Readable({ read: () => undefined });
    const stdin: DirectInput = Object.assign(stream, {
      lead: (take: InputTaker) => () => {
        for (let bytes = next(); bytes.length > 0; bytes = next()) {
          if (take(bytes)) continue;
          rests++;
          return;
        }
        stream.push(null);
      },
    });
    stream.push(Buffer.from(next()));
    const server = await accept((peer) => {
      peer.stall();
      setTimeout(() => peer.resume(), 50);
      peer.onStdinClose(() => peer.exit().then(() => peer.close()));
    });
    expect(await exec(server, { stdin })).toEqual({ kind: 'exit', code: 0 });
    expect(Buffer.concat(server.peers[0]?.stdin ?? []).equals(data)).toBe(true);
    expect(rests).toBeGreaterThan(0);
  });

  it('is half-closed at once when it is empty', async () => {
    const server = await accept((peer) => peer.onStdinClose(() => peer.exit().then(() => peer.close())));
    expect(await exec(server, { stdin: Readable.from([]) })).toEqual({ kind: 'exit', code: 0 });
    expect(server.peers[0]?.stdin).toEqual([]);
  });

  it('stays open when there is none to send', async () => {
    const server = await accept((peer) => {
      // Three pings of silence: the client had all the time to close it.
      const timer = setInterval(() => {
        if (peer.pings.length < 3) return;
        clearInterval(timer);
        peer.exit().then(() => peer.close());
      }, 5);
    });
    await exec(server, {}, QUICK_PINGS);
    expect(server.peers[0]?.stdinClosed).toBe(false);
  });

  it('is not half-closed under v4, which would have to give up the output', async () => {
    const stdout = new Sink();
    const opened: string[] = [];
    const server = await serve({
      protocols: ['v4.channel.k8s.io'],
      accept: (peer) =>
        peer.onStdin(async (chunk) => {
          await vi.waitUntil(() => peer.pings.length >= 3, WAIT);
          await peer.send(STDOUT, chunk);
          await peer.exit(4);
          peer.close();
        }),
    });
    const options = { ...QUICK_PINGS, onOpen: (name: string) => opened.push(name) };
    expect(await exec(server, { stdin: Readable.from(['text']), stdout }, options)).toEqual({
      kind: 'exit',
      code: 4,
    });
    expect(opened).toEqual(['v4.channel.k8s.io']);
    expect(stdout.text).toBe('text');
    expect(server.peers[0]?.stdinClosed).toBe(false);
    expect(server.peers[0]?.others).toEqual([]);
  });

  it('that fails ends the stream with its own error', async () => {
    const server = await accept(() => undefined);
    const failure = new Error('read failed');
    const stdin = new Readable({ read: () => undefined });
    const promise = exec(server, { stdin });
    await vi.waitUntil(() => server.peers.length === 1, WAIT);
    stdin.destroy(failure);
    expect(await errorOf(promise)).toBe(failure);
    await vi.waitUntil(() => server.peers[0]?.closed, WAIT);
  });

  it('that is still open is let go when the command ends', async () => {
    const stdin = new PassThrough();
    const server = await accept((peer) => peer.exit().then(() => peer.close()));
    await exec(server, { stdin });
    expect(stdin.destroyed).toBe(true);
  });

  it('is taken no faster than the server reads it', async () => {
    const total = 64 * MEBIBYTE;
    const block = randomBytes(64 * 1024);
    const [sent, received] = [createHash('sha256'), createHash('sha256')];
    let pulled = 0;
    const stdin = new Readable({
      read() {
        if (pulled === total) return void this.push(null);
        pulled += block.length;
        sent.update(block);
        this.push(block);
      },
    });
    const server = await accept((peer) => {
      peer.onStdin((chunk) => received.update(chunk));
      peer.onStdinClose(() => peer.exit().then(() => peer.close()));
      peer.stall();
    });
    const promise = exec(server, { stdin });
    const taken = await settled(() => pulled);
    // What the kernel buffers on both ends of a loopback connection is 10 MB at most, and the stream adds 256 KiB.
    expect(taken).toBeLessThan(16 * MEBIBYTE);
    server.peers[0]?.resume();
    expect(await promise).toEqual({ kind: 'exit', code: 0 });
    expect(pulled).toBe(total);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
  }, 20_000);
});

describe('a slow consumer', () => {
  it('slows the server down instead of filling this process', async () => {
    const total = 64 * MEBIBYTE;
    const block = randomBytes(MEBIBYTE);
    const sent = createHash('sha256');
    const server = await accept(async (peer) => {
      for (let at = 0; at < total; at += block.length) {
        sent.update(block);
        await peer.send(STDOUT, block);
        taken += block.length;
      }
      await peer.exit();
      peer.close();
    });
    let taken = 0;
    const stdout = new SlowSink();
    const promise = exec(server, { stdout });
    expect(await settled(() => taken)).toBeLessThan(16 * MEBIBYTE);
    // One message more than the sink asked for may be on its way when it says stop.
    expect(stdout.writableLength).toBeLessThanOrEqual(2 * block.length);
    stdout.release();
    expect(await promise).toEqual({ kind: 'exit', code: 0 });
    expect(stdout.bytes).toBe(total);
    expect(stdout.hash.digest('hex')).toBe(sent.digest('hex'));
  }, 20_000);

  it('of one output holds up the other, which needs the same connection, and both come whole', async () => {
    const stdout = new SlowSink();
    const stderr = new SlowSink();
    const server = await accept(async (peer) => {
      for (let i = 0; i < 64; i++) {
        await peer.send(STDOUT, Buffer.alloc(64 * 1024, 1));
        await peer.send(STDERR, Buffer.alloc(64 * 1024, 2));
      }
      await peer.exit();
      peer.close();
    });
    const promise = exec(server, { stdout, stderr });
    await vi.waitUntil(() => stdout.writableNeedDrain, WAIT);
    stderr.release();
    stdout.release();
    await promise;
    expect([stdout.bytes, stderr.bytes]).toEqual([4 * MEBIBYTE, 4 * MEBIBYTE]);
  });

  it('is waited for: the stream ends when its last byte has been taken', async () => {
    const stdout = new SlowSink();
    const server = await accept(async (peer) => {
      await peer.send(STDOUT, 'last words');
      await peer.exit();
      peer.close();
    });
    let ended = false;
    const promise = exec(server, { stdout }).finally(() => {
      ended = true;
    });
    await vi.waitUntil(() => server.peers[0]?.closed, WAIT);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    stdout.release();
    expect(await promise).toEqual({ kind: 'exit', code: 0 });
  });

  // What is sent to a server that has closed makes it, and every proxy on the way, throw away what is still unread.
  it('is not pinged for, nor while output comes', async () => {
    const stdout = new SlowSink();
    const server = await accept(async (peer) => {
      await peer.send(STDOUT, Buffer.alloc(MEBIBYTE));
      await vi.waitUntil(() => stdout.bytes === MEBIBYTE, WAIT);
      for (let i = 0; i < 40; i++) {
        await peer.send(STDOUT, 'x');
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      await peer.exit();
      peer.close();
    });
    const promise = exec(server, { stdout }, { pingIntervalMs: 500 });
    await vi.waitUntil(() => stdout.writableNeedDrain, WAIT);
    const before = server.peers[0]?.pings.length;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    stdout.release();
    await promise;
    expect(server.peers[0]?.pings.length).toBe(before);
  });

  it('does not count as a lost connection, however slow it is', async () => {
    const stdout = new SlowSink();
    const server = await accept(async (peer) => {
      await peer.send(STDOUT, Buffer.alloc(MEBIBYTE));
      await peer.exit();
      peer.close();
    });
    const promise = exec(server, { stdout }, QUICK_PINGS);
    await vi.waitUntil(() => stdout.writableNeedDrain, WAIT);
    await new Promise((resolve) => setTimeout(resolve, 3 * QUICK_PINGS.pingDeadlineMs));
    stdout.release();
    expect(await promise).toEqual({ kind: 'exit', code: 0 });
  });
});

describe('an output that fails', () => {
  const brokenPipe = (): Error => Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });

  it('ends the stream with its own error, and the connection', async () => {
    const failure = brokenPipe();
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(failure) });
    const server = await accept((peer) => peer.send(STDOUT, 'x'));
    expect(await errorOf(exec(server, { stdout }))).toBe(failure);
    await vi.waitUntil(() => server.peers[0]?.closed, WAIT);
  });

  it('fails the stream also when it takes the last bytes only after the server has closed', async () => {
    const failure = brokenPipe();
    let fail = (): void => undefined;
    const stderr = new Writable({
      write: (_chunk, _encoding, done) => {
        fail = () => done(failure);
      },
    });
    const server = await accept(async (peer) => {
      await peer.send(STDERR, 'x');
      await peer.exit();
      peer.close();
    });
    const promise = errorOf(exec(server, { stderr }));
    await vi.waitUntil(() => server.peers[0]?.closed, WAIT);
    fail();
    expect(await promise).toBe(failure);
  });
});

describe('abort', () => {
  it('in the middle ends with the reason and lets go of the connection and of stdin', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const stdin = new PassThrough();
    const server = await accept((peer) => peer.send(STDOUT, 'x'));
    const stdout = new Sink();
    const promise = exec(server, { stdin, stdout }, { signal: abort.signal });
    await vi.waitUntil(() => stdout.text === 'x', WAIT);
    abort.abort(reason);
    expect(await errorOf(promise)).toBe(reason);
    expect(stdin.destroyed).toBe(true);
    await vi.waitUntil(() => server.peers[0]?.closed, WAIT);
  });

  it('before it starts sends nothing', async () => {
    const reason = new Error('never mind');
    const server = await accept(() => undefined);
    expect(await errorOf(exec(server, {}, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(server.peers).toEqual([]);
  });

  it('while the server has not answered yet', async () => {
    const abort = new AbortController();
    const reason = new Error('too slow');
    const server = await serve({ answer: () => undefined });
    const promise = exec(server, {}, { signal: abort.signal });
    await vi.waitUntil(() => server.requests.length === 1, WAIT);
    abort.abort(reason);
    expect(await errorOf(promise)).toBe(reason);
  });

  it('while a slow consumer holds the output', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const stdout = new SlowSink();
    const server = await accept((peer) => peer.send(STDOUT, Buffer.alloc(MEBIBYTE)));
    const promise = exec(server, { stdout }, { signal: abort.signal });
    await vi.waitUntil(() => stdout.writableNeedDrain, WAIT);
    abort.abort(reason);
    expect(await errorOf(promise)).toBe(reason);
    await vi.waitUntil(() => server.peers[0]?.closed, WAIT);
    // Its reader may leave later: an error that nobody hears would end the process.
    expect(() => stdout.emit('error', new Error('write EPIPE'))).not.toThrow();
  });
});

describe('resize', () => {
  it('sends the size at once and on each change, until the end', async () => {
    let change: (size: { columns: number; rows: number }) => void = () => undefined;
    const stop = vi.fn();
    const server = await accept(async (peer) => {
      await vi.waitUntil(() => peer.others.length === 2, WAIT);
      await peer.exit();
      peer.close();
    });
    const onResize: ExecStreams['onResize'] = (send) => {
      change = send;
      send({ columns: 80, rows: 24 });
      return stop;
    };
    const promise = exec(server, { onResize });
    await vi.waitUntil(() => server.peers[0]?.others.length === 1, WAIT);
    change({ columns: 132, rows: 43 });
    await promise;
    expect(server.peers[0]?.others.map((message) => message.toString('latin1'))).toEqual([
      '\x04{"Width":80,"Height":24}',
      '\x04{"Width":132,"Height":43}',
    ]);
    expect(stop).toHaveBeenCalledOnce();
    // A change that comes too late goes nowhere.
    change({ columns: 1, rows: 1 });
  });
});

describe('a refused upgrade', () => {
  const status = (code: number, reason: string, message: string): string =>
    JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message });

  it.each([
    [403, 'Forbidden', 'pods "web" is forbidden: User "x" cannot create resource "pods/exec"'],
    [404, 'NotFound', 'pods "web" not found'],
    [500, 'InternalError', 'Internal error occurred: error sending request'],
  ])("%i comes with the server's reason and words", async (code, reason, message) => {
    const server = await serve(refuse(code, status(code, reason, message)));
    const error = await errorOf(exec(server));
    expect(error).toBeInstanceOf(ExecRefusedError);
    expect(error).toMatchObject({ status: code, reason, message });
  });

  it.each([
    ['a page', 502, '\n<html><h1>Bad gateway</h1>\n<p>more', 'HTTP 502: <html><h1>Bad gateway</h1>'],
    ['plain words', 400, 'container not valid', 'HTTP 400: container not valid'],
    ['nothing', 503, '', 'HTTP 503 without a reason'],
    ['an answer that is no upgrade', 200, 'hello', 'HTTP 200: hello'],
    ['JSON of another kind', 418, '{"error":"no"}', 'HTTP 418: {"error":"no"}'],
    ['JSON that is no object', 500, 'null', 'HTTP 500: null'],
  ])('with %s is told by its status and first line', async (_what, code, body, message) => {
    const server = await serve(refuse(code, body, 'text/html'));
    const error = await errorOf(exec(server));
    expect(error).toBeInstanceOf(ExecRefusedError);
    expect(error).toMatchObject({ status: code, reason: undefined, message });
  });

  it('with a body without end is read to a limit', async () => {
    let written = 0;
    const server = await serve({
      answer: (connection) => {
        connection.on('error', () => undefined);
        connection.write('HTTP/1.1 500 Refused\r\nConnection: close\r\n\r\n');
        const more = (): void => {
          while (!connection.destroyed && connection.write('x'.repeat(65_536))) written += 65_536;
        };
        connection.on('drain', more);
        more();
      },
    });
    expect(await errorOf(exec(server))).toMatchObject({ name: 'ExecRefusedError', status: 500 });
    const atTheEnd = await settled(() => written);
    expect(atTheEnd).toBeLessThan(32 * MEBIBYTE);
  }, 10_000);

  it('with a body that never comes still tells the status', async () => {
    const server = await serve({
      answer: (connection) => connection.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\n{'),
    });
    expect(await errorOf(exec(server))).toMatchObject({ name: 'ExecRefusedError', status: 403 });
  }, 10_000);

  it('with a body cut short still tells the status', async () => {
    const server = await serve({
      answer: (connection) => connection.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nno'),
    });
    expect(await errorOf(exec(server))).toMatchObject({ status: 403, message: 'HTTP 403: no' });
  });
});

describe('a connection that cannot be made', () => {
  const unopened = async (url: string): Promise<unknown> =>
    errorOf(execStream({ url, headers: {}, agent, timeoutMs: 300 }, { stdout: new Sink() }));

  it('refused', async () => {
    const error = await unopened(`ws://127.0.0.1:${await closedPort()}/exec`);
    expect(error).toBeInstanceOf(ExecLostError);
    expect(error).toMatchObject({ opened: false, message: 'the connection was refused' });
  });

  it('no answer to the upgrade', async () => {
    const server = await serve({ answer: () => undefined });
    const error = await unopened(server.url);
    expect(error).toBeInstanceOf(ExecLostError);
    expect(error).toMatchObject({ opened: false, message: 'no answer within 0.3 s' });
  });

  it.each([
    ['closed without an answer', (connection: { end(): void }) => connection.end()],
    ['no HTTP', (connection: { end(text: string): void }) => connection.end('SSH-2.0-OpenSSH_9.2\r\n')],
    [
      'another protocol',
      (connection: { end(text: string): void }) =>
        connection.end('HTTP/1.1 101 Switching\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\n'),
    ],
  ])('%s', async (_what, answer) => {
    const server = await serve({ answer: answer as never });
    const error = await unopened(server.url);
    expect(error).toBeInstanceOf(ExecLostError);
    expect(error).toMatchObject({ opened: false });
    expect((error as Error).message).not.toContain('\n');
  });

  it('a server that speaks neither protocol', async () => {
    const server = await serve({ protocols: ['v1.channel.k8s.io'], accept: () => undefined });
    expect(await unopened(server.url)).toMatchObject({ name: 'ExecLostError', opened: false });
  });
});

describe('a connection that is lost in the middle', () => {
  it('says after how many bytes it was', async () => {
    const stdout = new Sink();
    const server = await accept(async (peer) => {
      await peer.send(STDOUT, Buffer.alloc(100_000));
      await vi.waitUntil(() => Buffer.concat(stdout.chunks).length === 100_000, WAIT);
      peer.destroy();
    });
    const error = await errorOf(exec(server, { stdout }));
    expect(error).toBeInstanceOf(ExecLostError);
    expect(error).toMatchObject({ opened: true });
    expect((error as Error).message).toBe(
      "the connection was lost after 100000 bytes of output, before the command's exit status (it was cut off without a word; the API server, the node's kubelet or a proxy on the way may have stopped or restarted)",
    );
  });

  it('ends also a stdin that waits to be sent', async () => {
    const server = await accept((peer) => {
      peer.stall();
      setImmediate(() => peer.destroy());
    });
    const stdin = new Readable({
      read() {
        this.push(Buffer.alloc(65_536));
      },
    });
    expect(await errorOf(exec(server, { stdin }))).toMatchObject({ name: 'ExecLostError', opened: true });
    expect(stdin.destroyed).toBe(true);
  });

  it('is no success when the server closes in order but without a status', async () => {
    const server = await accept((peer) => peer.close(1000));
    expect(await errorOf(exec(server))).toMatchObject({
      name: 'ExecLostError',
      message: expect.stringContaining('close code 1000'),
    });
  });

  it("tells the server's reason for closing", async () => {
    const server = await accept((peer) => peer.close(1011, 'the kubelet went away'));
    expect(await errorOf(exec(server))).toMatchObject({
      message: expect.stringContaining('close code 1011: the kubelet went away'),
    });
  });

  it('is noticed when the server falls silent', async () => {
    const server = await accept((peer) => peer.stall());
    const before = performance.now();
    const error = await errorOf(exec(server, {}, QUICK_PINGS));
    const took = performance.now() - before;
    expect(error).toBeInstanceOf(ExecLostError);
    expect((error as Error).message).toMatch(/no answer for/);
    expect(took).toBeGreaterThan(QUICK_PINGS.pingDeadlineMs);
  });

  it('is not suspected while the server answers pings', async () => {
    const server = await accept(async (peer) => {
      await vi.waitUntil(() => peer.pings.length >= 40, WAIT);
      await peer.exit();
      peer.close();
    });
    // So many pings take twice the deadline.
    expect(await exec(server, {}, QUICK_PINGS)).toEqual({ kind: 'exit', code: 0 });
  });

  it('is not suspected when this process was stopped for longer than it waits for an answer', async () => {
    const server = await accept(() => undefined);
    const onOpen = vi.fn();
    const running = exec(server, {}, { ...QUICK_PINGS, onOpen });
    await vi.waitUntil(() => onOpen.mock.calls.length > 0, WAIT);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    // Not in the turn in which it goes on.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await server.peers[0]?.exit(3);
    server.peers[0]?.close();
    expect(await running).toEqual({ kind: 'exit', code: 3 });
  });

  it('is not suspected while output comes, pings answered or not', async () => {
    const server = await accept(async (peer) => {
      peer.stall();
      // For twice the deadline.
      for (let i = 0; i < 20; i++) {
        await peer.send(STDOUT, 'x');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await peer.exit();
      peer.destroy();
    });
    expect(await exec(server, {}, QUICK_PINGS)).toEqual({ kind: 'exit', code: 0 });
  });

  // An API server stops reading, pings included, while the command does not read its stdin.
  it('is not suspected while the server has stdin to read that the command does not want yet', async () => {
    const server = await accept((peer) => {
      peer.onStdin((chunk) => peer.send(STDOUT, chunk));
      peer.onStdinClose(() => peer.exit().then(() => peer.close()));
      peer.stall();
      setTimeout(() => peer.resume(), 4 * QUICK_PINGS.pingDeadlineMs);
    });
    const stdout = new Sink();
    expect(await exec(server, { stdin: Readable.from(['later']), stdout }, QUICK_PINGS)).toEqual({
      kind: 'exit',
      code: 0,
    });
    expect(stdout.text).toBe('later');
  });

  it('is suspected when that goes on for longer than kubectl would wait', async () => {
    const server = await accept((peer) => peer.stall());
    const options = { ...QUICK_PINGS, unreadStdinDeadlineMs: 2_000 };
    const before = performance.now();
    expect(await errorOf(exec(server, { stdin: Readable.from(['unread']) }, options))).toMatchObject({
      name: 'ExecLostError',
      message: expect.stringContaining('no answer for'),
    });
    expect(performance.now() - before).toBeGreaterThan(2_000);
  });

  it.each(['', 'no number', '99999'])(
    'is not suspected sooner for a pong that answers no ping: %j',
    async (words) => {
      const server = await accept(async (peer) => {
        peer.pong(words);
        peer.onStdin((chunk) => peer.send(STDOUT, chunk));
        peer.onStdinClose(() => peer.exit().then(() => peer.close()));
        await vi.waitUntil(() => peer.pings.length > 0, WAIT);
        peer.stall();
        stdin.end('later');
        setTimeout(() => peer.resume(), 4 * QUICK_PINGS.pingDeadlineMs);
      });
      const stdin = new PassThrough();
      expect(await exec(server, { stdin }, QUICK_PINGS)).toEqual({ kind: 'exit', code: 0 });
    },
  );

  it('is noticed again once that stdin has been read', async () => {
    const server = await accept(async (peer) => {
      peer.onStdin(() => undefined);
      // A ping sent after the stdin has been answered.
      await vi.waitUntil(() => peer.stdin.length === 1, WAIT);
      const seen = peer.pings.length;
      await vi.waitUntil(() => peer.pings.length > seen + 2, WAIT);
      peer.stall();
    });
    const stdin = new PassThrough();
    stdin.write('x');
    expect(await errorOf(exec(server, { stdin }, QUICK_PINGS))).toMatchObject({
      name: 'ExecLostError',
      message: expect.stringContaining('no answer for'),
    });
  });

  it.each([
    ['an unknown channel', (peer: ExecPeer) => peer.send(9, 'x'), 'unknown channel 9'],
    ['a text', (peer: ExecPeer) => peer.sendRaw('hello'), 'unknown channel 104'],
    ['no frame at all', (peer: ExecPeer) => peer.writeBytes(Buffer.alloc(64, 0xff)), 'RSV'],
  ])('by garbage: %s', async (_what, act, words) => {
    const server = await accept(act);
    const error = await errorOf(exec(server));
    expect(error).toBeInstanceOf(ExecLostError);
    expect((error as Error).message).toContain(words);
    await vi.waitUntil(() => server.peers[0]?.closed, WAIT);
  });
});

// Whatever happened, a process that has nothing else to do ends: each case is a process of its own.
describe('leaves nothing open', () => {
  const cases: Record<string, { behaviour: Behaviour; ended: string; abortAfterMs?: string }> = {
    'after success': { behaviour: { accept: (p) => p.exit().then(() => p.close()) }, ended: 'exit' },
    'after a refusal': { behaviour: refuse(403, '{"message":"no"}'), ended: 'ExecRefusedError' },
    'after a drop': { behaviour: { accept: (p) => p.destroy() }, ended: 'ExecLostError' },
    'after silence': { behaviour: { answer: () => undefined }, ended: 'ExecLostError' },
    'after garbage': { behaviour: { accept: (p) => p.send(9, '') }, ended: 'ExecLostError' },
    'after a close without a status': { behaviour: { accept: (p) => p.close() }, ended: 'ExecLostError' },
    'after an abort': { behaviour: { accept: () => undefined }, ended: 'TimeoutError', abortAfterMs: '300' },
    'after an abort, the server being stuck': {
      behaviour: { accept: (p) => p.stall() },
      ended: 'TimeoutError',
      abortAfterMs: '300',
    },
  };
  const child = fileURLToPath(new URL('./exec-child.ts', import.meta.url));

  it.each(Object.entries(cases))(
    '%s',
    async (_what, { behaviour, ended, abortAfterMs }) => {
      const server = await serve(behaviour);
      const args = [child, server.url, ...(abortAfterMs === undefined ? [] : [abortAfterMs])];
      // Without a limit a process that does not end would hang the test; with it, the test fails.
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
      expect(stdout.trim()).toBe(ended);
    },
    40_000,
  );
});
