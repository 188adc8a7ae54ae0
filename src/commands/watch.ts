/** `watch`: destinations over hours, and each outage with its cause. */
import { askedDestinations } from '../cluster/destinations.ts';
import { interruptible } from '../console/interrupt.ts';
import { print } from '../console/print-report.ts';
import { type ProgressLine, withProgress } from '../console/progress.ts';
import { keepHeapSmall } from '../console/small-heap.ts';
import { exitCodeOfWatch, lateTextOfWatch, textOfWatch } from '../console/watch-text.ts';
import { serveMetrics } from '../exposition/server.ts';
import type { Watch } from '../model/watch.ts';
import type { WatchArgs } from '../model/watch-args.ts';
import { withDeadline } from '../open/deadline.ts';
import { withUserErrors } from '../open/failures.ts';
import { findTarget } from '../open/target.ts';
import { WatchFolder } from '../watch/folder.ts';
import { goalsOf } from '../watch/goals.ts';
import { WatchRun } from '../watch/run.ts';
import { viewerFor } from '../watch/viewer.ts';
import { ofNamespace, pushText } from './push-report.ts';

/** How often the far side counts, in ms: a live view wants to see each probe; else it is as good every 5 s. */
const LIVE_TALLY_MS = 1000;
const TALLY_MS = 5000;

/** Resolves to the exit code. */
export function run(args: WatchArgs): Promise<number> {
  keepHeapSmall();
  return interruptible((signal) =>
    withUserErrors(async () => {
      const { watch, isSaved } = await withProgress((progress) => watched(args, signal, progress));
      await print(await textOfWatch(watch, args.output, args.failOn));
      const own = exitCodeOfWatch(watch, args.failOn);
      const code = own === 0 && !isSaved ? 3 : own;
      if (args.push === undefined) return code;
      const target = ofNamespace(args.push, [watch.target.namespace]);
      return pushText(target, await lateTextOfWatch(watch, 'text'), code);
    }),
  );
}

interface Watched {
  readonly watch: Watch;
  /** Whether all that was to be saved is. */
  readonly isSaved: boolean;
}

/** Listens from the beginning on: that it cannot is known before anything is put anywhere. */
async function watched(args: WatchArgs, signal: AbortSignal, progress: ProgressLine): Promise<Watched> {
  if (args.metrics === undefined) return watchedBy(args, signal, progress, () => undefined);
  const { watchText } = await import('../console/late-formats.ts');
  let run: WatchRun | undefined;
  const server = await serveMetrics(args.metrics, () =>
    run === undefined ? '' : watchText(run.report(), 'text'),
  );
  try {
    progress.note(`metrics are served at ${server.url}`);
    return await watchedBy(args, signal, progress, (own) => {
      run = own;
    });
  } finally {
    await server.close();
  }
}

async function watchedBy(
  args: WatchArgs,
  signal: AbortSignal,
  progress: ProgressLine,
  onRun: (run: WatchRun) => void,
): Promise<Watched> {
  const startedAt = new Date().toISOString();
  const folder = new WatchFolder(args.save ?? folderName(args, startedAt));
  await folder.check();
  // What is put on a node lives for a time that is set when it is made.
  const session = {
    ...args.session,
    idleMs: isOnNode(args) ? Math.max(args.session.idleMs, args.forMs) : args.session.idleMs,
  };
  const own = { ...args, session };
  const opened = await withDeadline(session, signal, progress, async (deadline) => {
    const found = await findTarget(own, deadline.signal);
    progress.show('reading what the API knows');
    const goals = goalsOf(await askedDestinations(found.subject, args.to));
    return {
      found,
      goals,
      session: await found.open({ signal: deadline.signal, onProgress: (text) => progress.show(text) }),
    };
  });
  try {
    for (const note of [...opened.session.notes, ...opened.goals.notes]) progress.note(note);
    progress.clear();
    const viewer = viewerFor(opened.goals.goals, startedAt);
    const tallyMs = process.stderr.isTTY ? LIVE_TALLY_MS : TALLY_MS;
    const { goals, ...rest } = opened;
    const run = new WatchRun({ args: own, ...goals, ...rest, folder, tallyMs, viewer });
    onRun(run);
    const watch = await run.run(signal).finally(() => viewer.close());
    if (run.unsaved !== undefined) progress.note(run.unsaved.message.replace(/\.$/, ''));
    return { watch, isSaved: run.unsaved === undefined };
  } finally {
    await opened.session.close();
  }
}

function isOnNode({ target, session }: WatchArgs): boolean {
  return target.kind === 'node' || session.via === 'node';
}

/** A name that no other watch has, and that sorts by time. */
function folderName({ target }: WatchArgs, startedAt: string): string {
  const word = 'name' in target ? target.name : 'where' in target ? target.where : target.kind;
  const time = startedAt.slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return `watch-${word.replace(/[^A-Za-z0-9.-]+/g, '-').replace(/^-+/, '')}-${time}`;
}
