import { describe, expect, it, vi } from 'vitest';
import { interruptible } from '../../../src/console/interrupt.ts';
import { openLiveView } from '../../../src/console/live-view.ts';
import type { LiveView } from '../../../src/model/live.ts';

const view = (packets: string): LiveView => ({
  seconds: 1,
  ofSeconds: 30,
  summary: `${packets} packets`,
  table: { columns: [{ head: 'PACKETS', align: 'right' }], rows: [[packets]] },
});

function opened() {
  const listeners = new Set<() => void>();
  const screen = {
    columns: 80,
    rows: 24,
    write: vi.fn<(text: string) => void>(),
    on: (_: 'resize', one: () => void) => listeners.add(one),
    off: (_: 'resize', one: () => void) => listeners.delete(one),
  };
  const progress = { show: vi.fn(), note: vi.fn() };
  const sink = openLiveView(screen, progress, false);
  return { screen, progress, sink, listeners, last: () => screen.write.mock.lastCall?.[0] ?? '' };
}

describe('a live view', () => {
  it('takes the place of the progress line, is rewritten, and gone in the end', async () => {
    const { screen, progress, sink, listeners, last } = opened();
    await sink.during(async () => {
      expect(screen.write).not.toHaveBeenCalled();
      sink.show(view('7'));
      expect(progress.show).toHaveBeenCalledExactlyOnceWith('');
      expect(last()).toContain('      7\r\n');
      sink.show(view('8'));
      expect(last()).toContain('\u001b[3A');
      expect(listeners.size).toBe(1);
    });
    expect(last()).toContain('\u001b[3A\u001b[J');
    expect(listeners.size).toBe(0);
  });

  it('is gone where the watch fails too', async () => {
    const { sink, last, listeners } = opened();
    const failing = sink.during(async () => {
      sink.show(view('7'));
      throw new Error('lost');
    });
    await expect(failing).rejects.toThrow('lost');
    expect(last()).toContain('\u001b[J');
    expect(listeners.size).toBe(0);
  });

  it('is drawn anew when the terminal has another size', async () => {
    const { screen, sink, listeners, last } = opened();
    await sink.during(async () => {
      sink.show(view('7'));
      screen.columns = 20;
      for (const one of listeners) one();
      expect(last()).toContain('1 of 30 s:…e report)');
    });
  });

  it('has notes above it, and leaves those to the progress line before it is there', async () => {
    const { progress, sink, last } = opened();
    await sink.during(async () => {
      sink.note('first');
      expect(progress.note).toHaveBeenCalledExactlyOnceWith('first');
      sink.show(view('7'));
      sink.note('second\u001b[2J');
      expect(last()).toContain('note: second\\x1b[2J.\r\n');
      expect(progress.note).toHaveBeenCalledOnce();
    });
  });
});

describe('Ctrl-C while somebody looks on', () => {
  const press = (): boolean => process.emit('SIGINT', 'SIGINT');

  it('ends the watch, and not the run; before and after it, the run', async () => {
    const { sink } = opened();
    const code = await interruptible(async (signal) => {
      const seen = await sink.during(async (enough) => {
        press();
        expect([enough.aborted, signal.aborted]).toEqual([true, false]);
        return 'seen';
      });
      expect(seen).toBe('seen');
      press();
      signal.throwIfAborted();
      return 0;
    });
    expect(code).toBe(130);
  });

  it('ends the run where it is pressed again', async () => {
    const { sink } = opened();
    const code = await interruptible(async (signal) =>
      sink.during(async () => {
        press();
        press();
        signal.throwIfAborted();
        return 0;
      }),
    );
    expect(code).toBe(130);
  });
});
