import { describe, expect, it } from 'vitest';
import { ReadMemory } from '../../../src/exec/read-memory.ts';

const RECORD = 16 * 1024;

/** Reads as a connection does: into what it is given. */
function read(memory: ReadMemory, byte: number, size = RECORD): Buffer {
  const bytes = memory.next().subarray(0, size).fill(byte);
  memory.filled(bytes);
  return bytes;
}

describe('memory that is used again', () => {
  it('always has room for a record', () => {
    const memory = new ReadMemory();
    for (let i = 0; i < 1000; i++) {
      expect(memory.next().length).toBeGreaterThanOrEqual(RECORD);
      read(memory, i, 1 + ((i * 977) % RECORD));
    }
  });

  it('stays as it is while somebody keeps it, and not longer', () => {
    const memory = new ReadMemory();
    const kept = Array.from({ length: 100 }, (_, i) => ({
      bytes: read(memory, i),
      byte: i,
      release: memory.keep(),
    }));
    for (const { bytes, byte } of kept) expect(bytes.every((one) => one === byte)).toBe(true);
    for (const { release } of kept) release();
    const before = new Set(kept.map(({ bytes }) => bytes.buffer));
    const after = new Set(Array.from({ length: 100 }, () => read(memory, 0).buffer));
    expect([...after].every((one) => before.has(one))).toBe(true);
  });

  it('is one piece for somebody who is done with each record before the next comes', () => {
    const memory = new ReadMemory();
    const pieces = new Set<unknown>();
    for (let i = 0; i < 1000; i++) {
      pieces.add(read(memory, 1).buffer);
      memory.keep()();
    }
    expect(pieces.size).toBe(1);
  });

  it('does not count what came in the memory of others', () => {
    const memory = new ReadMemory();
    const { byteOffset } = memory.next();
    memory.filled(Buffer.alloc(100));
    expect(memory.next().byteOffset).toBe(byteOffset);
  });
});
