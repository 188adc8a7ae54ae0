import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StdinGate } from '../../../src/channels/stdin-gate.ts';
import { type InputTaker, led } from '../../../src/exec/direct-input.ts';
import { FileInput } from '../../../src/shell/file-input.ts';
import { PipeInput } from '../../../src/shell/pipe-input.ts';
import { ReplayableInput } from '../../../src/targets/replayable-input.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0).reverse()) stop();
});

const DATA = Buffer.from(Uint8Array.from({ length: 5_000_000 }, (_, i) => (i * 7 + (i >> 8)) & 255));
const WAIT = { timeout: 15_000 } as const;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'nettools-stdin-'));
  stops.push(() => rmSync(path, { recursive: true }));
  return path;
}

function fileInput(): FileInput {
  const path = join(folder(), 'file');
  writeFileSync(path, DATA);
  const fd = openSync(path, 'r');
  stops.push(() => closeSync(fd));
  return new FileInput(fd);
}

/** Its descriptor is the stream's to close, as stdin's is. */
function pipeInput(): PipeInput {
  const path = folder();
  writeFileSync(join(path, 'file'), DATA);
  execFileSync('mkfifo', [join(path, 'pipe')]);
  const writer = spawn('sh', ['-c', 'cat "$0/file" >"$0/pipe"', path], { stdio: 'ignore' });
  stops.push(() => writer.kill());
  return new PipeInput(openSync(join(path, 'pipe'), constants.O_RDONLY));
}

/** Reads as a sender does: by the stream, and past it as soon as that can be; it takes breaks. */
function sent(input: Readable): Promise<{ readonly bytes: Buffer; readonly past: number }> {
  const chunks: Buffer[] = [];
  let past = 0;
  let goOn: (() => void) | undefined;
  const taker: InputTaker = (bytes) => {
    chunks.push(Buffer.from(bytes));
    past += bytes.length;
    if (chunks.length % 5 > 0) return true;
    setTimeout(() => goOn?.(), 1);
    return false;
  };
  return new Promise((resolve, reject) => {
    input.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      goOn = led(input, taker);
      goOn?.();
    });
    finished(input, (error) => (error ? reject(error) : resolve({ bytes: Buffer.concat(chunks), past })));
  });
}

describe.each([
  ['a pipe', pipeInput],
  ['a file', fileInput],
])('%s', (_name, open) => {
  it('is a stream to whoever reads it so', async () => {
    expect((await buffer(open())).equals(DATA)).toBe(true);
  });

  it('comes whole past its stream, with breaks', async () => {
    const { bytes, past } = await sent(open());
    expect(bytes.equals(DATA)).toBe(true);
    expect(past).toBeGreaterThan(4_500_000);
  });

  it('comes whole behind a gate and what is kept for another try', async () => {
    const input = new ReplayableInput(open());
    const announce = vi.fn(async () => undefined);
    const { bytes, past } = await sent(new StdinGate(input.stream(), announce));
    expect(bytes.equals(DATA)).toBe(true);
    expect(announce).toHaveBeenCalledOnce();
    // Not before it is more than is kept.
    expect(past).toBeGreaterThan(3_000_000);
    expect(past).toBeLessThan(4_000_000);
    input.end();
  });

  it('is let go by a gate that is stopped while it is led', async () => {
    const source = open();
    const gate = new StdinGate(source, async () => undefined);
    const reading = sent(gate);
    await vi.waitUntil(() => source.readableDidRead, WAIT);
    gate.stop();
    const { bytes } = await reading;
    expect(source.destroyed).toBe(true);
    expect(DATA.subarray(0, bytes.length).equals(bytes)).toBe(true);
  });

  it('reads nothing before somebody wants it', async () => {
    const source = open();
    const gate = new StdinGate(new ReplayableInput(source).stream(), async () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(source.readableDidRead).toBe(false);
    gate.destroy();
    expect(source.readableLength).toBe(0);
  });
});

it('a file is read from where its descriptor stands', async () => {
  const path = join(folder(), 'file');
  writeFileSync(path, 'one two');
  const fd = openSync(path, 'r');
  stops.push(() => closeSync(fd));
  readSync(fd, Buffer.alloc(4));
  expect((await buffer(new FileInput(fd))).toString()).toBe('two');
});

it('what cannot be read is told', async () => {
  const fd = openSync(folder(), 'r');
  stops.push(() => closeSync(fd));
  await expect(buffer(new FileInput(fd))).rejects.toThrow('EISDIR');
});
