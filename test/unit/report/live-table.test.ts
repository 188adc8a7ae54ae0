import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveView } from '../../../src/model/live.ts';
import { liveLines } from '../../../src/report/live-table.ts';

const columns = ['PACKETS', 'RATE', 'REASON', 'PLACE', 'FLOW'].map((head, i) => ({
  head,
  align: i < 2 ? ('right' as const) : ('left' as const),
}));

const viewOf = (...rows: readonly (readonly string[])[]): LiveView => ({
  seconds: 3.9,
  ofSeconds: 30,
  summary: '12 packets that may matter, 3 harmless',
  table: { columns, rows },
});

const SCREEN = { columns: 80, rows: 24, colour: false };
const ROW = ['12', '4/s', 'NETFILTER_DROP', 'pod shop/web-0', 'TCP shop/web-0 → svc shop/db:5432'];

describe('a watch on a screen', () => {
  it('is a line of what there is, and a table', () => {
    expect(liveLines(viewOf(ROW), { ...SCREEN, columns: 100 })).toEqual([
      '3 of 30 s: 12 packets that may matter, 3 harmless (Ctrl-C: the report)',
      'PACKETS  RATE  REASON          PLACE           FLOW',
      '     12   4/s  NETFILTER_DROP  pod shop/web-0  TCP shop/web-0 → svc shop/db:5432',
    ]);
  });

  it('is the line alone where nothing was seen', () => {
    expect(liveLines(viewOf(), SCREEN)).toHaveLength(1);
  });

  it('gives way where it is widest, in the middle, and never in a number', () => {
    const place = 'pod shop-of-somebody/web-with-a-long-name-7d9c5f4d8b-x2x4z';
    const lines = liveLines(viewOf(['1234567', ...ROW.slice(1, 3), place, ROW[4] ?? '']), SCREEN);
    expect(lines[2]).toBe('1234567   4/s  NETFILTER_DROP  pod shop-of…f4d8b-x2x4z  TCP shop/web…hop/db:5432');
  });

  it('says how many rows it leaves out', () => {
    const lines = liveLines(viewOf(...Array.from({ length: 40 }, () => ROW)), { ...SCREEN, rows: 10 });
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toBe('and 33 more');
  });

  it('shows what fits exactly, without a word of more', () => {
    const lines = liveLines(viewOf(...Array.from({ length: 8 }, () => ROW)), { ...SCREEN, rows: 10 });
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toContain('NETFILTER_DROP');
  });

  it('fits on any screen, whatever it is to show, and lets none of it drive the terminal', () => {
    const text = fc.oneof(fc.string({ maxLength: 60 }), fc.constant('\u001b[2J\u001b]0;x\u0007\r\n\u202e'));
    const row = fc.tuple(fc.constant('123456'), fc.constant('12k/s'), text, text, text);
    const size = fc.record({
      columns: fc.integer({ min: 1, max: 200 }),
      rows: fc.integer({ min: 1, max: 60 }),
      colour: fc.constant(false),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 50 }), size, (rows, screen) => {
        const lines = liveLines(viewOf(...rows), screen);
        expect(lines.length).toBeLessThanOrEqual(screen.rows);
        for (const line of lines) {
          expect([...line].length).toBeLessThanOrEqual(screen.columns);
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        }
      }),
    );
  });
});
