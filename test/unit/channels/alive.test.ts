import { afterEach, describe, expect, it, type TestContext, vi } from 'vitest';
import ALIVE from '../../../src/channels/alive.sh';
import { aliveCommand, beats } from '../../../src/channels/alive.ts';
import { compactScript } from '../../../src/channels/script.ts';
import { SHELLS, Started, sessionMembers } from '../shells.ts';

const WAIT = { timeout: 40_000, interval: 50 };

/** The process, with a beat that is due every second. */
function start({ onTestFinished }: TestContext, words: readonly string[], firstWord = ''): Started {
  const started = new Started([...words, '-c', compactScript(ALIVE), 'nettools-lease-x', '1', firstWord]);
  onTestFinished(async () => {
    started.endInput();
    await started.ended;
  });
  return started;
}

describe.concurrent.each(SHELLS.filter((s) => s.available))('alive.sh in $name', ({ words }) => {
  it('says its first word and ends with its stdin, leaving nothing behind', async (context) => {
    const started = start(context, words, 'held');
    await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('held\n');
    started.endInput();
    context.expect(await started.ended).toMatchObject({ code: 0, stderr: '' });
    await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
  });

  it('ends by itself, leaving nothing behind, when no beat comes by a stdin that does not end', async (context) => {
    const started = start(context, words);
    context.expect(await started.ended).toMatchObject({ code: 0, stderr: '' });
    context.expect(started.process.stdin?.writableEnded).toBe(false);
    await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
  });

  it('lives as long as beats come', async (context) => {
    const started = start(context, words, 'held');
    // Longer than it lives without.
    for (let beat = 0; beat < 14; beat++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      started.write('\n');
    }
    context.expect(started.process.exitCode).toBe(null);
  });
});

describe('aliveCommand', () => {
  it('has its name in the first line of its words, where others look for it', () => {
    const [line] = aliveCommand('nettools-hold-x', 'held').join('\0').split('\n');
    expect(line).toContain('nettools-hold-x');
  });
});

describe('beats', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('come every 5 s once somebody reads, until nobody does', () => {
    vi.useFakeTimers();
    const stdin = beats();
    vi.advanceTimersByTime(60_000);
    let text = '';
    stdin.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    stdin.read(0);
    vi.advanceTimersByTime(15_000);
    expect(text).toBe('\n\n\n');
    stdin.destroy();
    vi.runAllTicks();
    expect(vi.getTimerCount()).toBe(0);
  });
});
