/** Runs one command on a target with its streams passed through unchanged. */
import type { Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { ProgressLine } from '../console/progress.ts';
import { drained, rawOutputs } from '../console/raw-output.ts';
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
  // Node takes a millisecond to set them up, which is free while the server is waited for.
  const preparing = setImmediate().then(() => localStreams(args));
  preparing.catch(() => undefined);
  return withSession(args, signal, progress, async (session) =>
    runIn(session, args, await preparing, signal, progress, notice),
  );
}

/** This process's ends of the command's streams. */
interface LocalStreams {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

function localStreams({ stdin }: RunnableArgs): LocalStreams {
  return { stdin: stdin ? userStdin() : undefined, ...rawOutputs() };
}

async function runIn(
  session: Session,
  args: RunnableArgs,
  { stdin, stdout, stderr }: LocalStreams,
  signal: AbortSignal,
  progress: ProgressLine,
  notice: string | undefined,
): Promise<number> {
  // As when it runs in the pod, nothing is said otherwise; a pod that was made on a node is worth a word.
  if (session.info.via === 'node') for (const note of session.notes) progress.note(note);
  progress.clear();
  if (notice !== undefined) process.stderr.write(`${notice}\n`);
  try {
    const code = await session.channel.run(args.command, { stdin, stdout, stderr, signal });
    await Promise.all([drained(stdout), drained(stderr)]);
    return code;
  } catch (error) {
    if (isBrokenPipe(error)) return BROKEN_PIPE_EXIT_CODE;
    // A note has met it first.
    const isLate = (error as NodeJS.ErrnoException).code === 'ERR_STREAM_DESTROYED';
    if (isLate && [stdout, stderr].some(({ errored }) => isBrokenPipe(errored))) return BROKEN_PIPE_EXIT_CODE;
    throw error;
  }
}

function isBrokenPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'EPIPE';
}
