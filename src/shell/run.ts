/** Runs one command on a target with its streams passed through unchanged. */

import type { ProgressLine } from '../console/progress.ts';
import { drained, rawOutput } from '../console/raw-output.ts';
import type { RunnableArgs, TargetSpec } from '../model/args.ts';
import { withSession } from '../open/target.ts';
import type { Session } from '../targets/session.ts';
import { userStdin } from './user-stdin.ts';

/** What a process ends with that writes to a pipe without a reader: 128 + SIGPIPE. */
export const BROKEN_PIPE_EXIT_CODE = 141;

/** Resolves to the remote exit code. @param notice a line for stderr, once there is a session to run it in */
export function runCommand(
  args: RunnableArgs & { readonly target: TargetSpec },
  signal: AbortSignal,
  progress: ProgressLine,
  notice?: string,
): Promise<number> {
  return withSession(args, signal, progress, (session) => runIn(session, args, signal, progress, notice));
}

async function runIn(
  session: Session,
  args: RunnableArgs,
  signal: AbortSignal,
  progress: ProgressLine,
  notice: string | undefined,
): Promise<number> {
  // As when it runs in the pod, nothing is said otherwise; a pod that was made on a node is worth a word.
  if (session.info.via === 'node') for (const note of session.notes) progress.note(note);
  progress.clear();
  if (notice !== undefined) process.stderr.write(`${notice}\n`);
  const [stdout, stderr] = [rawOutput(1), rawOutput(2)];
  try {
    const code = await session.channel.run(args.command, {
      stdin: args.stdin ? userStdin() : undefined,
      stdout,
      stderr,
      signal,
    });
    await Promise.all([drained(stdout), drained(stderr)]);
    return code;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return BROKEN_PIPE_EXIT_CODE;
    throw error;
  }
}
