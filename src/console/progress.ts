/** One line of progress on stderr, drawn only on a terminal and gone when the work is done. */

import { isatty } from 'node:tty';
import { monotonicMs } from '../kube/clock.ts';
import type { Progress } from '../model/progress.ts';
import { visible } from '../report/text.ts';

/** `show` replaces the line, or with nothing takes it away for now; `note` prints its sentence on anything but a terminal too. */
export interface ProgressLine extends Progress {
  /** Prints a line that stays, on a terminal alone: what is said again in the end. */
  line(text: string): void;
  /** Takes the line away before anything else is printed. */
  clear(): void;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** What is faster than this needs no progress; a line that flashes by only irritates. */
const DELAY_MS = 300;

/** A progress line on stderr; on anything but a terminal it draws nothing. */
function startProgress(): ProgressLine {
  const write = (sentence: string): void => {
    process.stderr.write(`note: ${visible(sentence)}.\n`);
  };
  if (!isatty(2))
    return { show: () => undefined, line: () => undefined, note: write, clear: () => undefined };
  const { stderr } = process;
  let text = '';
  let frame = 0;
  let drawn = false;
  const started = monotonicMs();
  const draw = (): void => {
    if (text === '' || monotonicMs() - started < DELAY_MS) return;
    const line = `${FRAMES[frame++ % FRAMES.length]} ${text}`.slice(
      0,
      Math.max(20, (stderr.columns ?? 80) - 1),
    );
    stderr.write(`\r\u001b[2K${line}`);
    drawn = true;
  };
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  return {
    show(next) {
      text = visible(next).replace(/\s/g, ' ');
      if (text === '' && drawn) stderr.write('\r\u001b[2K');
      drawn &&= text !== '';
      draw();
    },
    line(result) {
      stderr.write(`${drawn ? '\r\u001b[2K' : ''}${visible(result)}\n`);
    },
    note(sentence) {
      if (drawn) stderr.write('\r\u001b[2K');
      write(sentence);
    },
    clear() {
      clearInterval(timer);
      text = '';
      if (drawn) stderr.write('\r\u001b[2K');
      drawn = false;
    },
  };
}

/** Runs `work` with a progress line that is gone when it ends, however it ends. */
export async function withProgress<T>(work: (progress: ProgressLine) => Promise<T>): Promise<T> {
  const progress = startProgress();
  try {
    return await work(progress);
  } finally {
    progress.clear();
  }
}
