import { describe, expect, it, vi } from 'vitest';
import { judge } from '../../../src/checks/report.ts';
import { UnreachableError } from '../../../src/kube/errors.ts';
import type { Bundle } from '../../../src/model/bundle.ts';
import { UserError } from '../../../src/model/errors.ts';
import { type Look, settled } from '../../../src/run/second-look.ts';
import { latencyBundle } from '../checks/latency-bundle.ts';

const look = (state: string, seen: Bundle): Look => ({
  stateOf: (check) => (check === 'latency' ? state : ''),
  gather: () => Promise.resolve(seen),
});

async function outcome(
  first: Look,
  second: Look | Error,
): Promise<{ seen: Bundle; asked: number; notes: string[] }> {
  const notes: string[] = [];
  const again = vi.fn(() => (second instanceof Error ? Promise.reject(second) : Promise.resolve(second)));
  const seen = await settled(first, {
    lookAgain: again,
    limitMs: 60_000,
    restMs: 0,
    progress: { show: () => undefined, note: (text) => notes.push(text) },
    signal: new AbortController().signal,
  });
  return { seen, asked: again.mock.calls.length, notes };
}

const healthy = latencyBundle('healthy');
const broken = latencyBundle('loss');

describe('settled', () => {
  it('looks at a change again, and says so', async () => {
    const { seen, notes } = await outcome(look('two endpoints', broken), look('one endpoint', healthy));
    expect(seen).toBe(healthy);
    expect(notes).toEqual(['the cluster changed while the probes ran: what they saw was checked again']);
  });

  it('looks twice at the most', async () => {
    const worse = latencyBundle('bufferbloat');
    const { seen, asked } = await outcome(look('two endpoints', broken), look('one endpoint', worse));
    expect(seen).toBe(worse);
    expect(asked).toBe(1);
  });

  it('does not ask the API where there is nothing to tell', async () => {
    expect(await outcome(look('a', healthy), look('b', broken))).toEqual({
      seen: healthy,
      asked: 0,
      notes: [],
    });
  });

  it('believes a fault in a cluster at rest', async () => {
    expect(await outcome(look('a', broken), look('a', healthy))).toEqual({
      seen: broken,
      asked: 1,
      notes: [],
    });
  });

  it('keeps what no rule can judge, for whoever saves it', async () => {
    const [check] = broken.checks;
    const odd = { ...broken, checks: [{ ...check, input: undefined }] } as unknown as Bundle;
    expect(() => judge(odd)).toThrow();
    expect(await outcome(look('a', odd), look('b', healthy))).toEqual({ seen: odd, asked: 0, notes: [] });
  });

  it('keeps what was seen of a destination that is gone, and says that it is', async () => {
    expect(await outcome(look('a', broken), new Error('pod "web" not found in namespace "shop"'))).toEqual({
      seen: broken,
      asked: 1,
      notes: [
        'this is what the probes saw; something has changed since: pod "web" not found in namespace "shop"',
      ],
    });
  });

  it('does not take an API server that is gone for a change', async () => {
    const { seen, notes } = await outcome(look('a', broken), new UnreachableError('nobody listens at x.'));
    expect(seen).toBe(broken);
    expect(notes).toEqual([
      'this is what the probes saw; whether anything has changed since is not known: nobody listens at x',
    ]);
  });

  it('waits for the API no longer than its limit', async () => {
    const notes: string[] = [];
    const seen = await settled(look('a', broken), {
      lookAgain: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
      limitMs: 20,
      restMs: 0,
      progress: { show: () => undefined, note: (text) => notes.push(text) },
      signal: new AbortController().signal,
    });
    expect(seen).toBe(broken);
    expect(notes).toEqual([
      'this is what the probes saw; whether anything has changed since is not known: the API server gave no answer within 0.02 s',
    ]);
  });

  it('keeps what was seen where the second look fails', async () => {
    const again: Look = { stateOf: () => 'b', gather: () => Promise.reject(new Error('the pod is gone.')) };
    const { seen, notes } = await outcome(look('a', broken), again);
    expect(seen).toBe(broken);
    expect(notes.at(-1)).toBe(
      'it could not be checked again; this is what the probes saw at first: the pod is gone',
    );
  });

  it.each([
    ['a limit keeps what was seen', new UserError('time is up.', 3), broken],
    ['whoever ends the command gets no report', new Error('interrupted by SIGINT'), undefined],
  ])('%s', async (_, reason, kept) => {
    const end = new AbortController();
    const again: Look = {
      stateOf: () => 'b',
      gather: () => {
        end.abort(reason);
        return Promise.reject(reason);
      },
    };
    const result = settled(look('a', broken), {
      lookAgain: () => Promise.resolve(again),
      limitMs: 60_000,
      restMs: 0,
      progress: { show: () => undefined, note: () => undefined },
      signal: end.signal,
    });
    if (kept === undefined) await expect(result).rejects.toBe(reason);
    else expect(await result).toBe(kept);
  });
});
