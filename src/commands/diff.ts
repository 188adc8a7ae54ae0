/** `diff`: two runs, and what differs between them. */
import { measuresOf } from '../checks/measures.ts';
import { judge } from '../checks/report.ts';
import type { Run } from '../compare/compare.ts';
import { type AnyReport, print } from '../console/print-report.ts';
import { readRun } from '../console/run-file.ts';
import { keepHeapSmall } from '../console/small-heap.ts';
import type { Diff } from '../model/diff.ts';
import type { DiffArgs } from '../model/diff-args.ts';
import { UserError } from '../model/errors.ts';
import { version } from '../model/version.ts';
import { visible } from '../model/visible.ts';
import { listTitle } from '../report/list-words.ts';
import { targetTitle } from '../report/target.ts';
import { listOf } from './judge.ts';

/** Resolves to the exit code. */
export async function run(args: DiffArgs): Promise<number> {
  keepHeapSmall();
  const [before, after] = [await runOf(args.before), await runOf(args.after)];
  const doubt = doubtAbout(before.side, after.side);
  if (doubt !== undefined) process.stderr.write(`note: ${visible(doubt)}.\n`);
  const { compare, diffText } = await import('./diff-runs.ts');
  const diff = compared(before, after, args, compare);
  const { stdout, env } = process;
  const options = { colour: stdout.isTTY === true && !env['NO_COLOR'], width: stdout.columns ?? 100 };
  await print(diffText(diff, args.output, options));
  if (diff.verdict === 'worse') return 1;
  return diff.verdict === 'unknown' ? 3 : 0;
}

/** @throws {UserError} exit 3: it is no run, or one that cannot be judged */
async function runOf(file: string): Promise<Run> {
  const saved = await readRun(file);
  try {
    const report =
      saved.kind === 'Bundle' ? judge(saved) : saved.kind === 'BundleList' ? listOf(saved) : saved;
    return { side: { file, of: titleOf(report), startedAt: report.startedAt }, report };
  } catch (error) {
    throw damaged(file, error);
  }
}

/** What makes it likely that other files were meant; a gate would pass for ever. A sentence without its end. */
function doubtAbout(before: Run['side'], after: Run['side']): string | undefined {
  const [earlier, later] = [before, after].map(({ startedAt }) => Date.parse(startedAt)) as [number, number];
  if (earlier === later && before.of === after.of) return `${before.file} and ${after.file} are the same run`;
  if (earlier <= later || Number.isNaN(earlier - later)) return undefined;
  return `AFTER (${after.file}) began before BEFORE (${before.file}) did: see that their order is right`;
}

/** @throws {UserError} exit 3: they are not of one kind, or damaged */
function compared(
  before: Run,
  after: Run,
  { limits }: DiffArgs,
  compare: typeof import('./diff-runs.ts').compare,
): Diff {
  let diff: Diff | undefined;
  try {
    diff = compare(before, after, { limits, measuresOf, titleOf: targetTitle, version });
  } catch (error) {
    throw damaged(`${before.side.file} or ${after.side.file}`, error);
  }
  if (diff === undefined)
    throw new UserError(
      `${before.side.file} is of ${before.side.of} and ${after.side.file} of ${after.side.of}: only runs of one kind can be compared.`,
      3,
    );
  return diff;
}

function damaged(what: string, cause: unknown): UserError {
  return new UserError(`${what} cannot be compared: it is damaged, or another version saved it.`, 3, {
    cause,
  });
}

function titleOf(report: AnyReport): string {
  switch (report.kind) {
    case 'Report':
      return targetTitle(report.target);
    case 'ReportList':
      return `a list of ${listTitle(report)}`;
    case 'MatrixReport':
      return `a matrix of ${report.sources.length} sources and ${report.destinations.length} destinations`;
  }
}
