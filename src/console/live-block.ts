/**
 * A block of lines on a terminal that is rewritten in place. It switches nothing on that outlives a write (no other screen, no
 * hidden cursor, no raw mode), so that a program that is killed leaves the terminal as it was.
 */

/** In character cells. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** What it needs of a terminal's stream. */
export interface LiveScreen {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

export interface LiveBlock {
  /** Of the terminal now. A block has a row less, in which the cursor stands. */
  readonly size: ScreenSize;
  /** Puts the lines in the place of those before; what does not fit is cut off. They may have colours, and nothing else. */
  draw(lines: readonly string[]): void;
  /** Prints lines that stay, above the block. */
  above(lines: readonly string[]): void;
  /** Takes the block away; more may be drawn. */
  clear(): void;
  /** Ends it with its last lines where they are. */
  close(): void;
}

const USUAL: ScreenSize = { columns: 80, rows: 24 };

/** Terminals that know these show all of it at once; others ignore them. */
const [HOLD, SHOW] = ['\u001b[?2026h', '\u001b[?2026l'];
/** A line that is too long after all is cut at the edge, and not continued in the next row. */
const [NO_WRAP, WRAP] = ['\u001b[?7l', '\u001b[?7h'];
const CLEAR_LINE = '\u001b[2K';
const CLEAR_BELOW = '\u001b[J';
/** Colours: what takes no room. */
const PAINT = /\u001b\[[\d;]*m/g;

/** @param onResize told when the terminal has another size, and the block is to be drawn anew */
export function openLiveBlock(screen: LiveScreen, onResize: () => void): LiveBlock {
  let shown: readonly string[] = [];
  const size = (): ScreenSize => ({
    columns: screen.columns || USUAL.columns,
    rows: screen.rows || USUAL.rows,
  });
  let drawnAt = size();
  const put = (lines: readonly string[], above: readonly string[] = []): void => {
    const now = size();
    const fitting = lines.slice(0, Math.max(0, now.rows - 1));
    // What the terminal has broken anew stands nowhere that is known line by line.
    const isMoved = now.columns !== drawnAt.columns || now.rows !== drawnAt.rows || above.length > 0;
    const text = isMoved
      ? replaced(rowsOf(shown, now.columns), [...above, ...fitting])
      : rewritten(shown, fitting);
    if (text !== '') screen.write(`${HOLD}${NO_WRAP}${text}${WRAP}${SHOW}`);
    shown = fitting;
    drawnAt = now;
  };
  screen.on('resize', onResize);
  return {
    get size() {
      return size();
    },
    draw: (lines) => put(lines),
    above: (lines) => put(shown, lines),
    clear: () => put([]),
    close: () => {
      screen.off('resize', onResize);
      shown = [];
    },
  };
}

/**
 * What turns lines that are shown into others; the cursor stands in the row below them, before and after. Lines that stay are
 * not sent again. Pure.
 */
export function rewritten(shown: readonly string[], lines: readonly string[]): string {
  if (shown.length === lines.length && shown.every((line, i) => line === lines[i])) return '';
  const same = lines.findIndex((line, i) => line !== shown[i]);
  const from = same < 0 ? lines.length : same;
  const changed = lines
    .slice(from)
    .map((line, i) => (line === shown[from + i] ? '\r\n' : `${CLEAR_LINE}${line}\r\n`))
    .join('');
  return `${up(shown.length - from)}${changed}${lines.length < shown.length ? CLEAR_BELOW : ''}`;
}

/** What puts lines in the place of so many rows; those that are out of sight already are left there. Pure. */
function replaced(rows: number, lines: readonly string[]): string {
  return `${up(rows)}${CLEAR_BELOW}${lines.map((line) => `${line}\r\n`).join('')}`;
}

/** How many rows lines take once a terminal has become narrower: nearly all of them break lines anew. Pure. */
export function rowsOf(lines: readonly string[], columns: number): number {
  const length = (line: string): number => [...line.replace(PAINT, '')].length;
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(length(line) / columns)), 0);
}

function up(rows: number): string {
  return rows > 0 ? `\r\u001b[${rows}A` : '\r';
}
