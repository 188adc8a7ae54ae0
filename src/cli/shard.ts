/** One shard of an `in-cluster` Job: the command on its part of the targets, and its evidence on stdout. */
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../model/errors.ts';
import { NO_RIGHTS_EXIT_CODE } from '../model/job-args.ts';
import { usageError } from '../model/usage-error.ts';
import { parse } from './parse.ts';

/** Nothing came of it, and another try may end better: no exit code that a report gives. */
const NOTHING = 70;
/** Something was not measured. */
const UNMEASURED = 3;
/** How often it is looked whether the command can be told that its time is over, in ms. */
const RING_MS = 50;

/**
 * @param argv the number of shards, the seconds that this one may take, and the command line
 * @param complain says what went wrong, on stderr
 * @returns the exit code: that of the report where there is one, else 2, 3 or 77 for what is wrong for good, or 70
 */
export async function runShard(
  [shards = '', seconds = '', ...line]: readonly string[],
  complain: (error: unknown) => void,
): Promise<number> {
  const file = join(tmpdir(), 'evidence.json');
  const controls = { isOver: false };
  try {
    const { run } = await parse([...line, ...shardFlags(Number(shards)), `--save=${file}`]);
    rmSync(file, { force: true });
    const stop = alarm(Number(seconds) * 1000, () => {
      controls.isOver = true;
    });
    const code = await run().finally(stop);
    if (controls.isOver && !existsSync(file))
      throw new UserError(`the deadline of ${seconds} s passed before anything was measured.`, UNMEASURED);
    // A pod that is taken away is done again elsewhere: only an end by its own time leaves a part that counts.
    const isSettled = code <= UNMEASURED || controls.isOver;
    if (!isSettled || !existsSync(file)) return NOTHING;
    await (await import('../commands/deliver.ts')).deliver(file);
    return controls.isOver ? UNMEASURED : code;
  } catch (error) {
    complain(error);
    if (error instanceof UserError && error.lacksRights) return NO_RIGHTS_EXIT_CODE;
    if (controls.isOver) return UNMEASURED;
    return (error as { readonly exitCode?: unknown }).exitCode === 2 ? 2 : NOTHING;
  }
}

/** Sends SIGALRM when the time is over, and not before somebody listens: it would end the process. @returns its end */
function alarm(ms: number, onRing: () => void): () => void {
  const ring = (): void => {
    if (process.listenerCount('SIGALRM') === 0) {
      timer = setTimeout(ring, RING_MS);
      return;
    }
    onRing();
    process.kill(process.pid, 'SIGALRM');
  };
  let timer = setTimeout(ring, ms);
  return () => clearTimeout(timer);
}

function shardFlags(count: number): string[] {
  const index = Number(process.env['JOB_COMPLETION_INDEX']);
  if (!Number.isInteger(count) || !Number.isInteger(index))
    throw usageError('a shard runs in an Indexed Job that "in-cluster" has made');
  return count === 1 ? [] : [`--shard=${index + 1}/${count}`];
}
