/** A capture at many targets: a file for each, or all in one; one that cannot be opened is a row with its reason. */
import { join } from 'node:path';
import { outputFor } from '../capture/capture.ts';
import { fileOutput, withFolder } from '../capture/output.ts';
import { CaptureRun } from '../capture/run.ts';
import { captureFileName, type OpenTarget, openTarget } from '../capture/targets.ts';
import { beginLine, type CaptureTeller, stderrTeller } from '../capture/teller.ts';
import type { ProgressLine } from '../console/progress.ts';
import type { CaptureOptions, ManyTargets } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import type { Progress } from '../model/progress.ts';
import { withoutName } from '../model/sentence.ts';
import { connectionIn, type Sharing } from '../open/connect.ts';
import { type Deadline, LONGEST_MS, withDeadline } from '../open/deadline.ts';
import type { ListedTarget } from '../open/many-targets.ts';
import {
  type CaptureProgress,
  captureLine,
  captureSummary,
  type TargetTotals,
} from '../report/capture-summary.ts';
import { visible } from '../report/text.ts';
import { inTurn } from '../run/scheduler.ts';
import { chosenTargets, targetLabel } from './chosen-targets.ts';
import { reasonOf } from './failure-reason.ts';
import { Notes } from './many-notes.ts';

type ManyArgs = CaptureOptions & { readonly many: ManyTargets };

/** Something of what was asked for could not be captured. */
const INCOMPLETE = 3;
/** How often the live line changes, in ms. */
const TICK_MS = 250;

