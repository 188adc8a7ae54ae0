import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LiveScreen, openLiveBlock, rewritten, rowsOf } from '../../../src/console/live-block.ts';

/** As much of a terminal as the block makes use of; one that breaks lines anew when it becomes narrower. */
class Terminal implements LiveScreen {
  columns: number;
  rows: number;
  written = 0;
  lines: string[] = [''];
  #row = 0;
  #wraps = true;
  #listeners: (() => void)[] = [];

  constructor(columns = 80, rows = 24) {
    this.columns = columns;
    this.rows = rows;
  }

  get listeners(): number {
    return this.#listeners.length;
  }

  get wraps(): boolean {
    return this.#wraps;
  }

  /** What is on it, and has been: without the row of the cursor. */
  get text(): string[] {
    return this.lines.slice(0, -1);
  }

  on(_event: 'resize', listener: () => void): void {
    this.#listeners.push(listener);
  }

  off(_event: 'resize', listener: () => void): void {
    this.#listeners = this.#listeners.filter((one) => one !== listener);
  }

  resize(columns: number, rows = this.rows): void {
    const broken = this.lines.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? ['']);
    this.#row = broken.length - 1;
    Object.assign(this, { columns, rows, lines: broken });
    for (const one of this.#listeners) one();
  }

  write(text: string): void {
    this.written += text.length;
    for (const [part] of text.matchAll(/\u001b\[\??[\d;]*[a-zA-Z]|\r|\n|[^\u001b\r\n]+/g)) this.#take(part);
  }

  #take(part: string): void {
    if (part === '\r') return;
    if (part === '\n') {
      this.#row++;
      if (this.#row === this.lines.length) this.lines.push('');
      return;
    }
    if (part === '\u001b[2K') this.lines[this.#row] = '';
    else if (part === '\u001b[J') this.lines = [...this.lines.slice(0, this.#row), ''];
    else if (part === '\u001b[?7l') this.#wraps = false;
    else if (part === '\u001b[?7h') this.#wraps = true;
    else if (part.endsWith('A')) {
      // It goes no higher than the first row that is in sight.
      const top = Math.max(0, this.lines.length - this.rows);
      this.#row = Math.max(top, this.#row - Number(part.slice(2, -1)));
    } else if (!part.startsWith('\u001b')) {
      expect(this.#wraps).toBe(false);
      this.lines[this.#row] = [...part].slice(0, this.columns).join('');
    }
  }
}

const opened = (terminal: Terminal) => openLiveBlock(terminal, () => undefined);

describe('a live block', () => {
  it('is rewritten in place, below what was there before', () => {
    const terminal = new Terminal();
    terminal.lines = ['$ nettools', ''];
    terminal.write('\n');
    const block = opened(terminal);
    block.draw(['one', 'two']);
    block.draw(['one', 'three', 'four']);
    expect(terminal.text).toEqual(['$ nettools', 'one', 'three', 'four']);
    block.draw(['five']);
    expect(terminal.text).toEqual(['$ nettools', 'five']);
  });

  it('shows the last of any series of blocks, and sends nothing for one that is the same', () => {
    const blocks = fc.array(fc.array(fc.constantFrom('', 'a', 'bb', 'ccc'), { maxLength: 8 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(blocks, (all) => {
        const terminal = new Terminal(80, 10);
        const block = opened(terminal);
        for (const lines of all) block.draw(lines);
        expect(terminal.text).toEqual(all.at(-1));
        const before = terminal.written;
        block.draw(all.at(-1) ?? []);
        expect(terminal.written).toBe(before);
      }),
    );
  });

  it('sends little for a line that changed among many', () => {
    const lines = Array.from({ length: 20 }, (_, i) => `line ${i} ${'x'.repeat(60)}`);
    const changed = lines.map((line, i) => (i === 18 ? 'changed' : line));
    expect(rewritten(lines, changed).length).toBeLessThan(30);
  });

  it('leaves what stays above it', () => {
    const terminal = new Terminal();
    const block = opened(terminal);
    block.draw(['one', 'two']);
    block.above(['note: something']);
    block.draw(['one', 'three']);
    expect(terminal.text).toEqual(['note: something', 'one', 'three']);
  });

  it('is no taller than the terminal, and a line no longer', () => {
    const terminal = new Terminal(10, 4);
    const block = opened(terminal);
    block.draw(['a', 'b', 'c', 'd', 'e']);
    block.draw(['0123456789abc', 'b', 'c', 'd', 'e']);
    expect(terminal.text).toEqual(['0123456789', 'b', 'c']);
    expect(block.size).toEqual({ columns: 10, rows: 4 });
  });

  it('is drawn anew where the terminal becomes narrower and breaks its lines', () => {
    const terminal = new Terminal(20);
    terminal.lines = ['before', ''];
    terminal.write('\n');
    const block = openLiveBlock(terminal, () => block.draw(['0123456789', 'short']));
    block.draw(['0123456789012345678', 'short']);
    terminal.resize(10);
    expect(terminal.text).toEqual(['before', '0123456789', 'short']);
  });

  it('takes itself away, or stays, and then listens no more', () => {
    const terminal = new Terminal();
    const block = opened(terminal);
    block.draw(['one', 'two']);
    block.clear();
    expect(terminal.text).toEqual([]);
    block.draw(['three']);
    block.close();
    expect(terminal.text).toEqual(['three']);
    expect([terminal.listeners, terminal.wraps]).toEqual([0, true]);
  });

  it('takes a terminal of which nothing is known for 80 by 24', () => {
    expect(opened(Object.assign(new Terminal(), { columns: 0, rows: undefined })).size).toEqual({
      columns: 80,
      rows: 24,
    });
  });
});

describe('rowsOf', () => {
  it.each([
    [[], 0],
    [['', 'abc'], 2],
    [['0123456789', '01234567890'], 3],
    [['\u001b[1m0123456789\u001b[0m'], 1],
  ])('%j take %i rows of 10 columns', (lines, rows) => {
    expect(rowsOf(lines, 10)).toBe(rows);
  });
});
