import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChannelError, type RunOptions } from '../../../src/channels/channel.ts';
import { PodExecChannel } from '../../../src/channels/pod-exec.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import {
  type Behaviour,
  type ExecPeer,
  type FaultServer,
  refuse,
  startFaultServer,
} from '../../servers/fault-server.ts';

/** Ends a wait for what does not come; the default second is short on a busy machine. */
const WAIT = { timeout: 15_000 } as const;

/** Short, so that a test has the patience; it still is longer than the pause before a lease is opened again. */
const LEASE_LOST_MS = 4_000;

let folder: string;
let server: FaultServer;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pod-exec-'));
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** The guard's script names a lease too, but none in particular. */
const isLease = (request: IncomingMessage): boolean => /nettools-lease-[0-9a-f]{16}/.test(request.url ?? '');
const leases = (): number => server.requests.filter(isLease).length;

/** A channel to a server that treats commands and leases apart. */
async function channel(command: Behaviour, lease: Behaviour | ((count: number) => Behaviour)) {
  server = await startFaultServer((request) => {
    if (!isLease(request)) return command;
    return typeof lease === 'function' ? lease(leases()) : lease;
  });
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, '{}');
  const address = new URL(server.url.replace('ws:', 'http:')).origin;
  const client = await KubeClient.connect({ kubeconfig, server: address });
  return new PodExecChannel(client, { namespace: 'n', pod: 'p', container: 'c' }, LEASE_LOST_MS);
}

const outputs = (): Pick<RunOptions, 'stdout' | 'stderr'> => {
  const sink = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
  return { stdout: sink(), stderr: sink() };
};

const exit =
  (code: number) =>
  async (peer: ExecPeer): Promise<void> => {
    await peer.exit(code);
    peer.close();
  };

const quiet: Behaviour = { accept: () => undefined };
const gone: Behaviour = { answer: (connection) => connection.destroy() };

describe('how a run ends', () => {
  it('with the exit code', async () => {
    const pod = await channel({ accept: exit(7) }, quiet);
    expect(await pod.run(['true'], outputs())).toBe(7);
  });

  it.each<[string, Behaviour, Partial<ChannelError>]>([
    ['refused', refuse(403, '{"message":"not you"}'), { kind: 'refused', status: 403, message: 'not you' }],
    ['lost', { accept: (peer) => peer.destroy() }, { kind: 'lost' }],
    [
      'failed',
      {
        accept: (peer) =>
          peer
            .send(3, '{"status":"Failure","reason":"InternalError","message":"no sh"}')
            .then(() => peer.close()),
      },
      { kind: 'failed', message: "the container's runtime could not run the command: no sh" },
    ],
  ])('%s', async (_what, behaviour, expected) => {
    const pod = await channel(behaviour, quiet);
    const error: unknown = await pod.run(['true'], outputs()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ChannelError);
    expect(error).toMatchObject(expected);
  });
});

describe('the lease', () => {
  it('is not opened for a command without stdin, whose own stream tells', async () => {
    const pod = await channel(
      {
        accept: async (peer) => {
          // Two pauses of a lease long.
          await new Promise((resolve) => setTimeout(resolve, 1_000));
          await exit(0)(peer);
        },
      },
      quiet,
    );
    await pod.run(['true'], outputs());
    expect(leases()).toBe(0);
  });

  it('is let go of when the command ends', async () => {
    const pod = await channel(
      {
        accept: async (peer) => {
          await vi.waitUntil(() => server.peers.length === 2, WAIT);
          await exit(0)(peer);
        },
      },
      quiet,
    );
    expect(await pod.run(['cat'], { ...outputs(), stdin: new PassThrough() })).toBe(0);
    await vi.waitUntil(() => server.peers[1]?.closed, WAIT);
  });

  it('is opened again when it is lost, and the command goes on', async () => {
    const pod = await channel(
      {
        accept: async (peer) => {
          await vi.waitUntil(() => leases() === 3, WAIT);
          // Longer than the limit that a lost one has: the third one has put an end to that.
          await new Promise((resolve) => setTimeout(resolve, 1.2 * LEASE_LOST_MS));
          await exit(0)(peer);
        },
      },
      (count) => (count < 3 ? { accept: (peer) => peer.destroy() } : quiet),
    );
    expect(await pod.run(['cat'], { ...outputs(), stdin: new PassThrough() })).toBe(0);
  }, 40_000);

  it('is done without where it is refused', async () => {
    const pod = await channel(
      {
        accept: async (peer) => {
          await vi.waitUntil(() => leases() === 4, WAIT);
          await exit(0)(peer);
        },
      },
      refuse(403, '{"message":"one exec is enough"}'),
    );
    expect(await pod.run(['cat'], { ...outputs(), stdin: new PassThrough() })).toBe(0);
  }, 40_000);

  it('tells that the connection is gone while the command leaves its stdin unread', async () => {
    const pod = await channel({ accept: (peer) => peer.stall() }, (count) =>
      count === 1 ? { accept: (peer) => peer.destroy() } : gone,
    );
    const stdin = new PassThrough();
    stdin.write('unread');
    const error: unknown = await pod
      .run(['sleep'], { ...outputs(), stdin })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ChannelError);
    expect(error).toMatchObject({ kind: 'lost', message: 'the connection was lost for good' });
    expect(stdin.destroyed).toBe(true);
  }, 40_000);
});