/** Resolves to the exit code. */
export async function captureMany(
  args: ManyArgs,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<number> {
  const { destination } = args;
  // What cannot be written is refused before anything is done in the cluster.
  if (destination.kind === 'folder') {
    return withFolder(destination.path, async () => {
      const { targets, shared } = await chosenTargets(args.many, args, signal, progress);
      return new SeparateCaptures(args, targets, shared, destination.path, progress).run(signal);
    });
  }
  const openOutput = await outputFor(args);
  const { targets, shared } = await chosenTargets(args.many, args, signal, progress);
  return withDeadline(args.session, signal, progress, async (deadline) => {
    const left: TargetTotals[] = [];
    const open = await openAll(args, targets, shared, deadline, left);
    try {
      const teller: CaptureTeller = {
        ...stderrTeller(args, progress, left),
        left: ({ name }, error) => left.push(nothingOf(name, error)),
      };
      const code = await new CaptureRun(args, open, deadline, teller).run(signal, openOutput);
      return code === 0 && left.length > 0 ? INCOMPLETE : code;
    } finally {
      await Promise.all(open.map((target) => target.close()));
    }
  });
}

/** Opens what can be opened. @throws what kept the first from it, when it is none */
async function openAll(
  args: ManyArgs,
  targets: readonly ListedTarget[],
  shared: Sharing,
  deadline: Deadline<ProgressLine>,
  left: TargetTotals[],
): Promise<OpenTarget[]> {
  const { signal, progress } = deadline;
  const open: (OpenTarget | undefined)[] = [];
  const errors: unknown[] = [];
  const notes = new Notes(progress);
  // Each in turn may take what one may.
  deadline.allow(args.session.timeoutMs * Math.floor((targets.length - 1) / args.many.atOnce));
  await inTurn(targets, args.many.atOnce, async (target, i) => {
    const name = targetLabel(target, targets);
    try {
      signal.throwIfAborted();
      progress.show(`${open.filter(Boolean).length + errors.length} of ${targets.length}; opening ${name}`);
      const one = await openTarget(targetArgs(args, target), args.capture.filter, signal, progress, shared);
      open[i] = { ...one, name };
      for (const note of one.notes) notes.add(name, withoutTarget(note, one.name));
    } catch (error) {
      errors.push(error);
      left.push(nothingOf(name, error));
    }
  });
  notes.end();
  const opened = open.flatMap((one) => one ?? []);
  const isOver = signal.aborted;
  if (opened.length > 0 && !isOver) return opened;
  await Promise.all(opened.map((target) => target.close()));
  throw isOver ? signal.reason : errors[0];
}

function targetArgs({ connection, session }: CaptureOptions, { spec, namespace }: ListedTarget) {
  return { connection: connectionIn(connection, namespace), session, target: spec };
}

function nothingOf(name: string, error: unknown): TargetTotals {
  return { name, packets: 0, counts: undefined, reason: reasonOf(error, 'it captured') };
}

/** What is said of a target alone begins with its name. */
function withoutTarget(note: string, name: string): string {
  return note.startsWith(`${name}: `) ? note.slice(name.length + 2) : note;
}

/** One capture for each target, each with a file of its own; all end together. */
class SeparateCaptures {
  readonly #args: ManyArgs;
  readonly #targets: readonly ListedTarget[];
  readonly #shared: Sharing;
  readonly #folder: string;
  readonly #progress: ProgressLine;
  readonly #notes: Notes;
  readonly #over = new AbortController();
  /** All files bear the same time. */
  readonly #now = new Date();
  readonly #files = new Set<string>();
  readonly #running = new Map<number, CaptureRun>();
  readonly #rows: TargetTotals[] = [];
  readonly #ended: CaptureProgress[] = [];
  readonly #errors: unknown[] = [];
  /** Names of those at which packets are being captured. */
  readonly #begun: string[] = [];
  #startedAt = 0;

  constructor(
    args: ManyArgs,
    targets: readonly ListedTarget[],
    shared: Sharing,
    folder: string,
    progress: ProgressLine,
  ) {
    this.#args = args;
    this.#targets = targets;
    this.#shared = shared;
    this.#folder = folder;
    this.#progress = progress;
    this.#notes = new Notes(progress);
  }

  async run(signal: AbortSignal): Promise<number> {
    const ending = AbortSignal.any([signal, this.#over.signal]);
    const captures: Promise<number>[] = [];
    this.#startedAt = performance.now();
    await inTurn(this.#targets, this.#args.many.atOnce, async (target, i) => {
      const begun = Promise.withResolvers<void>();
      captures[i] = this.#captureAt(target, i, ending, begun.resolve).finally(begun.resolve);
      // The turn is over when it captures: those that wait for theirs would never begin.
      await begun.promise;
    });
    this.#notes.end();
    const codes = await this.#untilEnd(captures);
    this.#progress.clear();
    if (this.#begun.length === 0) {
      signal.throwIfAborted();
      this.#throwTheOnlyReason();
      for (const { name, reason = '' } of this.#rows)
        process.stderr.write(`error: ${visible(`${name}: ${reason}`)}.\n`);
      return INCOMPLETE;
    }
    process.stderr.write(captureSummary(this.#state(), this.#rows, this.#folder));
    return this.#errors.length > 0 ? INCOMPLETE : Math.max(0, ...codes);
  }

  /** What is wrong with the command is the same everywhere: it is told once. */
  #throwTheOnlyReason(): void {
    const [first] = this.#errors;
    const reasons = this.#rows.map(({ name, reason = '' }) => withoutName(reason, name.replace(/^.*\//, '')));
    if (!(first instanceof UserError) || new Set(reasons).size > 1) return;
    const where = this.#rows.length === 1 ? '' : `at none of ${this.#rows.length} targets: `;
    const { exitCode, hint } = first;
    const details = { cause: first, ...(hint === undefined ? {} : { hint }) };
    throw new UserError(`${where}${first.message}`, exitCode, details);
  }

  /** The time that was asked for is that in which all of them capture. */
  async #untilEnd(captures: readonly Promise<number>[]): Promise<number[]> {
    if (this.#begun.length > 0) {
      this.#progress.clear();
      process.stderr.write(beginLine(this.#args.capture.interface, this.#begun.sort(), this.#folder));
    }
    const { durationMs } = this.#args;
    const end = (): void => this.#over.abort(new Error('the time is over'));
    const over = durationMs === undefined ? undefined : setTimeout(end, Math.min(durationMs, LONGEST_MS));
    const draw = (): void => this.#progress.show(captureLine(this.#state()));
    const tick = process.stderr.isTTY === true ? setInterval(draw, TICK_MS) : undefined;
    try {
      return await Promise.all(captures);
    } finally {
      clearTimeout(over);
      clearInterval(tick);
    }
  }

  /** Never rejects. */
  async #captureAt(
    target: ListedTarget,
    place: number,
    ending: AbortSignal,
    onBegun: () => void,
  ): Promise<number> {
    const name = targetLabel(target, this.#targets);
    const row: { totals: TargetTotals; file?: string } = {
      totals: { name, packets: 0, counts: undefined },
    };
    try {
      ending.throwIfAborted();
      return await this.#run(target, place, ending, row, onBegun);
    } catch (error) {
      this.#errors.push(error);
      const reason = reasonOf(error, 'it captured');
      row.totals = { ...row.totals, reason };
      this.#progress.line(`? ${name}: ${reason}`);
      return INCOMPLETE;
    } finally {
      this.#running.delete(place);
      const { totals, file } = row;
      this.#rows[place] = file === undefined ? totals : { ...totals, file };
    }
  }

  #run(
    target: ListedTarget,
    place: number,
    ending: AbortSignal,
    row: { totals: TargetTotals; file?: string },
    onBegun: () => void,
  ): Promise<number> {
    const { durationMs: _ofAll, ...options } = this.#args;
    const { name } = row.totals;
    const progress: Progress = {
      show: (text) =>
        this.#progress.show(
          `capturing at ${this.#begun.length} of ${this.#targets.length}; ${name}: ${text}`,
        ),
      note: (text) => this.#notes.add(name, text),
    };
    return withDeadline(options.session, ending, progress, async (deadline) => {
      const open = await openTarget(
        targetArgs(options, target),
        options.capture.filter,
        deadline.signal,
        deadline.progress,
        this.#shared,
      );
      for (const note of open.notes) this.#notes.add(name, withoutTarget(note, open.name));
      const teller: CaptureTeller = {
        isLive: false,
        live: () => undefined,
        // A file has no reader that could go.
        unread: () => undefined,
        begun: () => {
          this.#begun.push(name);
          onBegun();
        },
        ended: (state, [totals]) => {
          this.#ended.push(state);
          if (totals !== undefined) row.totals = { ...totals, name };
        },
      };
      try {
        const run = new CaptureRun(options, [open], deadline, teller);
        this.#running.set(place, run);
        return await run.run(ending, async ([one]) => {
          const file = this.#fileOf(target, one ?? open);
          const output = await fileOutput(join(this.#folder, file), true);
          row.file = file;
          return output;
        });
      } finally {
        await open.close();
      }
    });
  }

  /** @throws {UserError} exit 2: another target has it, so the two are the same */
  #fileOf({ namespace }: ListedTarget, open: OpenTarget): string {
    const isOneOfSeveral =
      namespace !== undefined && this.#targets.some((one) => one.namespace !== namespace);
    // No name of a namespace has a _, so two names never give one file.
    const file = `${isOneOfSeveral ? `${namespace}_` : ''}${captureFileName([open], this.#now)}`;
    if (this.#files.has(file)) throw new UserError('another TARGET is the same.', 2);
    this.#files.add(file);
    return file;
  }

  /** Of all together. */
  #state(): CaptureProgress {
    const all = [...this.#ended, ...[...this.#running.values()].map((run) => run.state())];
    const drops = all.flatMap(({ dropped }) => dropped ?? []);
    const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
    return {
      packets: sum(all.map(({ packets }) => packets)),
      bytes: sum(all.map(({ bytes }) => bytes)),
      dropped: drops.length === all.length ? sum(drops) : undefined,
      milliseconds: performance.now() - this.#startedAt,
    };
  }
}
