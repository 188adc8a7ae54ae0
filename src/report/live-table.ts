/** A watch while it goes on, as lines of a screen. Pure. */
import type { LiveView } from '../model/live.ts';
import { palette, visible } from './text.ts';

/** Of a screen, in characters. */
interface Room {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

const GAP = 2;
/** A column is not cut below this: nobody would know what it says. */
const LEAST = 6;

/** The lines, none longer than the screen is wide, and no more than fit on it. */
export function liveLines({ seconds, ofSeconds, summary, table }: LiveView, room: Room): string[] {
  const paint = palette(room.colour);
  const time = `${Math.floor(seconds)} of ${Math.ceil(ofSeconds)} s`;
  const lead = cut(visible(`${time}: ${summary} (Ctrl-C: the report)`), room.columns);
  // The head of the table and the line of what is left out.
  const most = Math.max(0, room.rows - 3);
  const rows = table.rows.length > most + 1 ? table.rows.slice(0, most) : table.rows;
  const left = table.rows.length - rows.length;
  if (table.rows.length === 0) return [lead].slice(0, room.rows);
  const [head = '', ...lines] = aligned(
    [table.columns.map((column) => column.head), ...rows],
    table.columns.map(({ align }) => align === 'right'),
    room.columns,
  );
  const more = left === 0 ? [] : [cut(`and ${left} more`, room.columns)];
  return [lead, paint.bold(head), ...lines, ...more.map(paint.dim)].slice(0, room.rows);
}

function aligned(rows: readonly (readonly string[])[], toRight: readonly boolean[], width: number): string[] {
  const cells = rows.map((row) => row.map((cell) => visible(cell).replace(/\s/g, ' ')));
  const widths = fitting(
    toRight.map((_, i) => Math.max(...cells.map((row) => lengthOf(row[i] ?? '')))),
    toRight,
    width - GAP * (toRight.length - 1),
  );
  return cells.map((row) => {
    const line = row.map((cell, i) => {
      const [room, isRight] = [widths[i] ?? 0, toRight[i] === true];
      const text = cut(cell, room);
      const pad = ' '.repeat(Math.max(0, room - lengthOf(text)));
      return isRight ? pad + text : text + pad;
    });
    return cut(line.join(' '.repeat(GAP)).trimEnd(), width);
  });
}

/** The widest of those that may be cut gives way first, so that what is short is told whole. */
function fitting(widths: readonly number[], isFixed: readonly boolean[], room: number): number[] {
  const all = [...widths];
  for (let over = all.reduce((sum, one) => sum + one, 0) - room; over > 0; over--) {
    const widest = all.reduce(
      (found, one, i) => (isFixed[i] !== true && one > LEAST && one > (all[found] ?? LEAST) ? i : found),
      -1,
    );
    if (widest < 0) break;
    all[widest] = (all[widest] ?? 0) - 1;
  }
  return all;
}

/** Both ends say more than the middle: of a pod's name, and of a flow. */
function cut(text: string, room: number): string {
  const characters = [...text];
  if (characters.length <= room) return text;
  const end = Math.floor((room - 1) / 2);
  const start = Math.max(0, room - 1 - end);
  return `${characters.slice(0, start).join('')}…${end > 0 ? characters.slice(-end).join('') : ''}`;
}

function lengthOf(text: string): number {
  return [...text].length;
}
