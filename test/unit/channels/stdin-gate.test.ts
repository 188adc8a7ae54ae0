import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { StdinGate } from '../../../src/channels/stdin-gate.ts';

/** Ends a wait for what does not come; the default second is short on a busy machine. */
const WAIT = { timeout: 15_000 } as const;

describe('StdinGate', () => {
  it('passes a little on at once, and says nothing', async () => {
    const source = new PassThrough();
    const announce = vi.fn(async () => undefined);
    const gate = new StdinGate(source, announce);
    source.end('x'.repeat(16_384));
    expect(await text(gate)).toHaveLength(16_384);
    expect(announce).not.toHaveBeenCalled();
  });

  it('takes nothing of its source before it is read', async () => {
    const source = new PassThrough();
    source.end('all of it');
    new StdinGate(source, async () => undefined);
    await turn();
    expect(await text(new StdinGate(source, async () => undefined))).toBe('all of it');
  });

  it('holds more back until it is announced, once', async () => {
    const source = new PassThrough();
    const { promise, resolve } = Promise.withResolvers<void>();
    const announce = vi.fn(() => promise);
    const gate = new StdinGate(source, announce);
    source.write('x'.repeat(10_000));
    source.write('y'.repeat(10_000));
    source.end('z'.repeat(10_000));
    const first: Buffer[] = [];
    gate.on('data', (chunk: Buffer) => first.push(chunk));
    await vi.waitUntil(() => announce.mock.calls.length > 0, WAIT);
    gate.pause();
    gate.removeAllListeners('data');
    expect(Buffer.concat(first).toString()).toBe('x'.repeat(10_000));
    resolve();
    expect(await text(gate)).toBe(`${'y'.repeat(10_000)}${'z'.repeat(10_000)}`);
    expect(announce).toHaveBeenCalledOnce();
  });

  it('ends when it is stopped, and reads no more of its source', async () => {
    const source = new PassThrough();
    const gate = new StdinGate(source, async () => undefined);
    source.write('some');
    const all = text(gate);
    await turn();
    gate.stop();
    expect(await all).toBe('some');
    expect(source.destroyed).toBe(true);
  });

  it('drops what waits when it is stopped', async () => {
    const source = new PassThrough();
    const { promise, resolve } = Promise.withResolvers<void>();
    const gate = new StdinGate(source, () => promise);
    source.write('x'.repeat(20_000));
    const all = text(gate);
    await turn();
    gate.stop();
    resolve();
    expect(await all).toBe('');
  });

  it('lets go of its source when nobody reads any more', () => {
    const source = new PassThrough();
    const gate = new StdinGate(source, async () => undefined);
    gate.resume();
    gate.destroy();
    expect(source.destroyed).toBe(true);
  });

  it("fails with its source's error", async () => {
    const source = new PassThrough();
    const gate = new StdinGate(source, async () => undefined);
    const all = text(gate);
    source.destroy(new Error('the disk is broken'));
    await expect(all).rejects.toThrow('the disk is broken');
  });
});
