import type { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import type { Channel, RunOptions } from '../../../src/channels/channel.ts';
import { ChannelError } from '../../../src/channels/channel.ts';
import type { PathInput, Place } from '../../../src/checks/path/facts.ts';
import { CHECKS } from '../../../src/checks/registry.ts';
import { FULL_BUDGET } from '../../../src/model/budget.ts';
import type { Bundle } from '../../../src/model/bundle.ts';
import type { PlaceSession, PlacesContext } from '../../../src/run/places.ts';
import { withPlaces } from '../../../src/run/places.ts';
import { destination } from '../checks/results.ts';

const podPlace = (id: string): Place => ({
  id,
  label: `pod/${id}`,
  pod: { namespace: 'n', name: id },
  isTarget: false,
});
const targetPlace: Place = { id: 'target', label: 'pod/target', isTarget: true };
/** One connection that passes all of these. */
const pathCheck = (...places: Place[]) => {
  const way = places.map(({ id }) => ({ id, role: 'node' as const }));
  const routes = [{ destination: destination(), places: way }];
  return [{ check: CHECKS.path as never, input: { places, routes } satisfies PathInput }];
};

const never = new AbortController().signal;

function contextOf(session: PlaceSession, more: Partial<PlacesContext> = {}): PlacesContext {
  return {
    session,
    progress: { show: () => undefined, note: () => undefined },
    signal: never,
    openLimitMs: 5000,
    open: () => Promise.reject(new Error('nobody opens here')),
    ...more,
  };
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

function session({ failsPlan, listening }: Fate = {}): PlaceSession {
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
  return { channel, budget: FULL_BUDGET, notes: [], close: vi.fn(async () => undefined) };
}

const pathOf = ({ checks }: Bundle) => {
  const { input: told, evidence } = checks[0] ?? {};
  return { places: (told as PathInput).places, evidence: Object.keys(evidence ?? {}) };
};

describe('places beside the target', () => {
  const work = async () => {
    // What ends by itself has ended by then.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    return bundle();
  };

  it.each<[string, Fate, string]>([
    ['cannot be asked at the end', { failsPlan: 2 }, 'the stream broke off'],
    ['has broken off meanwhile', { listening: 'breaks' }, 'the stream broke off'],
    ['has failed meanwhile', { listening: 'fails' }, 'tcpdump ended with code 1'],
  ])('do not lose the run when one %s: it was not watched', async (_what, fate, reason) => {
    const other = session();
    const run = withPlaces(
      pathCheck(targetPlace, podPlace('a')),
      contextOf(session(fate), { open: async () => other }),
      work,
    );
    const { places, evidence } = pathOf(await run);
    expect(places).toEqual([{ ...targetPlace, unwatched: reason }, podPlace('a')]);
    expect(evidence.filter((id) => id.startsWith('target-'))).toEqual([]);
    expect(evidence).toContain('a-seen');
    expect(other.close).toHaveBeenCalledOnce();
  });

  it('do not lose the run when one does not open in time', async () => {
    const open: PlacesContext['open'] = (_where, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    const context = contextOf(session(), { open, openLimitMs: 20 });
    const { places } = pathOf(await withPlaces(pathCheck(targetPlace, podPlace('a')), context, work));
    expect(places).toEqual([targetPlace, { ...podPlace('a'), unwatched: 'it did not open within 0 s' }]);
  });

  it('were watched also when a listener has seen enough', async () => {
    const target = session({ listening: 'has seen enough' });
    const { places, evidence } = pathOf(await withPlaces(pathCheck(targetPlace), contextOf(target), work));
    expect(places).toEqual([targetPlace]);
    expect(evidence).toContain('target-seen');
    expect(target.close).not.toHaveBeenCalled();
  });

  it('are all closed when the run is aborted, also one that opens late', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const late = session();
    const opening = Promise.withResolvers<PlaceSession>();
    const open = vi
      .fn<PlacesContext['open']>()
      .mockImplementationOnce(async () => {
        abort.abort(reason);
        setImmediate(() => opening.resolve(late));
        throw reason;
      })
      .mockImplementationOnce(() => opening.promise);
    const context = contextOf(session(), { open, signal: abort.signal });
    await expect(withPlaces(pathCheck(podPlace('a'), podPlace('b')), context, work)).rejects.toBe(reason);
    expect(late.close).toHaveBeenCalledOnce();
  });

  /** A node with a follower and a watcher, which says what it has seen when it is told to end. */
  const watched = () => {
    const place = { id: 'p', label: 'node/n', node: 'n', isTarget: false };
    const routes = [{ destination: destination(), places: [{ id: 'p', role: 'node' as const }] }];
    const watchers = [{ id: 'd', node: 'n' }];
    return [
      { check: CHECKS.path as never, input: { places: [place], routes, watchers } satisfies PathInput },
    ];
  };
  const seenIn = ({ checks }: Bundle, id: string) => checks[0]?.evidence[id]?.stdout;

  it('of one node share a session, and a watcher is told to end and heard out', async () => {
    const node = session();
    const { run } = node.channel;
    const told: string[] = [];
    let finish = (): void => undefined;
    node.channel.run = (argv, options) => {
      if (argv.includes('kill "$1"')) {
        told.push(argv.at(-1) ?? '');
        finish();
        return Promise.resolve(0);
      }
      if (!argv.includes('nettools-drops')) return run(argv, options);
      options.stderr?.write('process 4711\n');
      options.stdout?.write('{"watching":{}}\n');
      return new Promise((resolve) => {
        finish = () => {
          options.stdout?.write('the end');
          setImmediate(() => resolve(0));
        };
      });
    };
    const open = vi.fn(async () => node);
    const result = await withPlaces(watched(), contextOf(session(), { open }), work);
    expect(open).toHaveBeenCalledOnce();
    expect(node.close).toHaveBeenCalledOnce();
    expect(told).toEqual(['4711']);
    expect(seenIn(result, 'd-seen')).toBe('{"watching":{}}\nthe end');
  });

  it('of a node whose kernel refuses the program are followed as before', async () => {
    const node = session();
    const { run } = node.channel;
    node.channel.run = (argv, options) => {
      if (!argv.includes('nettools-drops')) return run(argv, options);
      options.stderr?.write('process 4711\ncapability: the kernel refuses the program\n');
      return Promise.resolve(3);
    };
    const context = contextOf(session(), { open: async () => node });
    const { checks } = await withPlaces(watched(), context, work);
    const told = checks[0]?.input as PathInput | undefined;
    expect(told?.watchers).toEqual([{ id: 'd', node: 'n', unwatched: 'the kernel refuses the program' }]);
    expect(told?.places[0]).not.toHaveProperty('unwatched');
    expect(checks[0]?.evidence).toHaveProperty('p-seen');
  });
});
