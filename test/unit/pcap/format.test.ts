import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/pcap/bytes.ts';
import { pcapFormat, pcapngFormat } from '../../../src/pcap/format.ts';
import { type Packet, type PcapHeader, PcapReader } from '../../../src/pcap/reader.ts';
import { blocksOf, optionsOf } from './blocks.ts';
import { fileHeader, payload, record, type StreamOptions } from './build.ts';

function read(options: StreamOptions, ...lengths: number[]): { header: PcapHeader; packets: Packet[] } {
  const reader = new PcapReader();
  const packets = reader.push(
    concatBytes([
      fileHeader(options),
      ...lengths.map((length, i) =>
        record({ seconds: 4_294_967_295, fraction: 999_999, data: payload(i, length) }, options),
      ),
    ]),
  );
  if (reader.header === undefined) throw new Error('no header');
  return { header: reader.header, packets };
}

describe('pcapFormat', () => {
  it('passes a stream on as it is, in whatever byte order', () => {
    const { header, packets } = read({ littleEndian: false, nano: true }, 10, 11);
    const format = pcapFormat(header);
    const bytes = concatBytes([
      format.begin(),
      ...packets.map((one) => format.packet(0, one)),
      format.end([], 0),
    ]);
    const again = new PcapReader();
    expect(again.push(bytes)).toEqual(packets);
    expect(format.packetBytes(packets[1] as Packet)).toBe(27);
  });
});

describe('pcapngFormat', () => {
  const first = read({ linkType: 276, snapLength: 96 }, 5, 6);
  const second = read({ littleEndian: false, nano: true, linkType: 1 }, 8);
  const format = pcapngFormat(
    [
      { name: 'pod/web', description: 'pod/web in shop', filter: 'tcp port 80', header: first.header },
      { name: 'node/ä', description: '', filter: '', header: second.header },
    ],
    'test 1',
  );

  it('begins with a section and an interface for each source', () => {
    const [section, one, two, ...more] = blocksOf(format.begin());
    expect(more).toEqual([]);
    expect(section?.type).toBe(0x0a0d0d0a);
    expect(section?.body.getUint32(0, true)).toBe(0x1a2b3c4d);
    expect(section?.body.getUint16(4, true)).toBe(1);
    expect(section?.body.getBigInt64(8, true)).toBe(-1n);
    expect(optionsOf(section?.body as DataView, 16)).toEqual({ 4: 'test 1' });
    expect([one?.type, one?.body.getUint16(0, true), one?.body.getUint32(4, true)]).toEqual([1, 276, 96]);
    expect(optionsOf(one?.body as DataView, 8)).toEqual({
      2: 'pod/web',
      3: 'pod/web in shop',
      9: '06',
      11: '0074637020706f7274203830',
    });
    expect([two?.type, two?.body.getUint16(0, true), two?.body.getUint32(4, true)]).toEqual([1, 1, 262_144]);
    expect(optionsOf(two?.body as DataView, 8)).toEqual({
      2: Buffer.from('node/ä').toString('hex'),
      3: '',
      9: '09',
    });
  });

  it.each([
    ['microseconds', 0, first.packets[0] as Packet, 4_294_967_295_999_999n],
    ['nanoseconds', 1, second.packets[0] as Packet, 4_294_967_295_000_999_999n],
  ])('writes a packet with its time in %s', (_name, source, packet, time) => {
    const bytes = format.packet(source, packet);
    expect(bytes.length).toBe(format.packetBytes(packet));
    const [block] = blocksOf(bytes);
    const body = block?.body as DataView;
    expect(block?.type).toBe(6);
    expect(body.getUint32(0, true)).toBe(source);
    expect((BigInt(body.getUint32(4, true)) << 32n) | BigInt(body.getUint32(8, true))).toBe(time);
    expect([body.getUint32(12, true), body.getUint32(16, true)]).toEqual([
      packet.data.length,
      packet.originalLength,
    ]);
    expect([...new Uint8Array(body.buffer, body.byteOffset + 20, packet.data.length)]).toEqual([
      ...packet.data,
    ]);
  });

  it('ends with what each source counted', () => {
    const at = 1_800_000_000_123;
    const end = format.end([{ delivered: 3, acceptedByFilter: 5, droppedBySystem: 2 }, {}], at);
    expect(end.length).toBeLessThanOrEqual(format.endBytes);
    const [one, two] = blocksOf(end);
    expect([one?.type, one?.body.getUint32(0, true), two?.body.getUint32(0, true)]).toEqual([5, 0, 1]);
    const time = (body: DataView) =>
      (BigInt(body.getUint32(4, true)) << 32n) | BigInt(body.getUint32(8, true));
    expect(time(one?.body as DataView)).toBe(BigInt(at) * 1_000n);
    expect(time(two?.body as DataView)).toBe(BigInt(at) * 1_000_000n);
    expect(optionsOf(one?.body as DataView, 12)).toEqual({
      6: '0500000000000000',
      7: '0200000000000000',
      8: '0300000000000000',
    });
    expect(optionsOf(two?.body as DataView, 12)).toEqual({});
  });

  it('keeps to the format with a text that is longer than an option may be', () => {
    const long = pcapngFormat(
      [{ name: 'x', description: 'y'.repeat(70_000), filter: '', header: first.header }],
      'test',
    );
    expect(optionsOf(blocksOf(long.begin())[1]?.body as DataView, 8)[3]).toHaveLength(65_535);
  });
});
