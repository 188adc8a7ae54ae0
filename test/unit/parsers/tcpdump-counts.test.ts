import { describe, expect, it } from 'vitest';
import { parseCaptureCounts } from '../../../src/parsers/tcpdump-counts.ts';

// As tcpdump 4.99.3 prints them.
const START =
  'tcpdump: data link type LINUX_SLL2\ntcpdump: listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes\n';
const END = '8 packets captured\n16 packets received by filter\n0 packets dropped by kernel\n';
const ASKED = 'tcpdump: 1 packet captured, 2 packets received by filter, 3 packets dropped by kernel\n';

describe('parseCaptureCounts', () => {
  it('reads the counts at the end', () => {
    expect(parseCaptureCounts(START + END)).toEqual({
      captured: 8,
      received: 16,
      dropped: 0,
      droppedByInterface: undefined,
    });
  });

  it('reads the counts that were asked for, and the last ones of several', () => {
    expect(parseCaptureCounts(START + ASKED)).toMatchObject({ captured: 1, received: 2, dropped: 3 });
    expect(parseCaptureCounts(START + ASKED + END)).toMatchObject({ captured: 8, dropped: 0 });
  });

  it('reads what the interface dropped', () => {
    expect(parseCaptureCounts(`${END}1 packet dropped by interface\n`)?.droppedByInterface).toBe(1);
  });

  it.each(['', START, '8 packets captured\n', `${'9'.repeat(400)} packets captured`])(
    'finds none in %j',
    (text) => {
      expect(parseCaptureCounts(text)).toBeUndefined();
    },
  );
});
