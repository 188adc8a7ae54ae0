import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Channel } from '../../../src/channels/channel.ts';
import { FULL_BUDGET } from '../../../src/model/budget.ts';
import type { Check } from '../../../src/model/check.ts';
import { UserError } from '../../../src/model/errors.ts';
import type { Progress } from '../../../src/model/progress.ts';
import { type Deadline, withDeadline } from '../../../src/open/deadline.ts';
import { gatherChecks } from '../../../src/run/gather-checks.ts';
import type { Session } from '../../../src/targets/session.ts';

const silent: Progress = { show: () => undefined, note: () => undefined };
const never = new AbortController().signal;

const untilAborted = ({ signal }: { signal?: AbortSignal | undefined }): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });

/** A target that takes every command and answers nothing. */
const stuck: Channel = {
  run: (_argv, options) => untilAborted(options),
  runWithInput: (_argv, _input, options) => untilAborted(options),
};
const session: Session = {
  channel: stuck,
  info: { kind: 'pod', name: 'web', address: '' },
  budget: FULL_BUDGET,
  notes: [],
  close: async () => undefined,
};

const context = (deadline: Deadline) => ({
  session,
  startedAt: new Date(),
  startedMs: performance.now(),
  deadline,
});
/** A check that may take 40 s by its own limits. */
const slow = {
  id: 'routing',
  findings: [],
  plan: () => ({ before: [], probe: [{ id: 'c', argv: ['true'], timeoutSeconds: 40 }], after: [] }),
  judge: () => {
    throw new Error('nothing came back');
  },
} satisfies Check<undefined>;
const checks = [{ check: slow, input: undefined }];

/** What came of it after so many seconds; `undefined` while it goes on. */
async function outcomeAfter(seconds: number, work: Promise<unknown>): Promise<unknown> {
  let outcome: unknown;
  work.then(
    (value) => {
      outcome = value;
    },
    (error: unknown) => {
      outcome = error;
    },
  );
  await vi.advanceTimersByTimeAsync(seconds * 1000);
  return outcome;
}

describe('withDeadline', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('says what was waited for, with exit code 3', async () => {
    const work = withDeadline({ timeoutMs: 60_000 }, never, silent, (deadline) => {
      deadline.progress.show('starting the ephemeral container: ContainerCreating');
      return untilAborted(deadline);
    });
    const error = await outcomeAfter(60, work);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      message: 'time is up after 60 s: still starting the ephemeral container: ContainerCreating.',
      exitCode: 3,
      hint: 'If it is slow rather than stuck, set a longer --timeout.',
    });
  });

  it('does not wait for ever for things to be put back, and says what may be left', async () => {
    const work = withDeadline({ timeoutMs: 60_000 }, never, silent, async (deadline) => {
      deadline.progress.show('checking arp');
      await untilAborted(deadline).finally(() => new Promise(() => undefined));
    });
    expect(await outcomeAfter(89, work)).toBeUndefined();
    expect(await outcomeAfter(1, work)).toMatchObject({
      message:
        'time is up after 60 s: still checking arp; cleaning up took more than 30 s, so a pod or container of this command may be left behind; it ends by itself ("kubectl nettools sessions ls" shows it).',
      exitCode: 3,
    });
  });

  it('waits for things to be put back', async () => {
    const work = withDeadline({ timeoutMs: 60_000 }, never, silent, (deadline) =>
      untilAborted(deadline).finally(() => new Promise((resolve) => setTimeout(resolve, 29_000))),
    );
    expect(await outcomeAfter(88, work)).toBeUndefined();
    expect(await outcomeAfter(1, work)).toMatchObject({
      message: 'time is up after 60 s: still looking for the target.',
    });
  });

  it("keeps the user's limit, whatever the checks may take", async () => {
    const work = withDeadline({ timeoutMs: 50_000, limitMs: 50_000 }, never, silent, (deadline) =>
      gatherChecks(checks, context(deadline)),
    );
    expect(await outcomeAfter(49, work)).toBeUndefined();
    expect(await outcomeAfter(1, work)).toMatchObject({
      message: expect.stringContaining('time is up after 50 s'),
    });
  });

  it('leaves the checks their own time where the user has set none', async () => {
    const work = withDeadline({ timeoutMs: 60_000 }, never, silent, (deadline) =>
      gatherChecks(checks, context(deadline)),
    );
    expect(await outcomeAfter(113, work)).toBeUndefined();
    expect(await outcomeAfter(1, work)).toBeInstanceOf(UserError);
  });

  it('ends with the command, and not before', async () => {
    const interrupt = new AbortController();
    const work = withDeadline({ timeoutMs: 1000 }, interrupt.signal, silent, (deadline) => {
      deadline.lift();
      return untilAborted(deadline);
    });
    expect(await outcomeAfter(3600, work)).toBeUndefined();
    interrupt.abort(new Error('Ctrl-C'));
    await expect(work).rejects.toThrow('Ctrl-C');
  });

  it('takes a limit that is longer than a timer can be', async () => {
    const month = 40 * 24 * 3_600_000;
    const work = withDeadline({ timeoutMs: month, limitMs: month }, never, silent, untilAborted);
    expect(await outcomeAfter(3600, work)).toBeUndefined();
  });
});
