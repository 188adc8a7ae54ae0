import { describe, expect, it, vi } from 'vitest';
import { judge } from '../../../src/checks/report.ts';
import type { Bundle } from '../../../src/model/bundle.ts';
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
});
