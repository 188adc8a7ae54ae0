import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KubeClient } from '../../../src/kube/client.ts';
import { ApiError, UnreachableError } from '../../../src/kube/errors.ts';
import type { Pod } from '../../../src/model/kube-objects.ts';
import { waitRunning } from '../../../src/targets/wait.ts';
import { listen } from '../../servers/fault-server.ts';
import { podWith, type State } from './pods.ts';

function podAs(state: State, resourceVersion: string): Pod {
  const made = podWith({ name: 'x', state });
  return {
    ...made,
    metadata: { ...made.metadata, resourceVersion, uid: 'one' },
    spec: { containers: [], nodeName: 'n1' },
  };
}

const wait = (client: KubeClient, timeoutMs = 60_000, signal?: AbortSignal) =>
  waitRunning(client, podAs('creating', '7'), 'x', 'image', {
    timeoutMs,
    signal,
    onProgress: () => undefined,
  });

describe('against a server', () => {
  let folder: string;
  let server: Server;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wait-'));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  it('a watch that is reset, cut off or ended at once goes on where it was', async () => {
    const versions: string[] = [];
    const events = [
      `${JSON.stringify({ type: 'MODIFIED', object: podAs('creating', '8') })}\n`,
      '',
      '{"type":"MOD',
      '',
      `${JSON.stringify({ type: 'MODIFIED', object: podAs('running', '9') })}\n`,
    ];
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://server');
      if (!pathname.endsWith('/pods')) {
        response.writeHead(403).end('{}');
        return;
      }
      versions.push(searchParams.get('resourceVersion') ?? '');
      const text = events[versions.length - 1] ?? '';
      if (versions.length === 2) request.socket.destroy();
      else if (versions.length === 3) {
        response.writeHead(200);
        response.write(text, () => request.socket.destroy());
      } else response.writeHead(200).end(text);
    });
    const port = await listen(server);
    writeFileSync(join(folder, 'config'), '{}');
    const client = await KubeClient.connect({
      kubeconfig: join(folder, 'config'),
      server: `http://127.0.0.1:${port}`,
    });
    await wait(client);
    client.close();
    expect(versions).toEqual(['7', '8', '8', '8', '8']);
  });
});

describe('by the clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    // AbortSignal.timeout is no timer that can be faked.
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new DOMException('late', 'TimeoutError')), ms);
      return controller.signal;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  /** What the watch does, and what the API says of other things. */
  function clientWith(
    watch: () => AsyncGenerator<unknown>,
    get: (path: string) => unknown = () => undefined,
  ) {
    const watches = vi.fn(watch);
    const client = {
      watch: (path: string) => (path.endsWith('/pods') ? watches() : nothing()),
      get: async (path: string) => {
        const found = get(path);
        if (found === undefined) throw new ApiError(403, 'Forbidden', 'forbidden');
        return found;
      },
    };
    return { client: client as unknown as KubeClient, watches };
  }
  // biome-ignore lint/correctness/useYield: a watch that ends at once
  async function* nothing(): AsyncGenerator<unknown> {
    return;
  }
  async function* silent(signal?: AbortSignal): AsyncGenerator<unknown> {
    yield { type: 'BOOKMARK', object: podAs('creating', '8') };
    await new Promise((_resolve, reject) =>
      setTimeout(() => reject(signal?.reason ?? new Error('late')), 60_000),
    );
  }
  const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => expect.fail('it resolved'),
      (error: unknown) => error,
    );

  it('a watch that the server ends at once is no hot loop', async () => {
    const { client, watches } = clientWith(nothing);
    const end = errorOf(wait(client, 60_000));
    await vi.advanceTimersByTimeAsync(0);
    expect(watches).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await end).toMatchObject({ message: expect.stringContaining('did not start in pod') });
    expect(watches.mock.calls.length).toBeGreaterThan(10);
    expect(watches.mock.calls.length).toBeLessThan(35);
  });

  it('an API server that does not come back is what is told', async () => {
    // biome-ignore lint/correctness/useYield: a watch that fails at once
    const { client } = clientWith(async function* () {
      throw new UnreachableError('cannot reach the API server at https://x: the connection was refused.');
    });
    const end = errorOf(wait(client, 30_000));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await end).toMatchObject({
      exitCode: 3,
      message:
        'it is not known whether the container with image "image" started in pod "web-0" within 30 s: cannot reach the API server at https://x: the connection was refused (last seen: ContainerCreating).',
    });
  });

  it('an abort ends the pause before the next watch', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const { client } = clientWith(nothing);
    const end = errorOf(wait(client, 60_000, abort.signal));
    await vi.advanceTimersByTimeAsync(20_000);
    abort.abort(reason);
    await vi.advanceTimersByTimeAsync(0);
    expect(await end).toBe(reason);
  });

  it.each([
    [
      'stands still',
      () => '2026-01-01T00:00:00Z',
      /the kubelet of node "n1" has shown no sign of life for \d+ s or longer/,
    ],
    ['is renewed', () => new Date().toISOString(), /within 50 s \(last seen/],
  ])('a kubelet whose lease %s is told from a slow pull', async (_how, renewTime, message) => {
    const { client } = clientWith(nothing, (path) =>
      path.includes('/leases/') ? { spec: { renewTime: renewTime() } } : undefined,
    );
    const end = errorOf(wait(client, 50_000));
    await vi.advanceTimersByTimeAsync(50_000);
    expect(await end).toMatchObject({ message: expect.stringMatching(message) });
  });

  it('a node that is not ready any more ends the wait, also when its kubelet has reported before', async () => {
    const { client } = clientWith(silent, (path) =>
      path.includes('/nodes/')
        ? {
            status: {
              conditions: [{ type: 'Ready', status: 'Unknown', message: 'Kubelet stopped posting' }],
            },
          }
        : undefined,
    );
    const end = errorOf(wait(client, 50_000));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await end).toMatchObject({
      message: 'node "n1" of pod "web-0" is not ready: Kubelet stopped posting',
    });
  });
});
