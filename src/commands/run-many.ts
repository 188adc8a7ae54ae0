/** One command on many targets: each line of output begins with its target, as `kubectl logs --prefix` has it. */
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { interruptible } from '../console/interrupt.ts';
import { type ProgressLine, withProgress } from '../console/progress.ts';
import { drained, rawOutputs } from '../console/raw-output.ts';
import type { ManyTargets, RunnableArgs } from '../model/args.ts';
import type { Progress } from '../model/progress.ts';
import { connectionIn, type Sharing } from '../open/connect.ts';
import { withDeadline } from '../open/deadline.ts';
import { withUserErrors } from '../open/failures.ts';
import type { ListedTarget } from '../open/many-targets.ts';
import { findTarget } from '../open/target.ts';
import { visible } from '../report/text.ts';
import { inTurn } from '../run/scheduler.ts';
import { PrefixedOutput } from '../shell/prefixed-output.ts';
import { BROKEN_PIPE_EXIT_CODE } from '../shell/run.ts';
import type { Session } from '../targets/session.ts';
import { chosenTargets, targetLabel } from './chosen-targets.ts';
import { reasonOf } from './failure-reason.ts';

type ManyArgs = RunnableArgs & { readonly many: ManyTargets };

/** For a target in which the command could not be run. */
const NOT_RUN = 3;

/** Resolves to the highest exit code of all. */
export function runOnMany(args: ManyArgs): Promise<number> {
  return interruptible((signal) =>
    withUserErrors(() => withProgress((progress) => runOnAll(args, signal, progress))),
  );
}

async function runOnAll(args: ManyArgs, signal: AbortSignal, progress: ProgressLine): Promise<number> {
  const { targets, shared } = await chosenTargets(args.many, args, signal, progress);
  // From here on the commands' own lines say how far it is.
  progress.clear();
  const { stdout, stderr } = rawOutputs();
  const broken = new AbortController();
  // Whoever read it has gone: nobody waits for the rest.
  for (const one of [stdout, stderr]) one.on('error', (error) => broken.abort(error));
  const both = AbortSignal.any([signal, broken.signal]);
  const codes: number[] = [];
  await inTurn(targets, args.many.atOnce, async (target, i) => {
    const name = targetLabel(target, targets);
    try {
      both.throwIfAborted();
      codes[i] = await runOnOne(args, target, shared, both, { stdout, stderr, name });
    } catch (error) {
      if (both.aborted) return;
      codes[i] = NOT_RUN;
      stderr.write(`error: ${visible(`${name}: ${reasonOf(error)}`)}.\n`);
    }
  });
  signal.throwIfAborted();
  if (broken.signal.aborted) return BROKEN_PIPE_EXIT_CODE;
  await Promise.all([drained(stdout), drained(stderr)]);
  const failed = codes.flatMap((code, i) =>
    code === 0 ? [] : [`${targetLabel(targets[i] as ListedTarget, targets)} (${code})`],
  );
  if (failed.length > 0)
    progress.note(`${failed.length} of ${codes.length} did not end with 0: ${failed.join(', ')}`);
  return Math.max(0, ...codes);
}

interface Outputs {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Of the target. */
  readonly name: string;
}

async function runOnOne(
  { connection, session: flags, command }: ManyArgs,
  { spec, namespace }: ListedTarget,
  shared: Sharing,
  signal: AbortSignal,
  { stdout, stderr, name }: Outputs,
): Promise<number> {
  const own = connectionIn(connection, namespace);
  const silent: Progress = { show: () => undefined, note: () => undefined };
  const session = await withDeadline(flags, signal, silent, async ({ signal: ending }): Promise<Session> => {
    const found = await findTarget({ connection: own, target: spec, session: flags }, ending, shared);
    return found.open({ signal: ending, onProgress: () => undefined });
  });
  const outputs = [stdout, stderr].map((to) => new PrefixedOutput(to, `[${name}] `)) as [
    PrefixedOutput,
    PrefixedOutput,
  ];
  // A failed write is met by the command itself, or at the end.
  const ended = Promise.all(outputs.map((one) => finished(one)));
  ended.catch(() => undefined);
  try {
    if (session.info.via === 'node')
      for (const note of session.notes) stderr.write(`note: ${visible(`${name}: ${note}`)}.\n`);
    const [out, err] = outputs;
    const code = await session.channel.run(command, { stdin: undefined, stdout: out, stderr: err, signal });
    for (const one of outputs) one.end();
    await ended;
    return code;
  } finally {
    for (const one of outputs) one.destroy();
    await session.close();
  }
}
