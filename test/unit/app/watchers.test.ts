import type { Writable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Progress } from '../../../src/app/progress.ts';
import { withWatchers } from '../../../src/app/watchers.ts';
import type { Channel, RunOptions } from '../../../src/channels/channel.ts';
import { ChannelError } from '../../../src/channels/channel.ts';
import type { PathInput, Place } from '../../../src/checks/path/facts.ts';
import type { InputContext } from '../../../src/cluster/context.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Bundle } from '../../../src/model/bundle.ts';
import { openPodSession } from '../../../src/targets/pod.ts';
import type { Session } from '../../../src/targets/session.ts';

vi.mock('../../../src/targets/pod.ts', async (original) => ({
  ...(await original<typeof import('../../../src/targets/pod.ts')>()),
  openPodSession: vi.fn(),
}));

afterEach(() => vi.mocked(openPodSession).mockReset());

const progress = { show: () => undefined } as unknown as Progress;
const podPlace = (id: string): Place => ({
  id,
  label: `pod/${id}`,
  pod: { namespace: 'n', name: id },
  isTarget: false,
});
const targetPlace: Place = { id: 'target', label: 'pod/target', isTarget: true };
const input = (...places: Place[]): PathInput => ({ places, routes: [] });

const client = { get: async () => ({ metadata: {} }) } as unknown as KubeClient;

function contextOf(signal: AbortSignal): InputContext {
  return { subject: {}, args: { session: {} }, asked: [], signal } as unknown as InputContext;
}

const bundle = (): Promise<Bundle> =>
  Promise.resolve({ checks: [{ id: 'path', input: {}, evidence: {}, durationMs: 0 }] } as unknown as Bundle);

/** The results of a plan, each empty, as the runner frames them. */
function ranPlan(text: string, stdout: Writable): void {
  for (const [, id] of text.matchAll(/^cmd (\S+) \d+ \d+$/gm))
    stdout.write(`nettools-result ${id} exited 0 1 1 0 0 0\n\n`);
  stdout.write('nettools-done\n');
}

interface Fate {
  /** Fails the plan with this number. */
  readonly failsPlan?: number;
  /** How the listening ends by itself once it has begun. */
  readonly listening?: 'breaks' | 'fails' | 'has seen enough';
}

function session({ failsPlan, listening }: Fate = {}): Session {
  let plans = 0;
  const broken = new ChannelError('lost', 'the stream broke off');
  const channel: Channel = {
    async runWithInput(_argv, text, { stdout }) {
      plans += 1;
      if (plans === failsPlan) throw broken;
      ranPlan(text, stdout);
      return 0;
    },
    run: (_argv, { stderr, signal }: RunOptions) =>
      new Promise((resolve, reject) => {
        stderr?.write('listening on any\n');
        signal?.addEventListener('abort', () => reject(signal.reason));
        if (listening === 'breaks') setImmediate(() => reject(broken));
        if (listening === 'fails') setImmediate(() => resolve(1));
        if (listening === 'has seen enough') setImmediate(() => resolve(0));
      }),
  };
  return {
    channel,
    info: { kind: 'pod' },
    notes: [],
    close: vi.fn(async () => undefined),
  } as unknown as Session;
}

const pathOf = ({ checks }: Bundle) => {
  const { input: told, evidence } = checks[0] ?? {};
  return { places: (told as PathInput).places, evidence: Object.keys(evidence ?? {}) };
};

describe('listeners on the way', () => {
  const work = async () => {
    // What ends by itself has ended by then.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    return bundle();
  };
  const signal = new AbortController().signal;

  it.each<[string, Fate, string]>([
    ['cannot be asked at the end', { failsPlan: 2 }, 'the stream broke off'],
    ['has broken off meanwhile', { listening: 'breaks' }, 'the stream broke off'],
    ['has failed meanwhile', { listening: 'fails' }, 'tcpdump ended with code 1'],
  ])('do not lose the run when one %s: its place was not watched', async (_what, fate, reason) => {
    const other = session();
    vi.mocked(openPodSession).mockResolvedValue(other);
    const run = withWatchers(
      input(targetPlace, podPlace('a')),
      { context: contextOf(signal), session: session(fate), progress, client },
      work,
    );
    const { places, evidence } = pathOf(await run);
    expect(places).toEqual([{ ...targetPlace, unwatched: reason }, podPlace('a')]);
    expect(evidence.filter((id) => id.startsWith('target-'))).toEqual([]);
    expect(evidence).toContain('a-seen');
    expect(other.close).toHaveBeenCalledOnce();
  });

  it('have watched their place also when they have seen enough', async () => {
    const target = session({ listening: 'has seen enough' });
    const { places, evidence } = pathOf(
      await withWatchers(
        input(targetPlace),
        { context: contextOf(signal), session: target, progress, client },
        work,
      ),
    );
    expect(places).toEqual([targetPlace]);
    expect(evidence).toContain('target-seen');
  });

  it('are all closed when the run is aborted, also one that opens late', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const late = session();
    const opening = Promise.withResolvers<Session>();
    vi.mocked(openPodSession)
      .mockImplementationOnce(async () => {
        abort.abort(reason);
        setImmediate(() => opening.resolve(late));
        throw reason;
      })
      .mockImplementationOnce(() => opening.promise);
    const run = withWatchers(
      input(podPlace('a'), podPlace('b')),
      { context: contextOf(abort.signal), session: session(), progress, client },
      work,
    );
    await expect(run).rejects.toBe(reason);
    expect(late.close).toHaveBeenCalledOnce();
  });
});
