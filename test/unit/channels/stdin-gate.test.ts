import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { StdinGate } from '../../../src/channels/stdin-gate.ts';

describe('StdinGate', () => {
  it('passes a little on at once, and says nothing', async () => {
    const source = new PassThrough();
    const announce = vi.fn(async () => undefined);
    const gate = new StdinGate(source, announce);
    source.end('x'.repeat(16_384));
    expect(await text(gate)).toHaveLength(16_384);
    expect(announce).not.toHaveBeenCalled();
  });

  it('holds more back until it is announced, once', async () => {
    const source = new PassThrough();
    const { promise, resolve } = Promise.withResolvers<void>();
    const announce = vi.fn(() => promise);
    const gate = new StdinGate(source, announce);
    source.write('x'.repeat(10_000));
    source.write('y'.repeat(10_000));
    source.end('z'.repeat(10_000));
    await turn();
    expect(String(gate.read())).toBe('x'.repeat(10_000));
    await turn();
    expect(gate.read()).toBeNull();
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

  it('lets go of its source when nobody reads any more', () => {
    const source = new PassThrough();
    new StdinGate(source, async () => undefined).destroy();
    expect(source.destroyed).toBe(true);
  });

  it("fails with its source's error", async () => {
    const source = new PassThrough();
    const gate = new StdinGate(source, async () => undefined);
    source.destroy(new Error('the disk is broken'));
    await expect(text(gate)).rejects.toThrow('the disk is broken');
  });
});
