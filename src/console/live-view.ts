/** A watch on the terminal while it goes on: a table that is rewritten in place, until the report takes its place. */
import type { LiveSink, LiveView } from '../model/live.ts';
import { liveLines } from '../report/live-table.ts';
import { visible } from '../report/text.ts';
import { endedByKey } from './interrupt.ts';
import { type LiveBlock, type LiveScreen, openLiveBlock } from './live-block.ts';
import type { ProgressLine } from './progress.ts';

/** Where somebody looks on. */
export interface LiveScreenSink extends LiveSink {
  /** As of progress, where it does not spoil the table. */
  note(sentence: string): void;
}

/** `undefined`: stderr, where progress is shown too, is no terminal, or one that cannot be written to in place. */
export function liveViewOn(progress: ProgressLine): LiveScreenSink | undefined {
  const { stderr, env } = process;
  if (stderr.isTTY !== true || env['TERM'] === 'dumb') return undefined;
  return openLiveView(stderr, progress, !env['NO_COLOR']);
}

/** @param colour whether the table has any */
export function openLiveView(
  screen: LiveScreen,
  progress: Pick<ProgressLine, 'show' | 'note'>,
  colour: boolean,
): LiveScreenSink {
  let latest: LiveView | undefined;
  let block: LiveBlock | undefined;
  const draw = (): void => {
    if (latest === undefined || block === undefined) return;
    const { columns, rows } = block.size;
    block.draw(liveLines(latest, { columns, rows: rows - 1, colour }));
  };
  return {
    async during(watch) {
      block = openLiveBlock(screen, draw);
      try {
        return await endedByKey(watch);
      } finally {
        block.clear();
        block.close();
        [block, latest] = [undefined, undefined];
      }
    },
    show(view) {
      if (latest === undefined) progress.show('');
      latest = view;
      draw();
    },
    note(sentence) {
      if (latest === undefined) progress.note(sentence);
      else block?.above([`note: ${visible(sentence)}.`]);
    },
  };
}
