import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FULL_BUDGET } from '../../../src/model/budget.ts';
import { admission, isWorthAsking, LEAST_BUDGET } from '../../../src/targets/budget.ts';
import type { Room } from '../../../src/targets/room.ts';

const MIB = 1024 ** 2;
const known = (limit: number, used: number): Room => ({
  kind: 'known',
  limitBytes: limit * MIB,
  usedBytes: used * MIB,
});
const unknown = (limit: number): Room => ({
  kind: 'unknown',
  limitBytes: limit * MIB,
  reason: 'it is secret',
});

describe('what a run may take of a pod', () => {
  it('is the full budget where there is no limit', () => {
    expect(admission({ kind: 'unlimited' }, false)).toEqual({ kind: 'enter', budget: FULL_BUDGET });
  });

  it.each<[string, Room, boolean, number]>([
    ['512 MiB are left', known(1024, 512), false, 24],
    ['51 MiB are left', known(64, 13), false, 24],
    ['50 MiB are left', known(64, 14), false, 23.5],
    ['38 MiB of 128 MiB are left', known(128, 90), false, 17.5],
    ['38 MiB are left and the session is in use already', known(128, 90), true, 19],
    ['27 MiB are left', known(64, 37), false, 12],
    ['24 MiB are left and the session is in use already', known(64, 40), true, 12],
    ['the use of 1 GiB is unknown', unknown(1024), false, 24],
    ['the use of 216 MiB is unknown', unknown(216), false, 12],
  ])('where %s', (_title, room, isRunning, mib) => {
    expect(admission(room, isRunning)).toEqual({
      kind: 'enter',
      budget: { processes: 16, memoryBytes: mib * MIB },
    });
  });

  it.each<[string, Room, boolean, number, number]>([
    ['24 MiB of 64 MiB are left', known(64, 40), false, 27, 24],
    ['16 MiB of 96 MiB are left', known(96, 80), false, 27, 16],
    ['26 MiB are left', known(64, 38), false, 27, 26],
    ['23 MiB are left and the session is in use already', known(64, 41), true, 24, 23],
    ['more is in use than may be', known(64, 65), false, 27, 0],
    ['the use of 208 MiB is unknown', unknown(208), false, 27, 26],
  ])('is nothing where %s', (_title, room, isRunning, need, left) => {
    expect(admission(room, isRunning)).toEqual({
      kind: 'keep-out',
      needBytes: need * MIB,
      leftBytes: left * MIB,
    });
  });

  it('is what the documents say', () => {
    const read = (path: string) => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');
    expect(read('README.md')).toContain('with less than 27 MiB left is measured **from its node**');
    const page = read('docs/namespaces.md');
    for (const words of ['no limit, or 51 MiB and more', '| 27 to 50 MiB |', 'from 216 MiB on']) {
      expect(page).toContain(words);
    }
  });

  it('is never less than a run can do with', () => {
    expect(LEAST_BUDGET).toEqual({ processes: 16, memoryBytes: 12 * MIB });
  });
});

describe('whether the containers are asked too', () => {
  it.each<[string, Room, boolean]>([
    ['there is no limit', { kind: 'unlimited' }, false],
    ['there is room', known(128, 90), false],
    ['there is none, but for the file cache perhaps', known(96, 80), true],
    ['there is none for so much as that', known(96, 90), false],
    ['the use is unknown', unknown(64), true],
    ['the use of a small limit is unknown', unknown(63), false],
    ['the use of a large limit is unknown', unknown(4096), true],
  ])('where %s: %j', (_title, room, answer) => {
    expect(isWorthAsking(room, false)).toBe(answer);
  });
});
