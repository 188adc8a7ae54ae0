/** Counters of a container, read in it before the probes and after them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel } from '../channels/channel.ts';
import { discard, TextOutput } from '../channels/output.ts';
import type { ProbeResult } from '../model/evidence.ts';
import type { PlacePlan, PlaceResult } from '../model/place.ts';

/** In characters; real ones have some hundred. */
const MAX_TEXT = 65_536;
/** A container that is stopped most of the time takes seconds to start a program. */
const READ_LIMIT_MS = 8000;

/**
 * Reads them for the first time; resolves to what reads them again, and once more after a rest where that is worth it.
 * @throws what the channel throws, now or later
 */
export async function beginCounters(
  id: string,
  { command, display, restMs, isWorthMore }: NonNullable<PlacePlan['counters']>,
  channel: Channel,
  signal: AbortSignal,
): Promise<() => Promise<PlaceResult>> {
  const read = async (when: string): Promise<ProbeResult> => ({
    ...(await readOnce(channel, when, command, signal)),
    command: display,
  });
  const first = await read('first');
  return async () => {
    const second = await read('second');
    const evidence = { first, second };
    if (!isWorthMore(first, second)) return { id, evidence, wasReady: true };
    await sleep(restMs, undefined, { signal });
    return { id, evidence: { ...evidence, third: await read('third') }, wasReady: true };
  };
}

async function readOnce(
  channel: Channel,
  id: string,
  command: readonly string[],
  signal: AbortSignal,
): Promise<ProbeResult> {
  const stdout = new TextOutput(MAX_TEXT);
  const limit = AbortSignal.timeout(READ_LIMIT_MS);
  const started = performance.now();
  let code: number;
  try {
    const both = AbortSignal.any([signal, limit]);
    code = await channel.run(command, { stdout, stderr: discard(), signal: both });
  } catch (error) {
    if (limit.aborted && !signal.aborted)
      throw new Error(`it did not answer within ${READ_LIMIT_MS / 1000} s`, { cause: error });
    throw error;
  }
  const durationMs = Math.round(performance.now() - started);
  return {
    id,
    command,
    status: 'exited',
    code,
    durationMs,
    stdout: stdout.text,
    stderr: '',
    truncated: stdout.isFull,
  };
}
