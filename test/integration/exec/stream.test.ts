import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ChannelError } from '../../../src/channels/channel.ts';
import { PodExecChannel } from '../../../src/channels/pod-exec.ts';
import { ExecLostError, ExecRefusedError } from '../../../src/exec/errors.ts';
import type { ExecOptions, ExecStreams } from '../../../src/exec/exec-streams.ts';
import type { TerminalSize } from '../../../src/exec/frames.ts';
import { execStream } from '../../../src/exec/stream.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { serviceAccountKubeconfig } from '../../cluster/kubeconfigs.ts';
import { kubeconfig } from '../../cluster/paths.ts';
import { helper, pod, testNamespace } from '../../e2e/support/cluster.ts';
import { appears, disappears, uniqueSleep } from '../../e2e/support/processes.ts';
import { startConnectProxy } from '../../servers/connect-proxy.ts';

const ns = testNamespace('exec');
let client: KubeClient;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exec-'));
  client = await KubeClient.connect({ kubeconfig, namespace: ns.name });
  const leaving = pod('leaving', { containers: [helper], spec: { terminationGracePeriodSeconds: 0 } });
  await ns.start(pod('tools', { containers: [helper] }), leaving);
});

afterAll(() => {
  client.close();
  rmSync(folder, { recursive: true });
});

/** Keeps what is written to it. */
class Sink extends Writable {
  readonly chunks: Buffer[] = [];
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }
  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

interface Run extends Partial<ExecStreams> {
  readonly tty?: boolean;
  readonly container?: string;
  readonly podName?: string;
}

function exec(command: readonly string[], run: Run = {}, options: ExecOptions = {}, as = client) {
  const { tty = false, container = 'helper', podName = 'tools', ...streams } = run;
  const place = { namespace: ns.name, pod: podName, container };
  const endpoint = as.execEndpoint({ ...place, command, stdin: streams.stdin !== undefined, tty });
  return execStream(endpoint, { stdout: new Sink(), stderr: new Sink(), ...streams }, options);
}

