/** The lines of the live view: one for each destination. Pure. */
import { visible } from '../model/visible.ts';
import type { Palette } from './text.ts';
import { lossText, rttText } from './watch-words.ts';

/** One destination as it is now. */
export interface LiveRow {
  readonly destination: string;
  /** The latest probes, the last one last: round trips in ms; `null`: missed. */
  readonly latest: readonly (number | null)[];
  readonly sent: number;
  readonly missed: number;
  /** In ms; absent: nothing was answered. */
  readonly worst?: number;
}

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const PLAIN = ['_', '.', '-', '=', '+', '*', '#', '@'];
/** Of the width, for the names. */
const NAME_SHARE = 0.35;
/** The full block stands for at least so many times the fastest: else the noise of a quiet network fills the line. */
const LEAST_RANGE = 8;
/** ` 0.31 ms  worst 12.3 ms  lost 0.08 %` */
const NUMBERS_WIDTH = 38;

export interface LiveOptions {
  readonly width: number;
  readonly utf8: boolean;
  readonly paint: Palette;
}

/** One line each, not longer than the width as it is shown. */
export function liveLines(rows: readonly LiveRow[], { width, utf8, paint }: LiveOptions): string[] {
  const names = rows.map(({ destination }) => visible(destination).replace(/\s/g, ' '));
  const longest = Math.max(0, ...names.map((name) => name.length));
  const numbers = width >= 60 ? NUMBERS_WIDTH : width >= 40 ? 12 : 0;
  const nameWidth = Math.max(4, Math.min(longest, Math.floor(width * NAME_SHARE), width - numbers - 6));
  const room = Math.max(0, width - nameWidth - numbers - 2);
  return rows.map((row, at) => {
    const name = fitted(names[at] ?? '', nameWidth, utf8);
    const shown = room === 0 ? [] : row.latest.slice(-room);
    const bar = barOf(shown, utf8 ? BLOCKS : PLAIN, paint);
    const line = `${name} ${' '.repeat(room - shown.length)}${bar}`;
    return numbers === 0 ? line : `${line} ${numbersOf(row, numbers, paint)}`;
  });
}

function barOf(latest: readonly (number | null)[], levels: readonly string[], paint: Palette): string {
  const times = latest.filter((one) => one !== null);
  const low = Math.max(0.001, Math.min(...times));
  const high = Math.max(low * LEAST_RANGE, ...times);
  return latest
    .map((one) => {
      if (one === null) return paint.red('x');
      const level = (Math.log(Math.max(one, low) / low) / Math.log(high / low)) * (levels.length - 1);
      return levels[Math.min(levels.length - 1, Math.round(level))] ?? '';
    })
    .join('');
}

function numbersOf({ latest, worst, ...counts }: LiveRow, width: number, paint: Palette): string {
  const last = latest.at(-1);
  const now = last === undefined ? '-' : last === null ? 'no answer' : rttText(last);
  const painted = last === null ? paint.red(now.padStart(9)) : now.padStart(9);
  if (width < NUMBERS_WIDTH) return painted;
  const worstText = worst === undefined ? '-' : rttText(worst);
  const loss = lossText(counts);
  const lost = `lost ${loss}`.padEnd(12);
  return `${painted} ${`worst ${worstText}`.padEnd(14)} ${counts.missed > 0 ? paint.red(lost) : lost}`.trimEnd();
}

function fitted(text: string, width: number, utf8: boolean): string {
  if (text.length <= width) return text.padEnd(width);
  return `${text.slice(0, Math.max(0, width - 1))}${utf8 ? '…' : '~'}`;
}
