import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChannelError, type RunOptions } from '../../../src/channels/channel.ts';
import { TextOutput } from '../../../src/channels/output.ts';
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
async function channel(
  command: Behaviour,
  lease: Behaviour | ((count: number) => Behaviour),
  pod: unknown = 'gone',
) {
  server = await startFaultServer(
    (request) => {
      if (!isLease(request)) return command;
      return typeof lease === 'function' ? lease(leases()) : lease;
    },
    (_request, response) => {
      if (pod === 'gone') response.writeHead(404).end('{}');
      else response.writeHead(200).end(JSON.stringify(typeof pod === 'function' ? pod() : pod));
    },
  );
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

/** The mark that the guard of the command puts at the end of each output. */
function mark(code: number): string {
  const request = server.requests.find((one) => !isLease(one));
  const words = new URL(request?.url ?? '', 'http://server').searchParams.getAll('command');
  return `\x1e${words[5]}\x1f${code}\x1e`;
}

/** The end of a command as its guard and the kubelet tell it. */
const exit =
  (code: number) =>
  async (peer: ExecPeer): Promise<void> => {
    await peer.send(1, mark(code));
    await peer.send(2, mark(code));
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
      { kind: 'failed', message: "the container's runtime failed on the command: no sh" },
    ],
  ])('%s', async (_what, behaviour, expected) => {
    const pod = await channel(behaviour, quiet);
    const error: unknown = await pod.run(['true'], outputs()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ChannelError);
    expect(error).toMatchObject(expected);
  });
});

