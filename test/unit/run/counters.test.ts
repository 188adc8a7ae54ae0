import type { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Channel, ChannelError } from '../../../src/channels/channel.ts';
import { CHECKS } from '../../../src/checks/registry.ts';
import type { Bundle } from '../../../src/model/bundle.ts';
import type { Evidence } from '../../../src/model/evidence.ts';
import { withPlaces } from '../../../src/run/places.ts';

const limited = [{ id: 'cpu0', namespace: 'n', pod: 'web', container: 'app', limit: '250m' }];
const checks = [{ check: CHECKS.latency as never, input: { limited } }];
const bundle = { checks: [{ id: 'latency', input: { limited }, evidence: {}, durationMs: 0 }] };

/** Prints one text after the other; a text that is absent is a failure. */
const printing = (...texts: readonly (string | undefined)[]): Channel => {
  const left = [...texts];
  return {
    run: async (_argv, { stdout }) => {
      const text = left.shift();
      if (text === undefined) throw new ChannelError('failed', "the container's runtime failed");
      await new Promise((resolve) => (stdout as Writable).end(text, () => resolve(undefined)));
      return 1;
    },
    runWithInput: () => Promise.reject(new Error('nothing is read')),
  };
};

const stat = (seconds: number, throttled: number): string =>
  `${seconds.toFixed(2)} 1.00\n25000 100000\nnr_throttled ${throttled}\nthrottled_usec ${throttled * 70_000}\n`;

async function read(channel: Channel | Error, work = async () => bundle as unknown as Bundle) {
  const joined = await withPlaces(
    checks,
    {
      session: { channel: printing(), close: async () => undefined },
      progress: { show: () => undefined, note: () => undefined },
      signal: new AbortController().signal,
      openLimitMs: 5000,
      open: async () => {
        if (channel instanceof Error) throw channel;
        return { channel, close: async () => undefined };
      },
    },
    work,
  );
  const [{ evidence, input } = { evidence: {}, input: {} }] = joined.checks;
  return {
    evidence: evidence as Evidence,
    limited: (input as { limited: readonly { unread?: string }[] }).limited,
  };
}

describe('counters of a container', () => {
  it('are read before the probes and after them, whatever the program ends with', async () => {
    const { evidence, limited: told } = await read(printing(stat(10, 3), stat(13, 3)));
    expect(Object.keys(evidence)).toEqual(['cpu0-first', 'cpu0-second']);
    expect(evidence['cpu0-second']).toMatchObject({
      command: ['cat', 'cpu.stat'],
      stdout: stat(13, 3),
      code: 1,
    });
    expect(told[0]?.unread).toBeUndefined();
  });

  it('are read once more after a rest, where they say that it was stopped', async () => {
    const started = performance.now();
    const { evidence } = await read(printing(stat(10, 3), stat(13, 33), stat(14, 43)));
    expect(Object.keys(evidence)).toEqual(['cpu0-first', 'cpu0-second', 'cpu0-third']);
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
  });

  it.each([
    ['it cannot be opened', new Error('you may not'), 'you may not'],
    ['its image has no such program', printing(undefined), "the container's runtime failed"],
    ['it is gone afterwards', printing(stat(10, 3), undefined), "the container's runtime failed"],
  ])('lose nothing of a run where %s', async (_what, channel, unread) => {
    const { evidence, limited: told } = await read(channel);
    expect(evidence).toEqual({});
    expect(told).toMatchObject([{ unread }]);
  });

  it('keep no probe waiting', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = printing(stat(10, 3), stat(13, 3));
    const slow: Channel = {
      ...first,
      run: async (argv, options) => {
        await promise;
        return first.run(argv, options);
      },
    };
    const { evidence } = await read(slow, async () => {
      resolve();
      return bundle as unknown as Bundle;
    });
    expect(Object.keys(evidence)).toHaveLength(2);
  });
});
