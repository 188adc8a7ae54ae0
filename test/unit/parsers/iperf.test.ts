import { describe, expect, it } from 'vitest';
import { parseIperf, parseLinkSpeed } from '../../../src/parsers/iperf.ts';
import { recording } from '../../recordings/recordings.ts';

describe('parseIperf', () => {
  it('reads what the receiver got', () => {
    const run = parseIperf(recording('iperf-limited').stdout);
    if (typeof run === 'string') throw new Error(run);
    expect(run.bitsPerSecond).toBeGreaterThan(40e6);
    expect(run.bitsPerSecond).toBeLessThan(60e6);
    expect(run.retransmits).toEqual(expect.any(Number));
    expect(run.rttMs).toBeGreaterThan(0);
    expect(run.cpuPercent).toBeGreaterThanOrEqual(0);
  });

  it("gives iperf3's own words when there is no result", () => {
    expect(parseIperf(recording('iperf-refused').stdout)).toMatch(/unable to connect.*Connection refused$/);
    expect(parseIperf('')).toBe('iperf3 gave no result');
    expect(parseIperf('{}')).toBe('iperf3 gave no result');
  });
});

describe('parseLinkSpeed', () => {
  it('does not believe a virtual interface', () => {
    expect(parseLinkSpeed(recording('link-speed-veth').stdout)).toEqual({
      device: 'eth0',
      bitsPerSecond: undefined,
    });
  });

  it('believes hardware that says something', () => {
    expect(parseLinkSpeed('device eth1\nhardware yes\nspeed 25000\n')?.bitsPerSecond).toBe(25e9);
    expect(parseLinkSpeed('device eth1\nhardware yes\nspeed -1\n')?.bitsPerSecond).toBeUndefined();
    expect(parseLinkSpeed('device eth1\nhardware yes\n')?.bitsPerSecond).toBeUndefined();
    expect(parseLinkSpeed('')).toBeUndefined();
  });
});
