import { describe, expect, it } from 'vitest';
import { PacketMerger } from '../../../src/pcap/merge.ts';
import type { Packet } from '../../../src/pcap/reader.ts';

const packet = (seconds: number, fraction = 0, length = 10): Packet => {
  const record = new Uint8Array(16 + length);
  return { seconds, fraction, originalLength: length, data: record.subarray(16), record };
};
/** `source:seconds` of what was given out. */
const show = (merger: PacketMerger, now: number): string[] =>
  merger.take(now).map(({ source, packet: { seconds, fraction } }) => `${source}:${seconds}.${fraction}`);

describe('PacketMerger', () => {
  it('gives packets in the order of their times as soon as it is known', () => {
    const merger = new PacketMerger(['micro', 'micro']);
    merger.push(0, [packet(1), packet(4)], 0);
    expect(show(merger, 0)).toEqual([]);
    merger.push(1, [packet(2), packet(3)], 10);
    expect(show(merger, 10)).toEqual(['0:1.0', '1:2.0', '1:3.0']);
    merger.push(1, [packet(5)], 20);
    expect(show(merger, 20)).toEqual(['0:4.0']);
  });

  it('compares times of different resolution', () => {
    const merger = new PacketMerger(['nano', 'micro']);
    merger.push(0, [packet(1, 2_001), packet(1, 1_999), packet(9)], 0);
    merger.push(1, [packet(1, 2), packet(9)], 0);
    // A stream's own order stays, whatever its clock did.
    expect(show(merger, 0)).toEqual(['1:1.2', '0:1.2001', '0:1.1999', '0:9.0']);
  });

  it('waits two seconds for a silent stream', () => {
    const merger = new PacketMerger(['micro', 'micro']);
    merger.push(0, [packet(1)], 100);
    merger.push(0, [packet(2)], 200);
    expect(show(merger, 2_099)).toEqual([]);
    expect(show(merger, 2_100)).toEqual(['0:1.0']);
    expect(show(merger, 2_200)).toEqual(['0:2.0']);
  });

  it('does not wait for a stream that has ended', () => {
    const merger = new PacketMerger(['micro', 'micro', 'micro']);
    merger.push(0, [packet(3)], 0);
    merger.push(1, [packet(2)], 0);
    merger.end(1);
    expect(show(merger, 0)).toEqual([]);
    merger.end(2);
    expect(show(merger, 0)).toEqual(['1:2.0', '0:3.0']);
  });

  it('holds no more than 16 MiB, however long it might wait', () => {
    const merger = new PacketMerger(['micro', 'micro']);
    let given = 0;
    for (let i = 0; i < 400; i++) {
      merger.push(0, [packet(i, 0, 100_000)], 0);
      given += merger.take(0).length;
      expect(merger.heldBytes).toBeLessThanOrEqual(16 * 1024 * 1024);
    }
    expect(given).toBeGreaterThan(200);
    expect(given + merger.take(Number.POSITIVE_INFINITY).length).toBe(400);
    expect(merger.heldBytes).toBe(0);
  });

  it('gives a long queue out whole and in order', () => {
    const merger = new PacketMerger(['micro', 'micro']);
    const numbers = Array.from({ length: 5_000 }, (_, i) => i);
    merger.push(
      0,
      numbers.map((i) => packet(2 * i)),
      0,
    );
    const out: string[] = [];
    for (const i of numbers) {
      merger.push(1, [packet(2 * i + 1)], 0);
      out.push(...show(merger, 0));
    }
    merger.end(1);
    out.push(...show(merger, 0));
    expect(out).toHaveLength(9_999);
    expect(out.map((one) => Number(one.split(/[:.]/)[1]))).toEqual(
      Array.from({ length: 9_999 }, (_, i) => i),
    );
  });
});
