/** The contract of channels: the same cases for each, against the real thing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Channel, RunOptions, Size } from '../../../src/channels/channel.ts';
import { appears, disappears, pidsOf, uniqueSleep } from '../../e2e/support/processes.ts';
import type { OpenChannel, OpenedChannel, Subject } from './subject.ts';

/** Seconds that the far side may take to end what has lost its client: the lease's 5 s, three rounds of signals, and a busy machine. */
const END_LIMIT = 60;
const MEGABYTE = 1_000_000;
/** More than all buffers on the way to a pod hold together, which are 40 MB. */
const MORE_THAN_BUFFERS = 150 * MEGABYTE;

/** Keeps what is written to it. */
class Sink extends Writable {
  readonly chunks: Buffer[] = [];
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
  get text(): string {
    return this.bytes.toString('utf8');
  }
}

const sh = (script: string, ...args: string[]): string[] => ['sh', '-c', script, ...args];
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.fail(`resolved to ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );

/** The only process with these words. */
async function pidOf(...words: readonly string[]): Promise<number> {
  // A process that was forked a moment ago still has its parent's words: it is gone, or another program, a moment later.
  const [pid] = await vi.waitUntil(
    () => {
      const pids = pidsOf(...words);
      return pids.length === 1 ? pids : undefined;
    },
    { interval: 20, timeout: 60_000 },
  );
  if (pid === undefined) throw new Error(`no process ${words.join(' ')}`);
  return pid;
}

/** Waits until a number has grown and then stands still. */
async function stands(what: () => number): Promise<number> {
  let last = -1;
  await vi.waitUntil(
    () => {
      const now = what();
      const isStill = now === last && now > 0;
      last = now;
      return isStill;
    },
    { interval: 1_000, timeout: 60_000 },
  );
  return last;
}

/** The same bytes each time, and no two blocks of them alike. */
function* blocks(count: number): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  const zeros = Buffer.alloc(MEGABYTE);
  for (let i = 0; i < count; i++) yield cipher.update(zeros);
}

/** Registers the cases for one subject; call it at the top level of a test file. */
export function channelContract(subject: Subject): void {
  describe(`channel: ${subject.title}`, () => {
    let opened: OpenedChannel;
    let channel: Channel;
    beforeAll(async () => {
      const { open } = (await import(subject.module)) as { open: OpenChannel };
      opened = await open(subject.place());
      channel = opened.channel;
    });
    afterAll(() => opened?.close());

    /** Runs a command to its end. */
    async function run(argv: readonly string[], options: Partial<RunOptions> = {}) {
      const [stdout, stderr] = [new Sink(), new Sink()];
      const code = await channel.run(argv, { stdout, stderr, ...options });
      return { code, stdout: stdout.text, stderr: stderr.text };
    }

    describe('output and exit code', () => {
      it('keeps stdout and stderr apart', async () => {
        const ended = await run(sh('echo out; echo err >&2; printf more; printf last >&2'));
        expect(ended).toEqual({ code: 0, stdout: 'out\nmore', stderr: 'err\nlast' });
      });

      it.each([
        [0, 'exit 0'],
        [7, 'exit 7'],
        [255, 'exit 255'],
        [137, 'kill -KILL $$'],
        [143, 'kill -TERM $$'],
      ])('brings exit code %i', async (code, script) => {
        expect(await run(sh(script))).toMatchObject({ code });
      });

      it('is 127 for a command that is not there, and says so', async () => {
        const ended = await run(['no-such-command']);
        expect(ended).toMatchObject({ code: 127, stdout: '' });
        expect(ended.stderr).toContain('no-such-command');
      });

      it('passes words on as they are', async () => {
        const words = ['a b', '$HOME', '"', "'", '*', '', '\\', 'ä€', '--flag', '-v', '--', '$(id)', 'a\nb'];
        const { stdout } = await run(['printf', '%s\\0', ...words]);
        expect(stdout.split('\0')).toEqual([...words, '']);
      });

      it('brings all output of a command that ends at once, twenty times in a row', async () => {
        for (let i = 0; i < 20; i++) {
          const ended = await run(sh('head -c 200000 /dev/zero; head -c 100000 /dev/zero >&2; exit 3'));
          expect([ended.code, ended.stdout.length, ended.stderr.length]).toEqual([3, 200_000, 100_000]);
        }
      });

      it('lets a command open its outputs by name', async () => {
        const ended = await run(sh('echo out >/dev/stdout; echo err >/dev/stderr'));
        expect(ended).toEqual({ code: 0, stdout: 'out\n', stderr: 'err\n' });
      });

      it.each<[string, Partial<RunOptions>]>([
        ['without stdin', {}],
        ['with stdin', { stdin: new PassThrough() }],
      ])('lets a command go on that has closed its outputs, %s', async (_how, options) => {
        const ended = await run(
          sh('echo out; exec >/dev/null; sleep 0.5; exec 2>&1; sleep 0.5; exit 6'),
          options,
        );
        expect(ended).toEqual({ code: 6, stdout: 'out\n', stderr: '' });
      });

      it('runs several commands at the same time', async () => {
        const all = await Promise.all([1, 2, 3, 4].map((n) => run(sh(`sleep 0.${n}; echo ${n}; exit ${n}`))));
        expect(all.map(({ code, stdout }) => [code, stdout])).toEqual([
          [1, '1\n'],
          [2, '2\n'],
          [3, '3\n'],
          [4, '4\n'],
        ]);
      });

      it('tells once that the command was accepted', async () => {
        const onOpen = vi.fn();
        await run(['true'], { onOpen });
        expect(onOpen).toHaveBeenCalledOnce();
      });
    });

    describe('stdin', () => {
      it('is empty where none is given', async () => {
        expect(await run(sh('cat; echo end'))).toEqual({ code: 0, stdout: 'end\n', stderr: '' });
      });

      it('ends for the command when it ends here, and the command has the last word', async () => {
        const ended = await run(sh('cat; echo END; exit 4'), { stdin: Readable.from(['some text\n']) });
        expect(ended).toMatchObject({ code: 4, stdout: 'some text\nEND\n' });
      });

      it('carries 8 MB of random bytes to cat and back, the same on both ends', async () => {
        const data = randomBytes(8 * MEGABYTE + 1);
        const stdout = new Sink();
        const code = await channel.run(['cat'], { stdin: Readable.from([data]), stdout, stderr: new Sink() });
        expect(code).toBe(0);
        expect(sha256(stdout.bytes)).toBe(sha256(data));
      });

      it('does not hold up the end of a command that leaves it unread', async () => {
        const stdin = new PassThrough();
        stdin.write(randomBytes(300_000));
        expect(await run(sh('echo done; exit 5'), { stdin })).toMatchObject({ code: 5, stdout: 'done\n' });
        expect(stdin.destroyed).toBe(true);
      });

      it.each([
        ['at once', 'exit 7', ''],
        ['after a while', 'sleep 1; head -c 200000 | wc -c; exit 7', '200000'],
      ])('may be endless for a command that ends %s', async (_when, script, counted) => {
        const block = Buffer.alloc(MEGABYTE);
        const stdin = new Readable({ read: () => void stdin.push(block) });
        const { code, stdout } = await run(sh(script), { stdin });
        expect([code, stdout.trim()]).toEqual([7, counted]);
        expect(stdin.destroyed).toBe(true);
      });

      it('brings text to a command whose stdin is nothing else', async () => {
        const stdout = new Sink();
        const text = 'one\n  two \\n $HOME `id`\n\nthree';
        const code = await channel.runWithInput(sh('cat; exit 6'), text, { stdout, stderr: new Sink() });
        expect([code, stdout.text]).toEqual([6, `${text}\n`]);
      });

      it('of a text goes to a command that closes its outputs and goes on', async () => {
        const stdout = new Sink();
        const script = 'read -r line; echo "$line"; exec >/dev/null 2>&1; sleep 0.5; exit 6';
        const code = await channel.runWithInput(sh(script), 'text', { stdout, stderr: new Sink() });
        expect([code, stdout.text]).toEqual([6, 'text\n']);
      });

      it('is not taken faster than the command reads it', async () => {
        const count = MORE_THAN_BUFFERS / MEGABYTE;
        let taken = 0;
        const hash = createHash('sha256');
        function* counted(): Generator<Buffer> {
          for (const block of blocks(count)) {
            taken += block.length;
            hash.update(block);
            yield block;
          }
        }
        const mark = randomBytes(8).toString('hex');
        const command = sh('trap "exec sha256sum" USR1; while :; do sleep 0.05; done', mark);
        const promise = run(command, { stdin: Readable.from(counted(), { objectMode: true }) });
        try {
          const pid = await pidOf(...command);
          expect(await stands(() => taken)).toBeLessThan(MORE_THAN_BUFFERS / 2);
          process.kill(pid, 'SIGUSR1');
          expect(await promise).toEqual({ code: 0, stdout: `${hash.digest('hex')}  -\n`, stderr: '' });
        } finally {
          for (const pid of pidsOf(...command)) process.kill(pid, 'SIGKILL');
        }
      });
    });

    describe('large output', () => {
      it('waits for a slow consumer and arrives whole', async () => {
        // Unique, so that its process can be found.
        const total = MORE_THAN_BUFFERS + randomBytes(3).readUIntBE(0, 3);
        const command = ['head', '-c', String(total), '/dev/zero'];
        let bytes = 0;
        let go: () => void = () => undefined;
        const gate = new Promise<void>((resolve) => {
          go = resolve;
        });
        const stdout = new Writable({
          write: (chunk: Buffer, _encoding, done) => {
            bytes += chunk.length;
            void gate.then(() => done());
          },
        });
        const promise = channel.run(command, { stdout, stderr: new Sink() });
        const pid = await pidOf(...command);
        // What the kernel says that it has written so far.
        const written = (): number =>
          Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
        expect(await stands(written)).toBeLessThan(total / 2);
        go();
        expect(await promise).toBe(0);
        expect(bytes).toBe(total);
      });

      it("ends the command when the consumer fails, with the consumer's error", async () => {
        const mark = uniqueSleep();
        const reason = new Error('the reader has gone');
        const stdout = new Writable({ write: (_chunk, _encoding, done) => done(reason) });
        const command = ['yes', mark];
        expect(await errorOf(channel.run(command, { stdout, stderr: new Sink() }))).toBe(reason);
        await disappears(END_LIMIT, ...command);
      });
    });

    describe('an end before the end', () => {
      // A child in the background and a deaf shell: what the command started has to go too.
      const deaf = (mark: string): string[] => sh(`trap '' HUP TERM; sleep ${mark} & echo ready; wait`);

      it('by abort takes all that runs along, with stdin or without', async () => {
        const ends = [undefined, new PassThrough()].map(async (stdin) => {
          const mark = uniqueSleep();
          const abort = new AbortController();
          const reason = new Error('enough');
          const promise = errorOf(run(deaf(mark), { stdin, signal: abort.signal }));
          await appears('sleep', mark);
          abort.abort(reason);
          expect(await promise).toBe(reason);
          await disappears(END_LIMIT, 'sleep', mark);
        });
        await Promise.all(ends);
      });

      it('by abort ends a command that was given a text', async () => {
        const mark = uniqueSleep();
        const abort = new AbortController();
        const outputs = { stdout: new Sink(), stderr: new Sink() };
        const promise = errorOf(channel.runWithInput(deaf(mark), 'x', { ...outputs, signal: abort.signal }));
        await appears('sleep', mark);
        abort.abort(new Error('enough'));
        expect(await promise).toBe(abort.signal.reason);
        await disappears(END_LIMIT, 'sleep', mark);
      });

      it('by a time limit is a TimeoutError', async () => {
        const mark = uniqueSleep();
        const promise = errorOf(run(['sleep', mark], { signal: AbortSignal.timeout(2_000) }));
        expect(await promise).toMatchObject({ name: 'TimeoutError' });
        await disappears(END_LIMIT, 'sleep', mark);
      });

      it('by a signal that was aborted before runs nothing', async () => {
        const mark = uniqueSleep();
        const reason = new Error('too late');
        expect(await errorOf(run(['sleep', mark], { signal: AbortSignal.abort(reason) }))).toBe(reason);
        expect(pidsOf('sleep', mark)).toEqual([]);
      });

      it.each(['sleep MARK &', '(sleep MARK; true) >/dev/null 2>&1 &'])(
        'by its own end, a command takes along what it left in the background: %s',
        async (script) => {
          const mark = uniqueSleep();
          const ended = await run(sh(`${script.replace('MARK', mark)} echo out; exit 3`));
          expect(ended).toEqual({ code: 3, stdout: 'out\n', stderr: '' });
          await disappears(END_LIMIT, 'sleep', mark);
        },
      );
    });

    describe('a client that is killed', () => {
      const clients = new Set<ChildProcess>();
      afterEach(() => {
        for (const client of clients) client.kill('SIGKILL');
        clients.clear();
      });

      /** Starts a client with a deaf command and kills it once that runs; resolves to the command's mark. */
      async function killed(call: 'no-stdin' | 'stdin' | 'input'): Promise<string> {
        const mark = uniqueSleep();
        const script = `trap '' HUP TERM; sleep ${mark} & sleep ${mark}; true`;
        const folder = import.meta.dirname;
        const words = [
          ...['--import', join(folder, 'shell-text.mjs'), join(folder, 'client.ts')],
          ...[subject.module, subject.place(), call, ...sh(script)],
        ];
        const client = spawn(process.execPath, words, { stdio: ['pipe', 'ignore', 'pipe'] });
        clients.add(client);
        let errors = '';
        client.stderr.setEncoding('utf8').on('data', (text: string) => {
          errors += text;
        });
        await vi.waitUntil(() => pidsOf('sleep', mark).length === 2 || client.exitCode !== null, {
          timeout: 60_000,
        });
        expect(errors).toBe('');
        const closed = once(client, 'close');
        client.kill('SIGKILL');
        await closed;
        return mark;
      }

      it('leaves nothing running, whatever its stdin was', async () => {
        const marks = await Promise.all((['no-stdin', 'stdin', 'input'] as const).map(killed));
        await Promise.all(marks.map((mark) => disappears(END_LIMIT, 'sleep', mark)));
      });
    });

    if (!subject.hasTerminals) return;

    describe('a terminal', () => {
      function start(script: string, onResize: (send: (size: Size) => void) => () => void) {
        const [stdin, stdout] = [new PassThrough(), new Sink()];
        const promise = channel.run(sh(script), { stdin, stdout, terminal: { type: 'vt100', onResize } });
        return { stdin, stdout, promise };
      }

      it('has the size that it is told, also when that changes, and TERM', async () => {
        let change: (size: Size) => void = () => undefined;
        const waitFor = (size: string): string =>
          `until [ "$(stty size)" = "${size}" ]; do sleep 0.05; done; echo is ${size}`;
        const { stdout, promise } = start(
          `${waitFor('43 132')}; ${waitFor('24 80')}; tty; echo $TERM; exit 5`,
          (send) => {
            change = send;
            send({ columns: 132, rows: 43 });
            return () => undefined;
          },
        );
        await vi.waitUntil(() => stdout.text.includes('is 43 132'), { timeout: 60_000 });
        change({ columns: 80, rows: 24 });
        expect(await promise).toBe(5);
        expect(stdout.text).toMatch(/^is 43 132\r\nis 24 80\r\n\/dev\/pts\/\d+\r\nvt100\r\n$/);
      });

      it('takes what is typed, Ctrl-C included', async () => {
        const script = 'trap "echo got INT; exit 6" INT; echo ready; while :; do sleep 0.1; done';
        const { stdin, stdout, promise } = start(script, () => () => undefined);
        await vi.waitUntil(() => stdout.text.includes('ready'), { timeout: 60_000 });
        stdin.write('\x03');
        expect(await promise).toBe(6);
        expect(stdout.text).toContain('got INT');
      });
    });
  });
}
