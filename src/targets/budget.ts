/** From the room that a pod has to what a run may take of it, or that it may not go in at all. Pure. */
import { type Budget, FULL_BUDGET } from '../model/budget.ts';
import type { Room } from './room.ts';

const MIB = 1024 ** 2;

// Measured as growth of the pod cgroup's memory.max_usage_in_bytes, which has kernel memory and page cache in it (cgroup
// v1, Linux 6.18, runc 1.1.5, containerd 2.4, the slim image), the highest of ten to thirty times, rounded up.

/**
 * An idle session: 1.3 MiB. Its start takes 3.5 MiB for a moment, which is less than a run takes afterwards; where less
 * than that was left, the start alone had the application killed.
 */
const IDLE_BYTES = 1.5 * MIB;
/**
 * The least that a run is given. Of these its own processes are reckoned with 8 (an exec of the runtime's among them, 1.6
 * MiB), and the programs that they start with 1 to 5 each: with less, some wait for others until their time is over. A
 * whole diagnosis to a Service of eight endpoints was seen to take 4 to 6 MiB, without file pages.
 */
const LEAST_BYTES = 12 * MIB;

/** Of what is left a run takes no more than this: the application goes on allocating meanwhile. */
const SHARE = 1 / 2;
/**
 * What is taken to be free of a limit whose use is not known: sizing by the book leaves so much (the Vertical Pod
 * Autoscaler adds 15 % to the 90th percentile, `recommendation-margin-fraction`).
 */
const ASSUMED_FREE = 1 / 8;

/** What a run may do. */
export type Admission =
  | { readonly kind: 'enter'; readonly budget: Budget }
  /** It would need `needBytes`, at the least, of a pod that has only `leftBytes` left. */
  | { readonly kind: 'keep-out'; readonly needBytes: number; readonly leftBytes: number };

/** @param isRunning whether a session's container runs in the pod already, and is part of what is in use */
export function admission(room: Room, isRunning: boolean): Admission {
  if (room.kind === 'unlimited') return { kind: 'enter', budget: FULL_BUDGET };
  const entry = isRunning ? 0 : IDLE_BYTES;
  const leftBytes = bytesLeft(room);
  const memoryBytes = Math.min(Math.floor(leftBytes * SHARE) - entry, FULL_BUDGET.memoryBytes);
  return memoryBytes < LEAST_BYTES
    ? { kind: 'keep-out', needBytes: (entry + LEAST_BYTES) / SHARE, leftBytes }
    : { kind: 'enter', budget: { ...FULL_BUDGET, memoryBytes } };
}

/**
 * An exec of cat was seen to charge 0.4 to 2.1 MiB to the pod at its peak. Where less than this is left, or taken to be
 * left, even that is too much.
 */
export const LEAST_FOR_EXEC = 8 * MIB;

/**
 * Whether it is worth an exec to ask the pod's containers as well: where the API does not say what is in use, and where
 * it leaves no room by what it says, which has a part of the file cache in it.
 */
export function isWorthAsking(
  room: Room,
  isRunning: boolean,
): room is Exclude<Room, { readonly kind: 'unlimited' }> {
  if (room.kind === 'unlimited' || bytesLeft(room) < LEAST_FOR_EXEC) return false;
  return room.kind === 'unknown' || admission(room, isRunning).kind === 'keep-out';
}

/** What a pod has left that has a limit; where its use is not known, what is taken to be. */
export function bytesLeft(room: Exclude<Room, { readonly kind: 'unlimited' }>): number {
  return room.kind === 'known'
    ? Math.max(0, room.limitBytes - room.usedBytes)
    : Math.floor(room.limitBytes * ASSUMED_FREE);
}

/** The smallest that a run gets: where the user wants it in a pod that has no room, or on a node that is short of it. */
export const LEAST_BUDGET: Budget = { ...FULL_BUDGET, memoryBytes: LEAST_BYTES };

/**
 * A diagnosis takes 0.4 to 0.8 s of CPU (test/bench/cost.ts), and the start of its container 0.1 s. Below this limit that
 * is all that the pod gets for ten seconds or longer, and the application gets the leavings.
 */
export const LEAST_MILLI_CPUS = 50;
