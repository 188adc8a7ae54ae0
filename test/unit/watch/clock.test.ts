import { expect, it } from 'vitest';
import { SteadyClock } from '../../../src/watch/clock.ts';

it('goes on by itself when the time of day is set, and counts the sleep of its machine', () => {
  const now = { day: 1_700_000_000_000, awake: 5000, always: 90_000 };
  const clock = new SteadyClock({ day: () => now.day, awake: () => now.awake, always: () => now.always });
  const pass = (ms: number): void => {
    now.day += ms;
    now.awake += ms;
    now.always += Math.round(ms / 1000) * 1000;
  };
  expect(clock.now()).toBe(1_700_000_000_000);
  pass(1400);
  expect(clock.now()).toBe(1_700_000_001_400);
  now.day -= 3_600_000;
  pass(600);
  expect(clock.now()).toBe(1_700_000_002_000);
  now.day += 7_200_000;
  expect(clock.now()).toBe(1_700_000_002_000);
  // Asleep for an hour.
  now.always += 3_600_000;
  expect(clock.now()).toBe(1_700_003_602_000);
  pass(1000);
  expect(clock.now()).toBe(1_700_003_603_000);
});
