/** The room of a pod in words. Pure. */
import type { Pod } from '../kube/types.ts';
import { type Budget, FULL_BUDGET } from '../model/budget.ts';
import { type Admission, bytesLeft } from './budget.ts';
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
    : `has a limit of ${floor(room.limitBytes)}, and how much of it is in use is not known (${room.reason})`;
}

/** What a session would have to find, as a clause. */
export function needWords({ needBytes }: KeptOut): string {
  return `a session in it needs ${ceil(needBytes)} free, or the kernel might kill the application`;
}

/** Why a session stays out of a pod; no full stop. */
export function noRoomWords(pod: Pod, room: Room, answer: KeptOut): string {
  return `pod "${pod.metadata?.name}" ${roomWords(room)}: ${needWords(answer)}`;
}

/** What helps. @param byNode how its node is used instead, as a clause; absent: it cannot be */
export function noRoomHint({ needBytes, leftBytes }: KeptOut, byNode?: string): string {
  const more = `A memory limit higher by ${ceil(needBytes - leftBytes)} makes room for it`;
  return [more, ...(byNode === undefined ? [] : [byNode]), 'and --via pod goes in all the same.'].join(', ');
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
