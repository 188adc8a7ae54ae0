import { describe, expect, it } from 'vitest';
import { captureLine, captureSummary } from '../../../src/report/capture-summary.ts';

describe('captureLine', () => {
  it.each([
    [
      { packets: 0, bytes: 24, dropped: undefined, milliseconds: 900 },
      '0 packets, 24 B, drops not counted yet in 0 s',
    ],
    [{ packets: 1, bytes: 999, dropped: 0, milliseconds: 1_000 }, '1 packet, 999 B, 0 dropped in 1 s'],
    [
      { packets: 1_234_567, bytes: 999_600, dropped: 12_345, milliseconds: 61_999 },
      '1,234,567 packets, 1.00 MB, 12,345 dropped in 61 s',
    ],
    [
      { packets: 10, bytes: 5_432_100_000, dropped: 0, milliseconds: 0 },
      '10 packets, 5.43 GB, 0 dropped in 0 s',
    ],
  ])('%j', (progress, line) => {
    expect(captureLine(progress)).toBe(line);
  });
});

describe('captureSummary', () => {
  const progress = { packets: 30, bytes: 4_000, dropped: 0, milliseconds: 12_340 };

  it('is one line for one target', () => {
    const targets = [{ name: 'pod/web', packets: 30, counts: { captured: 30, dropped: 0 } }];
    expect(captureSummary(progress, targets, 'web.pcap')).toBe(
      'captured 30 packets (4.00 kB) in 12.3 s to web.pcap; 0 dropped by the kernel.\n',
    );
  });

  it('says what is not known', () => {
    const targets = [{ name: 'pod/web', packets: 30, counts: undefined }];
    expect(captureSummary({ ...progress, dropped: undefined }, targets, 'stdout')).toBe(
      'captured 30 packets (4.00 kB) in 12.3 s to stdout; the number of drops is not known.\n',
    );
  });

  it('has a line for each of several targets and a warning for each that lost packets', () => {
    const targets = [
      { name: 'pod/a', packets: 10, counts: { captured: 10, dropped: 0 } },
      { name: 'pod/b', packets: 20, counts: { captured: 20, dropped: 1_000 } },
    ];
    const lines = captureSummary({ ...progress, dropped: 1_000 }, targets, 'x.pcapng').split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'captured 30 packets (4.00 kB) in 12.3 s to x.pcapng; 1,000 dropped by the kernel.',
      '  pod/a: 10 packets, 0 dropped by the kernel',
      '  pod/b: 20 packets, 1,000 dropped by the kernel',
    ]);
    expect(lines[3]).toMatch(/^warning: 1,000 of 1,020 packets at pod\/b were dropped: /);
    expect(lines).toHaveLength(5);
  });

  it('warns of clocks that differ', () => {
    const targets = ['node/a', 'node/b'].map((name) => ({ name, packets: 15, counts: undefined }));
    const text = captureSummary(progress, targets, 'x.pcapng', { ahead: 1, behind: 0, ms: 3_210 });
    expect(text).toContain('\nwarning: the clock at node/b is about 3.2 s ahead of that at node/a: ');
  });

  it('escapes what may come from a hostile place', () => {
    const targets = [{ name: 'pod/\u001b[31m', packets: 1, counts: { captured: 1, dropped: 1 } }];
    expect(captureSummary(progress, targets, 'a\u001b]0;x\u0007')).not.toContain('\u001b');
  });
});
