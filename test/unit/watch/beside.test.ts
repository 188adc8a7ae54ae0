import { expect, it } from 'vitest';
import { askedFor } from '../../../src/watch/asked.ts';
import { Beside } from '../../../src/watch/beside.ts';

it('does one after the other, ends with the last, and queues a thing that waits only once', async () => {
  const done: string[] = [];
  const failed: unknown[] = [];
  const beside = new Beside((error) => failed.push(error));
  let open = (): void => undefined;
  beside.add(() => new Promise((resolve) => (open = resolve)));
  for (let i = 0; i < 1000; i++) beside.addOnce('look', async () => void done.push(`look ${i}`));
  beside.add(() => Promise.reject(new Error('no')));
  beside.add(async () => {
    done.push('last');
    beside.addOnce('look', async () => void done.push('look again'));
  });
  await Promise.resolve();
  open();
  await beside.end();
  expect(done).toEqual(['look 0', 'last', 'look again']);
  expect(failed).toEqual([new Error('no')]);
});

it.each([
  ['10.0.0.1:8080', ['10.0.0.1:80', '10.0.0.1:8080'], '10.0.0.1:8080'],
  ['10.0.0.1:8080', ['10.0.0.1:8080', '10.0.0.1:80'], '10.0.0.1:8080'],
  ['svc/db:5432 → db-0', ['svc/d', 'svc/db'], 'svc/db'],
  ['other', ['svc/db'], 'other'],
])('%s of %j is of %s', (destination, asked, expected) => {
  expect(askedFor(destination, asked)).toBe(expected);
});
