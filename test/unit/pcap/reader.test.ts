import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/pcap/bytes.ts';
import { type Packet, PcapFormatError, PcapReader } from '../../../src/pcap/reader.ts';
import { fileHeader, payload, record, type StreamOptions } from './build.ts';

const lengths = [60, 0, 1, 1500, 7];
const stream = (options: StreamOptions): Uint8Array =>
  concatBytes([
    fileHeader(options),
    ...lengths.map((length, i) =>
      record(
        { seconds: 1_800_000_000 + i, fraction: i, originalLength: length + 5, data: payload(i, length) },
        options,
      ),
    ),
  ]);

function read(pieces: readonly Uint8Array[]): { reader: PcapReader; packets: Packet[] } {
  const reader = new PcapReader();
  return { reader, packets: pieces.flatMap((piece) => reader.push(piece)) };
}

/** The stream in pieces of `size` bytes. */
function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

describe.each([
  { littleEndian: true, nano: false },
  { littleEndian: true, nano: true },
  { littleEndian: false, nano: false },
  { littleEndian: false, nano: true },
])('a stream with %j', (options) => {
  const bytes = stream({ ...options, linkType: 276, snapLength: 96 });

  it.each([1, 2, 3, 15, 16, 17, 24, 25, 100, 1599, 100_000])('is read in pieces of %i bytes', (size) => {
    const { reader, packets } = read(cut(bytes, size));
    expect(reader.header).toMatchObject({
      littleEndian: options.littleEndian,
      resolution: options.nano ? 'nano' : 'micro',
      linkType: 276,
      snapLength: 96,
    });
    expect(
      packets.map(({ seconds, fraction, originalLength, data }) => ({
        seconds,
        fraction,
        originalLength,
        data: [...data],
      })),
    ).toEqual(
      lengths.map((length, i) => ({
        seconds: 1_800_000_000 + i,
        fraction: i,
        originalLength: length + 5,
        data: [...payload(i, length)],
      })),
    );
    expect(reader.pendingBytes).toBe(0);
    // Passed on, it is the same stream.
    const whole = concatBytes([
      reader.header?.bytes ?? new Uint8Array(),
      ...packets.map((one) => one.record),
    ]);
    expect(Buffer.from(whole).equals(Buffer.from(bytes))).toBe(true);
  });
});

describe('PcapReader', () => {
  it('gives no packet that is cut off', () => {
    const bytes = stream({});
    const all = read([bytes]).packets.length;
    for (let length = 24; length < bytes.length; length++) {
      const { reader, packets } = read([bytes.subarray(0, length)]);
      const used = 24 + packets.reduce((sum, one) => sum + one.record.length, 0);
      expect(packets.length).toBeLessThan(all);
      expect(used + reader.pendingBytes).toBe(length);
    }
  });

  it('takes a file with a frame check sequence for what it is', () => {
    expect(read([fileHeader({ linkType: 0x1400_0001 })]).reader.header?.linkType).toBe(1);
  });

  it('holds no more than the packet that is on its way', () => {
    const reader = new PcapReader();
    reader.push(fileHeader());
    let most = 0;
    for (let i = 0; i < 50; i++) {
      for (const piece of cut(record({ data: payload(i, 100_000) }), 4_096)) {
        reader.push(piece);
        most = Math.max(most, reader.pendingBytes);
      }
    }
    expect(most).toBeLessThanOrEqual(100_016);
  });

  it.each([
    ['text', Buffer.from('sh: tcpdump: not found, and more\n')],
    ['a gzip file', Buffer.from(`1f8b0800${'00'.repeat(40)}`, 'hex')],
    ['a packet that is too long', concatBytes([fileHeader(), record({ data: new Uint8Array(262_145) })])],
    ['zeros', new Uint8Array(24)],
  ])('refuses %s', (_name, bytes) => {
    expect(() => read([bytes])).toThrow(PcapFormatError);
    expect(() => read(cut(bytes, 1))).toThrow(PcapFormatError);
  });

  it('takes the longest packet that tcpdump writes', () => {
    expect(read([fileHeader(), record({ data: new Uint8Array(262_144) })]).packets).toHaveLength(1);
  });
});
