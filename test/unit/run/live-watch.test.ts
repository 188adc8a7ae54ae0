import type { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { type Channel, ChannelError, type RunOptions } from '../../../src/channels/channel.ts';
import drops from '../../../src/checks/drops/check.ts';
import type { DropsInput } from '../../../src/checks/drops/facts.ts';
import { FULL_BUDGET } from '../../../src/model/budget.ts';
import type { LiveView } from '../../../src/model/live.ts';
import { watchLive } from '../../../src/run/live-watch.ts';
import { OWN, watchText } from '../checks/drops/watch.ts';

const input: DropsInput = {
  durationMs: 1000,
  scope: 'machine',
  isHost: true,
  root: '',
  peers: [],
  own: [],
  names: {},
};
const checks = [{ check: drops as never, input }];
const never = new AbortController().signal;

const [BEGIN = '', ...RESULT] = watchText([{ reason: 'NETFILTER_DROP', packets: 3 }]).split(/(?<=\n)/);
const NEWS = `${JSON.stringify({ now: { seconds: 1, places: [{ site: 0, reason: 'NETFILTER_DROP', function: 'f', namespace: OWN, packets: 2 }], flows: [] } })}\n`;

interface Fate {
  /** What the watcher does once it has printed its news; resolves to its exit code. */
  readonly goOn: (options: RunOptions) => Promise<number>;
}

function channelOf({ goOn }: Fate) {
  const plans: string[] = [];
  const commands: (readonly string[])[] = [];
  const channel: Channel = {
    run: async (argv, options) => {
      commands.push(argv);
      // A line comes in pieces.
      for (const piece of [BEGIN, NEWS.slice(0, 20), NEWS.slice(20)]) options.stdout.write(piece);
      return goOn(options);
    },
    runWithInput: async (_argv, text, { stdout }) => {
      plans.push(text);
      for (const [, id] of text.matchAll(/^cmd (\S+) \d+ \d+$/gm))
        stdout.write(`nettools-result ${id} exited 0 1 1 0 0 0\n\n`);
      stdout.write('nettools-done\n');
      return 0;
    },
  };
  return { channel, plans, commands };
}

/** Ends by a line on stdin, as the watcher does. */
const untilTold = async ({ stdin, stdout }: RunOptions): Promise<number> => {
  await new Promise((resolve) => (stdin as Readable).once('data', resolve));
  stdout.write(RESULT.join(''));
  return 0;
};

const sink = (enough: AbortSignal) => ({
  during: <T>(watch: (enough: AbortSignal) => Promise<T>): Promise<T> => watch(enough),
  show: vi.fn<(view: LiveView) => void>(),
});

describe('a watch that somebody looks at', () => {
  it('shows what it has seen, and gives what it printed as its result', async () => {
    const live = sink(never);
    const { channel, commands, plans } = channelOf({
      goOn: async ({ stdout }) => {
        stdout.write(RESULT.join(''));
        return 0;
      },
    });
    const seen = await watchLive(checks, channel, { signal: never, budget: FULL_BUDGET, live });
    expect(live.show).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ summary: '2 packets that may matter, 0 harmless' }),
    );
    expect(commands).toEqual([['nettools-drops', '--for', '1', '--machine', '--live']]);
    expect(seen?.['drops']).toMatchObject({ status: 'exited', code: 0, stdout: [BEGIN, ...RESULT].join('') });
    // Names once for the table, once for the report; the rules, which are many, before and after.
    const idsOf = (plan = '') => [...plan.matchAll(/^cmd ([a-z][\w-]*) /gm)].map(([, id]) => id);
    const [before, table, after, ...more] = plans.map(idsOf);
    expect(more).toEqual([]);
    expect(table).toEqual(['namespaces']);
    expect(after).toEqual([...(before ?? []).map((id) => id?.replace('before', 'after')), 'namespaces']);
    expect(Object.keys(seen ?? {})).toEqual([...(before ?? []), 'drops', ...(after ?? [])]);
  });

  it.each(['before', 'after'])(
    'ends early, with its whole result, when it has been seen enough %s it began',
    async (when) => {
      const enough = new AbortController();
      if (when === 'before') enough.abort();
      const { channel } = channelOf({
        goOn: (options) => {
          setImmediate(() => enough.abort());
          return untilTold(options);
        },
      });
      const options = { signal: never, budget: FULL_BUDGET, live: sink(enough.signal) };
      const seen = await watchLive(checks, channel, options);
      expect(seen?.['drops']?.stdout).toContain('"end"');
    },
  );

  it('fails as its channel does, and as the run is ended', async () => {
    const lost = new ChannelError('lost', 'the stream broke off');
    const options = { signal: never, budget: FULL_BUDGET, live: sink(never) };
    const broken = channelOf({ goOn: () => Promise.reject(lost) });
    await expect(watchLive(checks, broken.channel, options)).rejects.toBe(lost);
  });

  it('keeps what the command says of why it cannot watch', async () => {
    const { channel } = channelOf({
      goOn: async ({ stderr }) => {
        stderr?.write('no-btf: the kernel does not describe its types\n');
        return 3;
      },
    });
    const options = { signal: never, budget: FULL_BUDGET, live: sink(never) };
    const seen = await watchLive(checks, channel, options);
    expect(seen?.['drops']).toMatchObject({ code: 3, stderr: expect.stringContaining('no-btf') });
  });

  it('carries no more than a run does', async () => {
    const { channel } = channelOf({
      goOn: async ({ stdout }) => {
        for (let i = 0; i < 30; i++) stdout.write(`${'x'.repeat(50_000)}\n`);
        return 0;
      },
    });
    const options = { signal: never, budget: FULL_BUDGET, live: sink(never) };
    const seen = await watchLive(checks, channel, options);
    expect(seen?.['drops']?.truncated).toBe(true);
    expect(seen?.['drops']?.stdout.length).toBeLessThan(1_100_000);
  });

  it('is nothing where several checks run, or one that cannot be looked at', async () => {
    const { channel } = channelOf({ goOn: untilTold });
    const options = { signal: never, budget: FULL_BUDGET, live: sink(never) };
    expect(await watchLive([...checks, ...checks], channel, options)).toBeUndefined();
    const { live: _, ...other } = drops;
    expect(await watchLive([{ check: other as never, input }], channel, options)).toBeUndefined();
  });
});
