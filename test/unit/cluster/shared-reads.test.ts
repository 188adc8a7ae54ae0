import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SharedReads } from '../../../src/cluster/shared-reads.ts';
import { KubeView } from '../../../src/cluster/view.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';

/** A client whose answers come when they are given. */
function slow() {
  const waiting: {
    path: string;
    signal: AbortSignal;
    answer: (value: unknown) => void;
    fail: (e: Error) => void;
  }[] = [];
  const client = {
    namespace: 'shop',
    get: (path: string, { signal }: { signal: AbortSignal }) =>
      new Promise((answer, fail) => waiting.push({ path, signal, answer, fail })),
  } as unknown as KubeClient;
  return { client, waiting };
}

const never = new AbortController().signal;
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('what two targets ask', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => vi.useRealTimers());

  function two(first: AbortSignal = never, run: AbortSignal = never) {
    const { client, waiting } = slow();
    const reads = new SharedReads(run);
    return {
      waiting,
      a: new KubeView(client, first, [], reads),
      b: new KubeView(client, never, [], reads),
    };
  }

  it('is sent once', async () => {
    const { a, b, waiting } = two();
    const both = Promise.all([a.services('shop'), b.services('shop')]);
    expect(waiting.map(({ path }) => path)).toEqual(['/api/v1/namespaces/shop/services']);
    waiting[0]?.answer({ items: [{ metadata: { name: 'db' } }] });
    const [one, other] = await both;
    expect(one.value).toHaveLength(1);
    expect(other).toBe(one);
  });

  it('is sent again when it is half a minute old', async () => {
    const { a, b, waiting } = two();
    const first = a.node('n1');
    waiting[0]?.answer({});
    await first;
    vi.advanceTimersByTime(30_001);
    void b.node('n1');
    expect(waiting).toHaveLength(2);
  });

  it('goes on for the one when the other has no time left', async () => {
    const ending = new AbortController();
    const { a, b, waiting } = two(ending.signal);
    const first = a.node('n1');
    const second = b.node('n1');
    ending.abort(new Error('time is up'));
    await expect(first).rejects.toThrow('time is up');
    expect(waiting[0]?.signal.aborted).toBe(false);
    waiting[0]?.answer({ metadata: { name: 'n1' } });
    expect((await second).value).toMatchObject({ metadata: { name: 'n1' } });
    await expect(a.node('n2')).rejects.toThrow('time is up');
  });

  it('is asked anew after a failure, and not after a refusal', async () => {
    const { a, b, waiting } = two();
    const failed = a.node('n1');
    waiting[0]?.fail(new ApiError(500, undefined, 'no.'));
    expect((await failed).failed).toBe('no');
    await settled();
    const again = b.node('n1');
    waiting[1]?.answer({ metadata: { name: 'n1' } });
    expect((await again).value).toMatchObject({ metadata: { name: 'n1' } });
    const refused = a.node('n2');
    waiting[2]?.fail(new ApiError(403, 'Forbidden', 'no.'));
    expect((await refused).denied).toBe('node n2');
    expect((await b.node('n2')).denied).toBe('node n2');
    expect(waiting).toHaveLength(3);
  });
});
