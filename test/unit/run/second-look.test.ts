import { describe, expect, it, vi } from 'vitest';
import { judge } from '../../../src/checks/report.ts';
import { UnreachableError } from '../../../src/kube/errors.ts';
import type { Bundle, GatheredCheck } from '../../../src/model/bundle.ts';
import { UserError } from '../../../src/model/errors.ts';
import { type Look, settled } from '../../../src/run/second-look.ts';
import { latencyBundle } from '../checks/latency-bundle.ts';
import { evidence, result } from '../checks/results.ts';

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
    pauseMs: () => 0,
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

  it('looks again where a Service has changed, and another check has found something', async () => {
    const [check] = broken.checks;
    if (check === undefined) throw new Error('no check');
    const service = {
      ...check,
      id: 'service',
      input: { services: [], node: '', addresses: [] },
      evidence: {},
    };
    const both: Bundle = { ...broken, checks: [...broken.checks, service] };
    const of = (state: string, seen: Bundle): Look => ({
      stateOf: (id) => (id === 'service' ? state : ''),
      gather: () => Promise.resolve(seen),
    });
    expect((await outcome(of('one endpoint', both), of('no endpoint', healthy))).seen).toBe(healthy);
    expect((await outcome(of('one endpoint', both), of('one endpoint', healthy))).seen).toBe(both);
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
      pauseMs: () => 0,
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
      pauseMs: () => 0,
      progress: { show: () => undefined, note: () => undefined },
      signal: end.signal,
    });
    if (kept === undefined) await expect(result).rejects.toBe(reason);
    else expect(await result).toBe(kept);
  });
});

describe('what may come of a moment of load', () => {
  const ANSWERED = 'ok 613\n';
  /** The target is the only endpoint of a Service, and its connection to the cluster IP was answered, or was not. */
  function hairpin(isAnswered: boolean): GatheredCheck {
    const tried = (ending: string) =>
      result(`address 198.51.100.1\ntry 400000\n${ending}`, { durationMs: 4000 });
    return {
      id: 'service',
      input: {
        services: [
          {
            ...{ id: 'svc0', label: 'svc/shop', namespace: 'default', name: 'shop', type: 'ClusterIP' },
            ...{ clusterIp: '198.51.100.100', protocol: 'tcp', port: 80, targetPort: '8080' },
            ...{ internalTrafficPolicy: 'Cluster', selector: 'app=shop', notReady: [], isPortUnnamed: false },
            endpoints: [{ address: '198.51.100.1', port: 8080, pod: 'a', otherPorts: [] }],
            ...{ ready: 1, leaving: 0, selected: 1 },
          },
        ],
        ...{ node: 'node1', addresses: ['198.51.100.1'], hasClusterDns: true },
      },
      evidence: evidence({
        'svc0-endpoint0-reach': tried(ANSWERED),
        'svc0-virtual0-reach': tried(isAnswered ? ANSWERED : ''),
        'svc0-name-reach': tried(ANSWERED),
        'svc0-name-again1-reach': tried(ANSWERED),
        'reference-reach': tried(ANSWERED),
        'reference-name-reach': tried(ANSWERED),
      }),
      durationMs: 4000,
    };
  }
  const bundleOf = (isAnswered: boolean): Bundle => ({ ...healthy, checks: [hairpin(isAnswered)] });
  const doubted: Bundle = { ...healthy, checks: [...healthy.checks, hairpin(false)] };
  const ids = (bundle: Bundle): string[] =>
    judge(bundle).checks.flatMap(({ findings }) =>
      findings.filter(({ severity }) => severity !== 'info').map(({ id }) => id),
    );

  /** What is reported in the end, of what the looks after the first one saw. */
  async function reported(...later: readonly (Bundle | Error)[]) {
    const looks: (string | undefined)[] = [];
    const again: Look = {
      stateOf: () => 'a',
      gather: (only) => {
        looks.push(only);
        const seen = later[looks.length - 1];
        return seen instanceof Error || seen === undefined ? Promise.reject(seen) : Promise.resolve(seen);
      },
    };
    const { seen, notes } = await outcome({ ...again, gather: () => Promise.resolve(doubted) }, again);
    return { ids: ids(seen), looks, notes, checks: seen.checks.length };
  }

  it('is no finding where two more looks at that check alone do not show it', async () => {
    expect(await reported(bundleOf(true), bundleOf(true))).toEqual({
      ids: [],
      looks: ['service', 'service'],
      notes: ['NT-SVC-005 was seen once, and not in 2 more looks: it is not reported'],
      checks: doubted.checks.length,
    });
  });

  it('is one where any of them shows it again', async () => {
    const shown = { ids: ['NT-SVC-005'], notes: [], checks: doubted.checks.length };
    expect(await reported(bundleOf(false))).toEqual({ ...shown, looks: ['service'] });
    expect(await reported(bundleOf(true), bundleOf(false))).toEqual({
      ...shown,
      looks: ['service', 'service'],
    });
  });

  it('stays where it cannot be looked at again, and that is said', async () => {
    expect(await reported(new Error('the pod is gone.'))).toMatchObject({
      ids: ['NT-SVC-005'],
      notes: ['NT-SVC-005 was seen once, and could not be looked at again: the pod is gone'],
    });
  });
});
