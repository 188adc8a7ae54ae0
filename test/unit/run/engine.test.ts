import { describe, expect, it, vi } from 'vitest';
import type { RunOptions } from '../../../src/model/args.ts';
import { FULL_BUDGET } from '../../../src/model/budget.ts';
import type { RunEvent, RunRequest, RunTarget } from '../../../src/model/run.ts';
import type { FoundTarget } from '../../../src/open/found-target.ts';
import { run } from '../../../src/run/engine.ts';
import type { Session } from '../../../src/targets/session.ts';

const options = {
  connection: {},
  session: { timeoutMs: 5000 },
  to: [],
  names: [],
  thresholds: {},
  options: {},
} as unknown as RunOptions;
const never = new AbortController().signal;

const pod = (name: string): RunTarget => ({ spec: { kind: 'name', name } });
const nameOf = ({ spec }: RunTarget): string => ('name' in spec ? spec.name : '');

/** A target without a single command to answer: a routing check of it can still be judged. */
function found(
  name: string,
  open?: () => Promise<void>,
): { target: FoundTarget; close: () => Promise<void> } {
  const close = vi.fn(async () => undefined);
  const session: Session = {
    channel: {
      run: async () => 0,
      runWithInput: async (_argv, text, { stdout }) => {
        for (const [, id] of text.matchAll(/^cmd (\S+) \d+ \d+$/gm))
          stdout.write(`nettools-result ${id} exited 0 1 1 0 0 0\n\n`);
        stdout.write('nettools-done\n');
        return 0;
      },
    },
    info: { kind: 'pod', name, address: '' },
    budget: FULL_BUDGET,
    notes: [`a note of ${name}`],
    close,
  };
  const subject = { isHost: false, addresses: [] };
  return {
    close,
    target: {
      subject,
      open: async () => {
        await open?.();
        return session;
      },
    },
  };
}

const request = (targets: readonly RunTarget[], targetsAtOnce = 2): RunRequest => ({
  targets,
  checks: ['routing'],
  options,
  limits: { targetsAtOnce },
});

async function all(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const seen: RunEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

describe('a run', () => {
  it('ends with the report of its target, and closes the session', async () => {
    const { target, close } = found('web');
    const events = await all(run(request([pod('web')]), { find: async () => target }, never));
    expect(events.map(({ type }) => type).filter((type) => type !== 'stage')).toEqual([
      'note',
      'gathered',
      'report',
    ]);
    const last = events.at(-1);
    expect(last?.type === 'report' && last.report.target.name).toBe('web');
    expect(close).toHaveBeenCalledOnce();
  });

  it('goes on with the others when one target fails', async () => {
    const reason = new Error('no such pod');
    const events = await all(
      run(
        request([pod('a'), pod('b'), pod('c')]),
        {
          find: async (target) => {
            if (nameOf(target) === 'b') throw reason;
            return found(nameOf(target)).target;
          },
        },
        never,
      ),
    );
    const ends = events.filter(({ type }) => type === 'report' || type === 'failed');
    expect(ends.map(({ target, type }) => `${target} ${type}`).sort()).toEqual([
      '0 report',
      '1 failed',
      '2 report',
    ]);
    expect(events.find((event) => event.type === 'failed')).toMatchObject({ error: reason });
  });

  it('says what is known of a target beforehand, in its bundle and its report', async () => {
    const traits = { owner: 'deployment/web', zone: 'a' };
    const { target } = found('web');
    const events = await all(run(request([{ ...pod('web'), traits }]), { find: async () => target }, never));
    for (const event of events) {
      if (event.type === 'gathered') expect(event.bundle.target).toMatchObject(traits);
      if (event.type === 'report') expect(event.report.target).toMatchObject(traits);
    }
    expect(events.at(-1)?.type).toBe('report');
  });

  it('opens no more targets at once than it may', async () => {
    let open = 0;
    let most = 0;
    const find = async (target: RunTarget) =>
      found(nameOf(target), async () => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 5));
        open--;
      }).target;
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(pod);
    const events = await all(run(request(names, 3), { find }, never));
    expect(most).toBe(3);
    expect(events.filter(({ type }) => type === 'report')).toHaveLength(7);
  });

  it('tells of each target that had not ended when it is aborted', async () => {
    const abort = new AbortController();
    const reason = new Error('Ctrl-C');
    const find = async (target: RunTarget) => {
      if (nameOf(target) === 'a') return found('a').target;
      abort.abort(reason);
      throw reason;
    };
    const events = await all(run(request([pod('a'), pod('b'), pod('c')], 1), { find }, abort.signal));
    const ends = events.filter(({ type }) => type === 'report' || type === 'failed');
    expect(ends.map(({ target, type }) => `${target} ${type}`)).toEqual(['0 report', '1 failed', '2 failed']);
  });

  it('ends what still runs when nobody reads on', async () => {
    const waiting = Promise.withResolvers<void>();
    const { target, close } = found('slow', () => waiting.promise);
    const find = async (one: RunTarget, signal: AbortSignal) => {
      signal.addEventListener('abort', () => waiting.resolve());
      return nameOf(one) === 'slow' ? target : found('quick').target;
    };
    for await (const event of run(request([pod('quick'), pod('slow')]), { find }, never))
      if (event.type === 'report') break;
    expect(close).toHaveBeenCalledOnce();
  });
});
