/** What a pod has left, in words. Pure. */

import { type Budget, FULL_BUDGET } from '../model/budget.ts';
import type { Pod } from '../model/kube-objects.ts';
import { type Admission, bytesLeft, LEAST_MILLI_CPUS } from './budget.ts';
import type { Room } from './room.ts';

export type KeptOut = Extract<Admission, { readonly kind: 'keep-out' }>;

const MIB = 1024 ** 2;

/** Whole MiB: what is left rounded down, what is needed rounded up. */
const floor = (bytes: number): string => `${Math.floor(bytes / MIB)} MiB`;
const ceil = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;

/** `has 16 MiB left of 96 MiB`, to go on after the pod's name; empty for one without a limit. */
export function roomWords(room: Room): string {
  if (room.kind === 'unlimited') return '';
  const left = floor(bytesLeft(room));
  return room.kind === 'known'
    ? `has ${left} left of ${floor(room.limitBytes)}`
    : `has a limit of ${floor(room.limitBytes)}, but how much of it is in use is not known (${room.reason})`;
}

/** What a pod has too little of, in clauses. */
export interface Shortage {
  /** To go on after the pod's name. */
  readonly state: string;
  readonly need: string;
  readonly remedy: string;
}

export function memoryShortage(room: Room, { needBytes, leftBytes }: KeptOut): Shortage {
  return {
    state: roomWords(room),
    need: `a session in it needs ${ceil(needBytes)} free, or the kernel might kill the application`,
    remedy: `Raising its memory limit by ${ceil(needBytes - leftBytes)} makes room for it`,
  };
}

export function cpuShortage(milliCpus: number): Shortage {
  return {
    state: cpuWords(milliCpus),
    need: `a session in it needs ${LEAST_MILLI_CPUS}m, or the application would have to wait for seconds`,
    remedy: `A CPU limit of at least ${LEAST_MILLI_CPUS}m makes room for it`,
  };
}

/** To go on after the pod's name. */
export function cpuWords(milliCpus: number): string {
  return `has a CPU limit of ${milliCpus}m`;
}

/** Why a session stays out of a pod; no full stop. */
export function noRoomWords(pod: Pod, { state, need }: Shortage): string {
  return `pod "${pod.metadata?.name}" ${state}: ${need}`;
}

/** What helps. @param byNode how its node is used instead, as a clause; absent: it cannot be */
export function noRoomHint({ remedy }: Shortage, byNode?: string): string {
  return [remedy, ...(byNode === undefined ? [] : [byNode]), 'and --via pod goes in anyway.'].join(', ');
}

/** What to tell of a session that may take less than usual. */
export function budgetNotes(room: Room, { memoryBytes }: Budget): string[] {
  if (room.kind === 'unlimited' || memoryBytes === FULL_BUDGET.memoryBytes) return [];
  return [`the pod ${roomWords(room)}: ${budgetWords({ memoryBytes })}`];
}

/** As a clause. */
export function budgetWords({ memoryBytes }: Pick<Budget, 'memoryBytes'>): string {
  return `a run takes at most ${floor(memoryBytes)} of it`;
}