const sh = (script: string): string[] => ['sh', '-c', script];
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.fail(`resolved to ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );

describe('against the real kubelet', () => {
  it('speaks v5 and keeps stdout and stderr apart', async () => {
    const [stdout, stderr] = [new Sink(), new Sink()];
    const protocols: string[] = [];
    const outcome = await exec(
      sh('echo out; echo err >&2; printf more; printf "last" >&2'),
      { stdout, stderr },
      { onOpen: (protocol) => protocols.push(protocol) },
    );
    expect(outcome).toEqual({ kind: 'exit', code: 0 });
    expect([stdout.text, stderr.text]).toEqual(['out\nmore', 'err\nlast']);
    expect(protocols).toEqual(['v5.channel.k8s.io']);
  });

  it.each([
    [0, 'exit 0'],
    [7, 'exit 7'],
    [137, 'kill -9 $$'],
  ])('brings exit code %i', async (code, script) => {
    expect(await exec(sh(script))).toEqual({ kind: 'exit', code });
  });

  it("brings the runtime's words for a command that is not there", async () => {
    const outcome = await exec(['no-such-command']);
    expect(outcome).toMatchObject({ kind: 'failure', message: expect.stringContaining('no-such-command') });
  });

  it('brings all output of a command that ends at once, fifty times in a row', async () => {
    for (let i = 0; i < 50; i++) {
      const stdout = new Sink();
      const outcome = await exec(sh('head -c 200000 /dev/zero; exit 3'), { stdout });
      expect(outcome).toEqual({ kind: 'exit', code: 3 });
      expect(Buffer.concat(stdout.chunks)).toHaveLength(200_000);
    }
  });

  it('carries 8 MB of random bytes to cat and back, the same on both ends', async () => {
    const data = randomBytes(8_000_001);
    const [stdout, stderr] = [new Sink(), new Sink()];
    // The far end's own sum comes by stderr.
    const script = 'mkfifo /tmp/copy; sha256sum </tmp/copy >&2 & tee /tmp/copy; wait; rm /tmp/copy';
    expect(await exec(sh(script), { stdin: Readable.from([data]), stdout, stderr })).toEqual({
      kind: 'exit',
      code: 0,
    });
    expect(stderr.text).toBe(`${sha256(data)}  -\n`);
    expect(sha256(Buffer.concat(stdout.chunks))).toBe(sha256(data));
  });

  it('half-closes stdin: the command sees its end and still has the last word', async () => {
    const stdout = new Sink();
    const stdin = Readable.from(['some text\n']);
    expect(await exec(sh('cat; echo END; exit 4'), { stdin, stdout })).toEqual({ kind: 'exit', code: 4 });
    expect(stdout.text).toBe('some text\nEND\n');
  });

  it('runs on a terminal of the size that it is told, also when that changes', async () => {
    const stdout = new Sink();
    let change: (size: TerminalSize) => void = () => undefined;
    const waitFor = (size: string): string =>
      `until [ "$(stty size)" = "${size}" ]; do sleep 0.05; done; echo is ${size}`;
    const promise = exec(sh(`${waitFor('43 132')}; ${waitFor('24 80')}; tty; exit 5`), {
      tty: true,
      stdin: new PassThrough(),
      stdout,
      stderr: undefined,
      onResize: (send) => {
        change = send;
        send({ columns: 132, rows: 43 });
        return () => undefined;
      },
    });
    await vi.waitUntil(() => stdout.text.includes('is 43 132'), { timeout: 60_000 });
    change({ columns: 80, rows: 24 });
    expect(await promise).toEqual({ kind: 'exit', code: 5 });
    expect(stdout.text).toMatch(/^is 43 132\r\nis 24 80\r\n\/dev\/pts\/\d+\r\n$/);
  });

  it('hands a terminal what is typed, Ctrl-C included', async () => {
    const [stdin, stdout] = [new PassThrough(), new Sink()];
    const promise = exec(sh('trap "echo got INT; exit 6" INT; echo ready; while :; do sleep 0.1; done'), {
      tty: true,
      stdin,
      stdout,
      stderr: undefined,
    });
    await vi.waitUntil(() => stdout.text.includes('ready'), { timeout: 60_000 });
    stdin.write('\x03');
    expect(await promise).toEqual({ kind: 'exit', code: 6 });
    expect(stdout.text).toContain('got INT');
  });

  // Small limits stand for long waits: what counts is that the wait is twice the deadline.
  // Not so small that a busy machine's answer to a ping comes after the deadline.
  const IMPATIENT = { pingIntervalMs: 300, pingDeadlineMs: 3_000 } as const;

  it('is patient with a command that does not read its stdin yet', async () => {
    // More than the buffers on the way hold: only then does the far end stop reading.
    const data = randomBytes(24_000_000);
    const stdout = new Sink();
    const outcome = await exec(sh('sleep 7; sha256sum'), { stdin: Readable.from([data]), stdout }, IMPATIENT);
    expect(outcome).toEqual({ kind: 'exit', code: 0 });
    expect(stdout.text).toBe(`${sha256(data)}  -\n`);
  });

  it('is patient with a command that says nothing', async () => {
    expect(await exec(sh('sleep 7; exit 8'), {}, IMPATIENT)).toEqual({ kind: 'exit', code: 8 });
  });

  // 30 MB are more than all buffers on the way hold, so that the command waits; 3 MB are less: it ends, and the far
  // end closes the connection, long before the reader reads.
  it.each([30_000_000, 3_000_000, 1_000_000])(
    'is patient with a reader that does not read: %i bytes',
    async (total) => {
      let bytes = 0;
      const stdout = new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          bytes += chunk.length;
          // Once, and longer than the deadline.
          if (bytes === chunk.length) setTimeout(done, 2 * IMPATIENT.pingDeadlineMs);
          else done();
        },
      });
      const outcome = await exec(sh(`head -c ${total} /dev/zero`), { stdout }, IMPATIENT);
      expect(outcome).toEqual({ kind: 'exit', code: 0 });
      expect(bytes).toBe(total);
    },
  );
});

describe('a refused exec', () => {
  it("tells the API server's own words to an account without rights", async () => {
    const file = join(folder, 'no-rights');
    await serviceAccountKubeconfig('default', 'no-rights', file);
    const nobody = await KubeClient.connect({ kubeconfig: file });
    try {
      const error = await errorOf(exec(['true'], {}, {}, nobody));
      expect(error).toBeInstanceOf(ExecRefusedError);
      expect(error).toMatchObject({ status: 403, reason: 'Forbidden' });
      expect(error).toHaveProperty(
        'message',
        expect.stringMatching(
          /pods "tools" is forbidden: User "system:serviceaccount:default:no-rights" cannot .*"pods\/exec"/,
        ),
      );
    } finally {
      nobody.close();
    }
  });

  it('tells that the pod has no such container', async () => {
    expect(await errorOf(exec(['true'], { container: 'nope' }))).toMatchObject({
      name: 'ExecRefusedError',
      status: 400,
      message: expect.stringMatching(/container nope is not valid for pod tools/),
    });
  });

  it('tells that there is no such pod', async () => {
    expect(await errorOf(exec(['true'], { podName: 'nope' }))).toMatchObject({
      name: 'ExecRefusedError',
      status: 404,
      reason: 'NotFound',
      message: 'pods "nope" not found',
    });
  });
});

describe('an end before the end', () => {
  it('by a connection that breaks is told with how far it came, and takes the remote command along', async () => {
    const mark = uniqueSleep();
    const proxy = await startConnectProxy();
    try {
      vi.stubEnv('HTTPS_PROXY', proxy.url);
      vi.stubEnv('NO_PROXY', '');
      const server = 'https://198.51.100.1:16443';
      const far = await KubeClient.connect({ kubeconfig, namespace: ns.name, server });
      const channel = new PodExecChannel(far, { namespace: ns.name, pod: 'tools', container: 'helper' });
      const stdout = new Sink();
      const promise = errorOf(channel.run(sh(`printf 1234567; exec sleep ${mark}`), { stdout }));
      await vi.waitUntil(() => stdout.text === '1234567', { timeout: 60_000 });
      await appears('sleep', mark);
      await proxy.close();
      const error = await promise;
      expect(error).toBeInstanceOf(ChannelError);
      expect(error).toMatchObject({
        kind: 'lost',
        message: expect.stringContaining('the connection was lost after 7 bytes of output'),
        cause: expect.any(ExecLostError),
      });
      await disappears(60, 'sleep', mark);
    } finally {
      vi.unstubAllEnvs();
      await proxy.close();
    }
  });

  it('by a pod that is deleted is told at once', async () => {
    const mark = uniqueSleep();
    const promise = exec(['sleep', mark], { podName: 'leaving' }).catch((error: unknown) => error);
    await appears('sleep', mark);
    await ns.kubectl(['delete', 'pod', 'leaving', '--wait=false']);
    const end = await promise;
    if (end instanceof Error) expect(end).toBeInstanceOf(ExecLostError);
    else expect(end).toEqual({ kind: 'exit', code: 137 });
    await disappears(60, 'sleep', mark);
  });
});
