import { describe, expect, it } from 'vitest';
import {
  parseConntrackFill,
  parseConntrackList,
  parseConntrackProc,
} from '../../../src/parsers/conntrack.ts';
import { parseConntrackStats } from '../../../src/parsers/conntrack-stats.ts';
import { recording } from '../../recordings/recordings.ts';

describe('parseConntrackProc', () => {
  it('sums the hexadecimal columns of all CPUs by name', () => {
    const text = 'entries insert_failed drop\n0000000a 00000001 00000000\n0000000a 0000000f 00000002\n';
    expect(parseConntrackProc(text)).toEqual({ entries: 20, insert_failed: 16, drop: 2 });
  });

  it('reads the same names as the tool', () => {
    const proc = parseConntrackProc(recording('conntrack-proc-clash').stdout);
    const tool = parseConntrackStats(recording('conntrack-stats-clash').stdout);
    for (const name of ['insert_failed', 'drop', 'early_drop', 'invalid']) {
      expect(proc?.[name], name).toEqual(expect.any(Number));
      expect(tool?.[name], name).toEqual(expect.any(Number));
    }
    expect(proc?.['insert_failed']).toBeGreaterThan(0);
    expect(tool?.['insert_failed']).toBeGreaterThan(0);
  });

  it('is undefined for anything else', () => {
    expect(parseConntrackProc('')).toBeUndefined();
    expect(parseConntrackProc('cat: no such file\n')).toBeUndefined();
  });
});

describe('parseConntrackFill', () => {
  it('reads the two numbers', () => {
    expect(parseConntrackFill(recording('conntrack-fill').stdout)).toEqual({
      count: expect.any(Number),
      max: 262144,
    });
  });

  it('is undefined when one is missing', () => {
    expect(parseConntrackFill('5\n')).toBeUndefined();
    expect(parseConntrackFill('')).toBeUndefined();
  });
});

describe('parseConntrackList', () => {
  it('reads both directions of a connection that was sent on', () => {
    expect(parseConntrackList(recording('conntrack-list-dnat').stdout)).toEqual([
      {
        protocol: 'udp',
        timeout: expect.any(Number),
        original: expect.objectContaining({ destination: '198.19.255.200', destinationPort: '514' }),
        reply: expect.objectContaining({ source: '198.18.2.250', sourcePort: '514' }),
        isUnreplied: true,
        line: expect.stringContaining('[UNREPLIED]'),
      },
    ]);
  });

  it('leaves out what has no ports', () => {
    const line =
      'icmp 1 29 src=192.0.2.1 dst=192.0.2.2 type=8 code=0 id=1 src=192.0.2.2 dst=192.0.2.1 type=0 code=0 id=1 mark=0 use=1';
    expect(parseConntrackList(`${line}\n`)).toEqual([]);
  });
});
