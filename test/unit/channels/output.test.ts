import { describe, expect, it } from 'vitest';
import { discard, TextOutput } from '../../../src/channels/output.ts';

describe('TextOutput', () => {
  it('puts characters together that come in pieces', () => {
    const output = new TextOutput(100);
    for (const byte of Buffer.from('käse ✓')) output.write(Buffer.from([byte]));
    expect(output.text).toBe('käse ✓');
    expect(output.isFull).toBe(false);
  });

  it('keeps a beginning, and says that there was more', () => {
    const told: number[] = [];
    const output = new TextOutput(4, (text) => told.push(text.length));
    for (const part of ['abc', 'def', 'ghi']) output.write(Buffer.from(part));
    expect(output.text).toBe('abcdef');
    expect(output.isFull).toBe(true);
    expect(told).toEqual([3, 6, 6]);
  });
});

describe('discard', () => {
  it('never asks to wait for long', async () => {
    const output = discard();
    for (let i = 0; i < 100; i++) output.write(Buffer.alloc(65_536));
    await new Promise((resolve) => output.end(resolve));
    expect(output.writableLength).toBe(0);
  });
});
