import { describe, expect, it } from 'vitest';
import { FULL_BUDGET } from '../../../src/model/budget.ts';
import { LEAST_BUDGET } from '../../../src/targets/budget.ts';
import type { Room } from '../../../src/targets/room.ts';
import {
  budgetNotes,
  cpuShortage,
  memoryShortage,
  noRoomHint,
  noRoomWords,
  roomWords,
} from '../../../src/targets/room-words.ts';
import { pod } from './pods.ts';

const MIB = 1024 ** 2;
const tight: Room = { kind: 'known', limitBytes: 96 * MIB, usedBytes: 80.5 * MIB };
const secret: Room = { kind: 'unknown', limitBytes: 96 * MIB, reason: 'the kubelet is silent' };

describe('a room in words', () => {
  it.each([
    [tight, 'has 15 MiB left of 96 MiB'],
    [secret, 'has a limit of 96 MiB, but how much of it is in use is not known (the kubelet is silent)'],
  ])('%j', (room, words) => {
    expect(roomWords(room)).toBe(words);
  });

  it('says what is needed, and what helps', () => {
    const answer = memoryShortage(tight, {
      kind: 'keep-out',
      needBytes: 21 * MIB,
      leftBytes: 15.5 * MIB,
    });
    expect(noRoomWords(pod(), answer)).toBe(
      'pod "web-0" has 15 MiB left of 96 MiB: a session in it needs 21 MiB free, or the kernel might kill the application',
    );
    expect(noRoomHint(answer)).toBe(
      'Raising its memory limit by 6 MiB makes room for it, and --via pod goes in anyway.',
    );
    expect(noRoomHint(answer, 'without -c its node is used')).toBe(
      'Raising its memory limit by 6 MiB makes room for it, without -c its node is used, and --via pod goes in anyway.',
    );
  });

  it('says the same of CPU', () => {
    const answer = cpuShortage(20);
    expect(noRoomWords(pod(), answer)).toBe(
      'pod "web-0" has a CPU limit of 20m: a session in it needs 50m, or the application would have to wait for seconds',
    );
    expect(noRoomHint(answer)).toBe(
      'A CPU limit of at least 50m makes room for it, and --via pod goes in anyway.',
    );
  });

  it('tells a smaller budget, and not the usual one', () => {
    expect(budgetNotes(tight, LEAST_BUDGET)).toEqual([
      'the pod has 15 MiB left of 96 MiB: a run takes at most 12 MiB of it',
    ]);
    expect(budgetNotes(tight, FULL_BUDGET)).toEqual([]);
    expect(budgetNotes({ kind: 'unlimited' }, FULL_BUDGET)).toEqual([]);
  });
});