describe('the end of a command', () => {
  /** Runs a command; what it printed, and its code or the error. */
  async function ran(
    accept: (peer: ExecPeer) => unknown,
    options: Partial<RunOptions> = {},
    pods: unknown = { metadata: {} },
  ) {
    const pod = await channel({ accept }, quiet, pods);
    const [stdout, stderr] = [new TextOutput(1000), new TextOutput(1000)];
    const end: unknown = await pod
      .run(['command'], { stdout, stderr, ...options })
      .catch((error: unknown) => error);
    return { end, stdout: stdout.text, stderr: stderr.text };
  }

  const BROKEN_OFF =
    "the stream broke off before the command's end: the node's container runtime or kubelet was stopped or restarted; the output may be cut, and the exit code is not known";

  it("is its guard's word, which is no output", async () => {
    const { end, stdout, stderr } = await ran(async (peer) => {
      await peer.send(1, `out${mark(7)}`);
      await peer.send(2, `err${mark(7).slice(0, 9)}`);
      await peer.send(2, mark(7).slice(9));
      await peer.exit(7);
      peer.close();
    });
    expect([end, stdout, stderr]).toEqual([7, 'out', 'err']);
  });

  it.each<[string, (peer: ExecPeer) => unknown]>([
    ['in no output', (peer) => peer.send(1, 'cut')],
    ['in stderr alone', (peer) => peer.send(1, 'cut').then(() => peer.send(2, mark(0)))],
    ['in stdout alone', (peer) => peer.send(1, `cut${mark(0)}`)],
    ['in half', (peer) => peer.send(2, mark(0)).then(() => peer.send(1, `cut${mark(0).slice(0, -2)}`))],
  ])('is not known from a success when its guard has said it %s', async (_where, act) => {
    const { end, stdout } = await ran(async (peer) => {
      await act(peer);
      await peer.exit(0);
      peer.close();
    });
    expect(end).toBeInstanceOf(ChannelError);
    expect(end).toMatchObject({ kind: 'lost', message: BROKEN_OFF });
    expect(stdout).toMatch(/^cut/);
  });

  it('with a terminal is told on its one output', async () => {
    const terminal = { type: undefined, onResize: () => () => undefined };
    const finish = (code: number) => async (peer: ExecPeer) => {
      if (code !== 0) await peer.send(1, mark(code));
      await peer.exit(code);
      peer.close();
    };
    const stdin = (): PassThrough => new PassThrough();
    expect((await ran(finish(5), { terminal, stdin: stdin() })).end).toBe(5);
    await server.close();
    expect((await ran(finish(0), { terminal, stdin: stdin() })).end).toMatchObject({ kind: 'lost' });
  });

  it('is known although the connection breaks when all has come', async () => {
    const { end } = await ran(async (peer) => {
      await peer.send(1, mark(4));
      await peer.send(2, mark(4));
      peer.destroy();
    });
    expect(end).toBe(4);
  });

  it.each([
    [137, /^the container was ended while the command ran \(exit code 137: killed\)/],
    [129, /^the command was ended \(exit code 129\) because the far side lost sight of this client/],
    [
      7,
      /^the shell that ran the command in the container ended with exit code 7 before it could report the command's end/,
    ],
  ])('is not made up from the exit code %i that the runtime tells', async (code, message) => {
    const { end } = await ran((peer) => peer.exit(code).then(() => peer.close()));
    expect(end).toMatchObject({ kind: 'lost', message: expect.stringMatching(message) });
  });

  it('is told as a start that failed when nothing has come but the empty message of an accepted stream', async () => {
    const { end } = await ran(async (peer) => {
      await peer.send(1, '');
      await peer.send(3, '{"status":"Failure","reason":"InternalError","message":"no running task found"}');
      peer.close();
    });
    expect(end).toMatchObject({ kind: 'failed', message: expect.stringContaining('no running task found') });
  });

  it('is not told as a start that failed when the command has printed something', async () => {
    const { end } = await ran(async (peer) => {
      await peer.send(1, 'out');
      await peer.send(3, '{"status":"Failure","reason":"InternalError","message":"ttrpc: closed"}');
      peer.close();
    });
    expect(end).toMatchObject({
      kind: 'lost',
      message:
        "the command was lost while it ran: the container's runtime failed on the command: ttrpc: closed",
    });
  });

  const statuses = (state: unknown) => ({ ephemeralContainerStatuses: [{ name: 'c', state }] });
  it.each<[string, unknown, string]>([
    ['is gone', undefined, 'pod "p" was deleted while the command ran'],
    [
      'is being deleted',
      { metadata: { name: 'p', deletionTimestamp: '2026-01-02T03:04:05Z' } },
      'pod "p" was deleted while the command ran',
    ],
    [
      'was evicted',
      { metadata: { name: 'p' }, status: { phase: 'Failed', reason: 'Evicted', message: 'too much memory' } },
      'pod "p" ended while the command ran (Evicted: too much memory)',
    ],
    [
      'has no memory left',
      {
        metadata: { name: 'p' },
        status: statuses({ terminated: { exitCode: 137, reason: 'OOMKilled' } }),
      },
      'container "c" of pod "p" was killed while the command ran: it was out of memory',
    ],
    [
      'was stopped',
      { metadata: { name: 'p' }, status: statuses({ terminated: { exitCode: 0, reason: 'Completed' } }) },
      'container "c" of pod "p" ended while the command ran (Completed, exit code 0)',
    ],
    [
      'runs on',
      { metadata: { name: 'p' }, status: statuses({ running: {} }) },
      'the container was ended while the command ran (exit code 137: killed): it was out of memory, or was stopped or deleted',
    ],
  ])('is told with what became of the pod: it %s', async (_what, pod, message) => {
    const { end } = await ran((peer) => peer.exit(137).then(() => peer.close()), {}, pod ?? 'gone');
    expect(end).toMatchObject({ kind: 'lost', message });
  });

  it('is told with the end of its container, which a kubelet reports a moment later', async () => {
    const pods = [
      { metadata: { name: 'p' }, status: statuses({ running: {} }) },
      { metadata: { name: 'p' }, status: statuses({ terminated: { exitCode: 0, reason: 'Completed' } }) },
    ];
    const { end } = await ran(
      (peer) => peer.exit(137).then(() => peer.close()),
      {},
      () => pods.shift(),
    );
    expect(end).toMatchObject({
      message: 'container "c" of pod "p" ended while the command ran (Completed, exit code 0)',
    });
  });
});

describe('the lease', () => {
  it('is not opened for a command without stdin, whose own stream beats', async () => {
    const pod = await channel(
      {
        accept: async (peer) => {
          await vi.waitUntil(() => peer.stdin.length, WAIT);
          await exit(0)(peer);
        },
      },
      quiet,
    );
    await pod.run(['sleep'], outputs());
    expect(leases()).toBe(0);
    await vi.waitUntil(() => server.peers.every((peer) => peer.closed), WAIT);
  }, 40_000);

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
    expect(error).toMatchObject({
      kind: 'lost',
      message: expect.stringMatching(
        /^the connection was lost while the command ran, and cannot be made again: \S/,
      ),
    });
    expect(stdin.destroyed).toBe(true);
  }, 40_000);
});
