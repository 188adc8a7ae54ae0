import { describe, expect, it } from 'vitest';
import type { CaptureOutput } from '../../../src/capture/output.ts';
import { CaptureSink } from '../../../src/capture/sink.ts';
import { type Packet, PcapReader } from '../../../src/pcap/reader.ts';
import { fileHeader, payload, record } from '../pcap/build.ts';

const CAPTURE = { interface: 'any', filter: [] };

function header() {
  const reader = new PcapReader();
  reader.push(fileHeader());
  if (reader.header === undefined) throw new Error('no header');
  return reader.header;
}

/** As long as its number times ten, and a second later than the one before. */
function packet(number: number): Packet {
  const reader = new PcapReader();
  reader.push(fileHeader());
  const [only] = reader.push(record({ seconds: number, data: payload(number, number * 10) }));
  if (only === undefined) throw new Error('no packet');
  return only;
}

/** A sink of so many targets; `broken`: after so many writes. */
function sinkOf(targets: number, limits: { maxBytes?: number; maxPackets?: number } = {}, broken?: number) {
  const written: Uint8Array[] = [];
  const heard: string[] = [];
  let closed = 0;
  const output: CaptureOutput = {
    name: 'a.pcap',
    write: async (bytes) => {
      if (written.length === broken) throw new Error('the disk is full');
      written.push(bytes);
    },
    onGone: () => undefined,
    close: async () => {
      closed++;
    },
  };
  const { maxPackets, ...bytes } = limits;
  const capture = { ...CAPTURE, ...(maxPackets === undefined ? {} : { maxPackets }) };
  const names = Array.from({ length: targets }, (_, i) => `pod/${i}`);
  const sources = names.map((name) => ({ name, description: '', filter: [], header: header() }));
  const sink = new CaptureSink({ ...bytes, capture }, output, sources, {
    onFull: () => heard.push('full'),
    onWritten: () => undefined,
  });
  return { sink, heard, written, closes: () => closed };
}

describe('the output of a capture', () => {
  it('has the packets of one target as they came', async () => {
    const { sink, written, closes } = sinkOf(1);
    await sink.begin();
    await sink.push(0, [packet(2), packet(1)], 0);
    await sink.close([]);
    expect(Buffer.concat(written)).toEqual(Buffer.concat([fileHeader(), packet(2).record, packet(1).record]));
    expect([sink.packets, sink.bytes, closes()]).toEqual([[2], 24 + 36 + 26, 1]);
  });

  it('has those of several in the order of their time, once none can come before them', async () => {
    const { sink } = sinkOf(2);
    await sink.begin();
    await sink.push(0, [packet(1), packet(3)], 0);
    expect(sink.packets).toEqual([0, 0]);
    await sink.push(1, [packet(2)], 0);
    expect(sink.packets).toEqual([1, 1]);
    sink.end(1);
    await sink.tick(performance.now());
    expect(sink.packets).toEqual([2, 1]);
  });

  it('tells whose clocks differ, by when the packets came', async () => {
    const { sink } = sinkOf(2);
    await sink.begin();
    for (let second = 1; second <= 20; second++) {
      await sink.push(0, [packet(second)], second * 1000);
      await sink.push(1, [packet(second + 5)], second * 1000);
    }
    expect(sink.skew).toMatchObject({ ahead: 1, behind: 0 });
    expect(sink.skew?.ms).toBeCloseTo(5_000);
  });

  it.each([
    [{ maxPackets: 2 }, [2], ['full']],
    // The third would need 46 more.
    [{ maxBytes: 24 + 26 + 36 + 45 }, [2], ['full']],
    [{ maxBytes: 24 + 26 + 36 + 46 }, [3], []],
  ])('ends at a limit: %j', async (limits, packets, expected) => {
    const { sink, heard } = sinkOf(1, limits);
    await sink.begin();
    await sink.push(0, [packet(1), packet(2), packet(3)], 0);
    await sink.close([]);
    expect([sink.packets, heard, sink.failure]).toEqual([packets, expected, undefined]);
  });

  it('that fails takes nothing more, and keeps its error for the end', async () => {
    const { sink, heard, closes } = sinkOf(1, {}, 1);
    await sink.begin();
    await sink.push(0, [packet(1)], 0);
    await sink.push(0, [packet(2)], 0);
    await sink.close([]);
    expect([sink.packets, heard, closes()]).toEqual([[0], ['full'], 0]);
    expect(sink.failure).toEqual(new Error('the disk is full'));
  });
});
