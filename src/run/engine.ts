/**
 * The engine: a request in, a stream of events out. It knows no command line and no terminal; whoever consumes its
 * events decides what is shown, saved and exited with.
 */
import { judge } from '../checks/report.ts';
import type { LiveSink } from '../model/live.ts';
import type { Progress } from '../model/progress.ts';
import type { RunEvent, RunRequest, RunTarget } from '../model/run.ts';
import type { FoundTarget } from '../open/found-target.ts';
import { EventQueue } from './event-queue.ts';
import { inTurn } from './scheduler.ts';
import { gatherTarget } from './target-run.ts';

/** What the engine takes from outside. */
export interface RunDeps {
  /** Finds out what a target is. @throws {UserError} exit 2 or 3: there is no such thing, or it may not be read */
  find(target: RunTarget, signal: AbortSignal): Promise<FoundTarget>;
  /** Who looks on at the run of one target, where somebody does. */
  readonly live?: LiveSink;
}

/**
 * Runs the checks of the request on each of its targets. Each target ends with `report` or `failed`, in the order in
 * which they come to their end; one that fails, fails alone. After an abort those that had not ended fail with the
 * signal's reason. To stop iterating aborts what still runs, and resolves when all of it is closed.
 */
export async function* run(
  request: RunRequest,
  deps: RunDeps,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, void> {
  const { targets, limits } = request;
  const events = new EventQueue<RunEvent>();
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const all = inTurn(targets, limits.targetsAtOnce, (target, index) =>
    runTarget({ ...request, target, index }, deps, both, events),
  ).finally(() => events.end());
  try {
    yield* events;
  } finally {
    stop.abort(new Error('nobody waits for the run any more'));
    await all;
  }
}

async function runTarget(
  { target, index, checks, options }: RunRequest & { readonly target: RunTarget; readonly index: number },
  { find, live }: RunDeps,
  signal: AbortSignal,
  events: EventQueue<RunEvent>,
): Promise<void> {
  const progress: Progress = {
    show: (text) => events.push({ type: 'stage', target: index, text }),
    note: (text) => events.push({ type: 'note', target: index, text }),
  };
  try {
    signal.throwIfAborted();
    const bundle = await gatherTarget({ target, checks, options, find, live }, signal, progress);
    events.push({ type: 'gathered', target: index, bundle });
    events.push({ type: 'report', target: index, report: judge(bundle) });
  } catch (error) {
    events.push({ type: 'failed', target: index, error });
  }
}
