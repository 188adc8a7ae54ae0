/** What is shown of a watch while it lasts, on stderr: a live view on a terminal, a line for each event elsewhere. */

import { stripVTControlCharacters } from 'node:util';
import { visible } from '../model/visible.ts';
import type { FarEvent, WatchEvent, WatchGoal } from '../model/watch.ts';
import { palette } from '../report/text.ts';
import { type LiveRow, liveLines } from '../report/watch-live.ts';
import { eventText } from '../report/watch-words.ts';
import type { Timeline } from '../timeline/timeline.ts';
import type { WatchViewer } from './run.ts';

/** More columns has no terminal that is looked at. */
const MOST_LATEST = 400;
/** Whoever reads a log wants to know that it lives, no oftener. */
const HEARTBEAT_MS = 60_000;
/** The live view is drawn no oftener. */
const DRAW_MS = 1000;

/** A viewer that has to be closed before anything else is printed. */
export interface ClosableViewer extends WatchViewer {
  close(): void;
}

/** For the stderr of this process. */
export function viewerFor(goals: readonly WatchGoal[], startedAt: string): ClosableViewer {
  return process.stderr.isTTY ? new LiveView(goals, startedAt) : new LineView(startedAt);
}

/** Events that were not shown yet, the earliest first. */
class News {
  #taken = 0;

  take(timeline: Timeline): readonly WatchEvent[] {
    const fresh = timeline.eventsAfter(this.#taken);
    this.#taken += fresh.length;
    return fresh.filter(({ type }) => type !== 'end');
  }
}

function oneLine(event: WatchEvent, startedAt: string): string {
  const outage = event.outage === undefined ? '' : ` (outage ${event.outage})`;
  return visible(`${eventText(event, { startedAt })}${outage}`).replace(/[\n\t]/g, ' ');
}

class LineView implements ClosableViewer {
  readonly #news = new News();
  readonly #startedAt: string;
  readonly #timer: NodeJS.Timeout;
  #lastLine = performance.now();
  #sent = 0;
  #missed = 0;

  constructor(startedAt: string) {
    this.#startedAt = startedAt;
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_MS / 4);
  }

  changed(timeline: Timeline, event?: FarEvent): void {
    if (event?.kind === 'tally') {
      this.#sent += event.sent;
      this.#missed += event.missed;
      return;
    }
    for (const one of this.#news.take(timeline)) this.#write(oneLine(one, this.#startedAt));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    if (performance.now() - this.#lastLine < HEARTBEAT_MS) return;
    const at = new Date().toISOString().slice(11, 19);
    this.#write(`${at} ${this.#sent} probes so far, ${this.#missed} missed`);
  }

  #write(line: string): void {
    this.#lastLine = performance.now();
    process.stderr.write(`${line}\n`);
  }
}

class LiveView implements ClosableViewer {
  readonly #news = new News();
  readonly #startedAt: string;
  readonly #rows: (Pick<LiveRow, 'destination'> & {
    latest: (number | null)[];
    sent: number;
    missed: number;
    worst?: number;
  })[];
  readonly #timer: NodeJS.Timeout;
  readonly #onResize = (): void => this.#draw(true);
  readonly #utf8 = /utf-?8/i.test(
    process.env['LC_ALL'] || process.env['LC_CTYPE'] || process.env['LANG'] || '',
  );
  #drawn: readonly string[] = [];
  #isChanged = true;
  #isClosed = false;

  constructor(goals: readonly WatchGoal[], startedAt: string) {
    this.#startedAt = startedAt;
    this.#rows = goals.map(({ destination }) => ({ destination, latest: [], sent: 0, missed: 0 }));
    this.#timer = setInterval(() => this.#draw(false), DRAW_MS);
    process.stderr.on('resize', this.#onResize);
    this.#draw(true);
  }

  changed(timeline: Timeline, event?: FarEvent): void {
    // What ends beside a watch that is over would be drawn under its report.
    if (this.#isClosed) return;
    if (event?.kind === 'tally') {
      const row = this.#rows[event.goal];
      if (row === undefined) return;
      row.sent += event.sent;
      row.missed += event.missed;
      row.latest.push(
        ...event.rtts,
        ...Array.from({ length: Math.min(event.missed, MOST_LATEST) }, () => null),
      );
      row.latest.splice(0, Math.max(0, row.latest.length - MOST_LATEST));
      const worst = Math.max(row.worst ?? 0, ...event.rtts);
      if (event.rtts.length > 0) row.worst = worst;
      this.#isChanged = true;
      return;
    }
    const fresh = this.#news.take(timeline);
    if (fresh.length === 0) return;
    this.#wipe();
    for (const one of fresh) process.stderr.write(`${oneLine(one, this.#startedAt)}\n`);
    this.#draw(true);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    process.stderr.off('resize', this.#onResize);
    this.#wipe();
  }

  /** Takes the view away: line by line, since some terminals keep a screen that is cleared as a whole in their history. */
  #wipe(): void {
    const rows = this.#drawn.reduce((sum, line) => sum + rowsOf(line, process.stderr.columns || 80), 0);
    if (rows > 0) process.stderr.write(`\r\u001b[2K${'\u001b[1A\u001b[2K'.repeat(rows)}`);
    this.#drawn = [];
  }

  #draw(isAnew: boolean): void {
    if (!isAnew && !this.#isChanged) return;
    this.#isChanged = false;
    const { stderr, env } = process;
    // The last column stays free: some terminals go to the next line with it.
    const width = Math.max(20, (stderr.columns || 80) - 1);
    const most = Math.max(1, (stderr.rows || 24) - 2);
    const paint = palette(!env['NO_COLOR']);
    const all = liveLines(this.#rows, { width, utf8: this.#utf8, paint });
    const lines =
      all.length <= most
        ? all
        : [...all.slice(0, most - 1), `and ${all.length - most + 1} more destinations`];
    if (isAnew) this.#wipe();
    // Only what has changed is written again.
    const up = this.#drawn.length > 0 ? `\r\u001b[${this.#drawn.length}A` : '';
    const body = lines
      .map((line, at) => (line === this.#drawn[at] ? '\u001b[1B\r' : `\u001b[2K${line}\n`))
      .join('');
    stderr.write(`${up}${body}`);
    this.#drawn = lines;
  }
}

/** What a line takes on a terminal that has become narrower: they break it anew. */
function rowsOf(line: string, columns: number): number {
  const width = stripVTControlCharacters(line).length;
  return Math.max(1, Math.ceil(width / columns));
}
