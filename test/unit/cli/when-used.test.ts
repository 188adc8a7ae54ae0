import { expect, it } from 'vitest';
import { whenUsed } from '../../../src/cli/when-used.ts';

/** Has streams that are set up when they are asked for, as the process has. */
function owner() {
  let made = 0;
  const streams = { stderr: 'stderr' } as { readonly stdout: string; readonly stderr: string };
  Object.defineProperty(streams, 'stdout', {
    configurable: true,
    enumerable: true,
    get: () => {
      made++;
      return 'stdout';
    },
  });
  return { streams, made: () => made };
}

it('prepares a stream once, and not before it is asked for', () => {
  const { streams, made } = owner();
  const prepared: string[] = [];
  whenUsed(streams, 'stdout', (stream) => prepared.push(stream));
  expect([made(), prepared]).toEqual([0, []]);
  expect(streams.stdout).toBe('stdout');
  expect(prepared).toEqual(['stdout']);
  expect(streams.stdout).toBe('stdout');
  expect(prepared).toEqual(['stdout']);
});

it('prepares at once what is there already', () => {
  const prepared: string[] = [];
  whenUsed(owner().streams, 'stderr', (stream) => prepared.push(stream));
  expect(prepared).toEqual(['stderr']);
});
