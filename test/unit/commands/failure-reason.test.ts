import { expect, it } from 'vitest';
import { reasonOf } from '../../../src/commands/failure-reason.ts';
import { InterruptedError, interruptible } from '../../../src/console/interrupt.ts';

it('tells a time that is over from somebody who interrupts', () => {
  expect(reasonOf(new InterruptedError('SIGALRM'))).toBe('the deadline passed before it was measured');
  expect(reasonOf(new InterruptedError('SIGINT'), 'it ended')).toBe('interrupted before it ended');
});

it('ends work whose time is over as an interrupt does', async () => {
  const code = await interruptible(async (signal) => {
    process.kill(process.pid, 'SIGALRM');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw signal.reason;
  });
  expect(code).toBe(128 + 14);
});
