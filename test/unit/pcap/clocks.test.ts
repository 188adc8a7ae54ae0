import { describe, expect, it } from 'vitest';
import { ClockWatch } from '../../../src/pcap/clocks.ts';
import type { Packet } from '../../../src/pcap/reader.ts';

const START = 1_700_000_000_000;

function packet(ms: number): Packet {
  const data = new Uint8Array();
  return {
    seconds: Math.floor(ms / 1000),
    fraction: Math.round((ms % 1000) * 1000),
    originalLength: 0,
    data,
    record: data,
  };
}

/** What is seen of streams whose packets take `waits` ms here, one after another, by clocks that are `ahead` ms. */
function skewOf(...streams: { readonly ahead: number; readonly waits: readonly number[] }[]) {
  const watch = new ClockWatch(streams.map(() => 'micro'));
  for (const [source, { ahead, waits }] of streams.entries()) {
    for (const [i, wait] of waits.entries()) {
      const sent = START + i * 1000;
      watch.push(source, [packet(sent + ahead - 500), packet(sent + ahead)], sent + wait);
    }
  }
  return watch.skew();
}

const MANY = Array.from({ length: 20 }, (_, i) => 20 + ((i * 317) % 900));

describe('the clocks of several streams', () => {
  it.each([
    [
      'agree',
      [
        { ahead: 0, waits: MANY },
        { ahead: 0, waits: MANY.toReversed() },
      ],
    ],
    [
      'differ by less than can be told',
      [
        { ahead: 0, waits: MANY },
        { ahead: 300, waits: MANY },
      ],
    ],
    [
      'may differ, but few packets came',
      [
        { ahead: 0, waits: [950] },
        { ahead: 1400, waits: [10] },
      ],
    ],
    [
      'cannot be compared where one is silent',
      [
        { ahead: 0, waits: MANY },
        { ahead: 9000, waits: [] },
      ],
    ],
  ])('%s', (_what, streams) => {
    expect(skewOf(...streams)).toBeUndefined();
  });

  it('are told when they differ, the widest two', () => {
    const streams = [700, 3200, 0].map((ahead) => ({ ahead, waits: MANY }));
    expect(skewOf(...streams)).toEqual({ ahead: 1, behind: 2, ms: 3200 });
  });

  it('take what comes in many pieces at once for one batch', () => {
    const watch = new ClockWatch(['nano', 'nano']);
    for (let i = 0; i < 50; i++) {
      watch.push(0, [packet(START)], START + 900 + i);
      watch.push(1, [packet(START + 1000)], START + 1010 + i);
    }
    expect(watch.skew()).toBeUndefined();
  });
});
