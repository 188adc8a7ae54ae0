import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it, type TestContext, vi } from 'vitest';
import FEED from '../../../src/channels/feed.sh';
import GUARD from '../../../src/channels/guard.sh';
import { compactScript } from '../../../src/channels/script.ts';
import { type Ended, SHELLS, Started, type StartOptions, sessionMembers } from '../shells.ts';

const script = compactScript(GUARD);
/** The guard waits 5 s for a lease, and the three rounds of signals take two pauses of a second. */
const WAIT = { timeout: 40_000, interval: 50 };
/** It waits 30 s for a line by the stdin that tells that the client lives. */
const LONG_WAIT = { timeout: 90_000, interval: 50 };

// Nearly all of the time is waiting.
vi.setConfig({ testTimeout: 30_000, maxConcurrency: 20 });

/** What the guard says at the end of each output, and the exit code in it. */
const MARK = /\x1e[0-9a-f]+\x1f(\d+)\x1e/;

/** An exec whose outputs are read as a client reads them: without the mark at the end of each. */
class Guarded extends Started {
  override get stdout(): Buffer {
    return unmarked(super.stdout);
  }
  get read(): Promise<Ended> {
    return this.ended.then((ended) => ({
      ...ended,
      stdout: unmarked(ended.stdout),
      stderr: ended.stderr.replace(MARK, ''),
    }));
  }
}

function unmarked(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replace(MARK, ''), 'latin1');
}

/** An exec as the kubelet makes it: the guard is the leader of its session. */
function guard(
  { onTestFinished }: TestContext,
  words: readonly string[],
  args: readonly string[],
  options: StartOptions = {},
): Guarded {
  const started = new Guarded([...words, '-c', script, 'nettools', ...args], options);
  onTestFinished(async () => {
    started.process.stdin?.destroy();
    for (const member of sessionMembers(started.pid)) {
      try {
        process.kill(Number(member.split(' ')[0]), 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
    }
    await started.ended;
  });
  return started;
}

const leaseId = () => randomBytes(8).toString('hex');
/** The other exec, as the client opens it. */
const lease = (context: TestContext, id: string): Started => {
  const started = new Started(['sh', '-c', 'cat >/dev/null; :', `nettools-lease-${id}`]);
  context.onTestFinished(async () => {
    started.process.stdin?.destroy();
    await started.ended;
  });
  return started;
};

/** The exec by which the far side says that no more stdin is wanted, as the client opens it. */
function startFeed(context: TestContext, words: readonly string[], id: string): Started {
  const name = `nt${id.slice(0, 13)}`;
  const started = new Started([...words, '-c', compactScript(FEED), 'nettools-feed', name]);
  context.onTestFinished(async () => {
    started.process.stdin?.destroy();
    await started.ended;
  });
  return started;
}

/** One that has found the guard, which may not have come so far at first. */
async function feed(context: TestContext, words: readonly string[], id: string): Promise<Started> {
  for (;;) {
    const started = startFeed(context, words, id);
    const opened = new Promise((resolve) => started.process.stdout?.once('data', () => resolve(true)));
    if (await Promise.race([opened, started.ended.then(() => false)])) return started;
    await delay(50);
  }
}

describe.concurrent.each(SHELLS.filter((s) => s.available))('guard.sh in $name', ({ words }) => {
  describe('whose own stdin tells that the client lives', () => {
    it.for([0, 7, 255])('passes exit code %i on', async (code, context) => {
      const started = guard(context, words, ['own', leaseId(), '0', 'sh', '-c', `exit ${code}`]);
      context.expect((await started.read).code).toBe(code);
    });

    it('leaves nothing behind once the client has closed stdin', async (context) => {
      const started = guard(context, words, ['own', leaseId(), '0', 'true']);
      await started.ended;
      started.endInput();
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });

    it('gives the command an empty stdin', async (context) => {
      const started = guard(context, words, ['own', leaseId(), '0', 'sh', '-c', 'cat; echo end']);
      started.write('not for the command\n');
      context.expect((await started.read).stdout.toString()).toBe('end\n');
    });

    it.for([
      ['one line\n'],
      ['  blanks  kept \n\ttab\n'],
      ['back\\slash \\n \\\n', '$HOME `id` $(id)\n', 'EOF\n'],
      ['\n'],
      ['\n\nlast lines are empty\n\n\n'],
      ['ünïcödé ✓\n'],
    ])('delivers its first lines as stdin: %j', async (lines, context) => {
      const text = lines.join('');
      const started = guard(context, words, ['own', leaseId(), String(text.split('\n').length - 1), 'cat']);
      started.write(text);
      context.expect((await started.read).stdout.toString()).toBe(text);
    });

    it('delivers more than a pipe holds', async (context) => {
      const text = `${'x'.repeat(99)}\n`.repeat(3000);
      const started = guard(context, words, ['own', leaseId(), '3000', 'sh', '-c', 'sleep 0.2; cat']);
      started.write(text);
      context.expect((await started.read).stdout.toString()).toBe(text);
    });

    it('ends the command and all that it started when the client is gone', async (context) => {
      const command = 'sleep 1000 & (sleep 1001; true) & echo ready; sleep 1002; true';
      const started = guard(context, words, ['own', leaseId(), '0', 'sh', '-c', command]);
      await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
      started.endInput();
      const { stdout } = await started.read;
      context.expect(stdout.toString()).toBe('ready\n');
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });

    it('ends what ignores the hang-up', async (context) => {
      const started = guard(context, words, [
        'own',
        leaseId(),
        '0',
        'sh',
        '-c',
        'trap "" HUP; echo ready; sleep 1000 & sleep 1001',
      ]);
      await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
      started.endInput();
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });

    it('ends what ignores every signal that can be ignored', async (context) => {
      const stubborn = 'trap "" HUP INT TERM; echo ready; while :; do sleep 1000; done';
      const started = guard(context, words, ['own', leaseId(), '0', 'sh', '-c', stubborn]);
      await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
      started.endInput();
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });

    it('ends a command that is still reading its lines', async (context) => {
      const started = guard(context, words, ['own', leaseId(), '2', 'sh', '-c', 'cat; exec sleep 1000']);
      started.endInput('only one\n');
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });

    it('touches no process of another session', async (context) => {
      const other = guard(context, words, ['own', leaseId(), '0', 'sleep', '1000']);
      const started = guard(context, words, ['own', leaseId(), '0', 'sleep', '1000']);
      await context.expect
        .poll(() => sessionMembers(other.pid).some((m) => m.endsWith(' sleep')), WAIT)
        .toBe(true);
      started.endInput();
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
      context.expect(sessionMembers(other.pid).some((m) => m.endsWith(' sleep'))).toBe(true);
    });

    it('ends a command when nothing comes by a stdin that does not end', async (context) => {
      const started = guard(context, words, ['own', leaseId(), '0', 'sh', '-c', 'echo ready; sleep 1000']);
      await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
      await context.expect.poll(() => sessionMembers(started.pid), LONG_WAIT).toEqual([]);
    }, 120_000);

    it('lets a command go on as long as lines come', async (context) => {
      const started = guard(context, words, ['own', leaseId(), '0', 'sh', '-c', 'sleep 40; echo alive']);
      const beat = setInterval(() => started.write('\n'), 5000);
      context.expect((await started.read).stdout.toString()).toBe('alive\n');
      clearInterval(beat);
    }, 120_000);

    it('gives the command no child that it does not know', async (context) => {
      const started = guard(context, words, [
        'own',
        leaseId(),
        '0',
        'sh',
        '-c',
        'cat "/proc/$$/task/$$/children"; :',
      ]);
      const { stdout } = await started.read;
      // cat is the only one.
      context.expect(stdout.toString().trim().split(' ')).toHaveLength(1);
    });
  });

  describe('with a lease', () => {
    it('passes stdin on untouched', async (context) => {
      const id = leaseId();
      lease(context, id);
      const started = guard(context, words, ['lease', id, 'cat']);
      const bytes = randomBytes(300_000);
      started.endInput(bytes);
      context.expect((await started.read).stdout.equals(bytes)).toBe(true);
    });

    it('passes the exit code on', async (context) => {
      const id = leaseId();
      lease(context, id);
      context.expect((await guard(context, words, ['lease', id, 'sh', '-c', 'exit 7']).read).code).toBe(7);
    });

    it('tells the command what kind of terminal it has', async (context) => {
      const command = ['sh', '-c', 'printf %s "$TERM $1"', 'sh', 'a b'];
      const started = guard(context, words, ['terminal', leaseId(), 'xterm-x y', ...command]);
      context.expect((await started.read).stdout.toString()).toBe('xterm-x y a b');
    });

    it('ends the command and all that it started when the lease is gone', async (context) => {
      const id = leaseId();
      const held = lease(context, id);
      // One of another command, whose client lives on.
      lease(context, leaseId());
      const command = 'trap "" HUP; sleep 1000 & echo ready; sleep 1001';
      const started = guard(context, words, ['lease', id, 'sh', '-c', command]);
      await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
      held.endInput();
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });

    it('asks to send no more of a stdin that the command leaves unread, and takes what is on its way', async (context) => {
      const id = leaseId();
      lease(context, id);
      // The guard is the leader of its own session, as in a container; the writer is of another, as the runtime is.
      const writer = '{ cat && echo all is taken >&2; } | setsid "$@"';
      const command = ['lease', id, 'sh', '-c', 'head -c 5 | wc -c; exit 9'];
      const started = guard(context, ['sh', '-c', writer, 'nettools', ...words], command);
      const asked = (await feed(context, words, id)).ended;
      // More than a pipe holds.
      started.write(Buffer.alloc(300_000, 'x'));
      context.expect((await asked).signal).toBe('SIGUSR1');
      started.endInput();
      const { code, stdout, stderr } = await started.read;
      context.expect([code, stdout.toString().trim(), stderr]).toEqual([9, '5', 'all is taken\n']);
    });

    it('has a feed only while the command runs', async (context) => {
      const id = leaseId();
      lease(context, id);
      const command = ['lease', id, 'sh', '-c', 'echo ready; read -r x; exit 3'];
      const started = guard(context, words, command);
      await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
      const opened = await feed(context, words, id);
      opened.endInput();
      await opened.ended;
      started.endInput('x\n');
      context.expect((await started.read).code).toBe(3);
      const late = startFeed(context, words, id);
      // It finds no command, or is ended by the guard's watcher, which ends what is left of its feeds.
      const { code, signal, stdout } = await late.ended;
      context.expect([1, 'SIGTERM']).toContain(code ?? signal);
      context.expect(stdout).toEqual(Buffer.alloc(0));
    });

    it.for([
      ['a signal', 'kill -9 $$', 137, /^$/],
      ['its absence', '', 127, /no-such-command.*not found\n$/],
    ] as const)('tells a command that ends by %s, and adds no words of its own', async (parts, context) => {
      const [, script, code, stderr] = parts;
      const command = script === '' ? ['no-such-command'] : ['sh', '-c', script];
      const ended = await guard(context, words, ['lease', leaseId(), ...command]).read;
      context.expect(ended.code).toBe(code);
      context.expect(ended.stderr).toMatch(stderr);
    });

    it('runs nothing of its own in place of a command', async (context) => {
      const ended = await guard(context, words, ['lease', leaseId(), 'find_lease']).read;
      context.expect(ended.code).toBe(127);
    });

    it('leaves nothing behind when the command has ended', async (context) => {
      const id = leaseId();
      lease(context, id);
      const started = guard(context, words, ['lease', id, 'sh', '-c', 'sleep 1000 >/dev/null 2>&1 & exit 3']);
      context.expect((await started.read).code).toBe(3);
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });
  });
});

describe.concurrent.each(SHELLS.filter((s) => s.available))('the end in $name', ({ words }) => {
  const modes: [string, (id: string) => string[]][] = [
    ['own', (id) => ['own', id, '0']],
    ['lease', (id) => ['lease', id]],
  ];
  const marks = (output: Buffer | string): string[] =>
    [...output.toString().matchAll(new RegExp(MARK, 'g'))].map(([, code = '']) => code);

  it.for(modes)('is told once behind the last word of each output, %s', async ([, mode], context) => {
    const id = leaseId();
    const command = ['sh', '-c', 'printf out; printf err >&2; exit 7'];
    const { code, stdout, stderr } = await guard(context, words, [...mode(id), ...command]).ended;
    const mark = `\x1e${id}\x1f7\x1e`;
    context.expect([code, stdout.toString(), stderr]).toEqual([7, `out${mark}`, `err${mark}`]);
  });

  it.for(modes)(
    'is told of a command that has closed its outputs and goes on, %s',
    async ([, mode], context) => {
      const command = ['sh', '-c', 'exec >/dev/null 2>&1; sleep 0.2; exit 6'];
      const { stdout, stderr } = await guard(context, words, [...mode(leaseId()), ...command]).ended;
      context.expect([marks(stdout), marks(stderr)]).toEqual([['6'], ['6']]);
    },
  );

  it.for(modes)('is told of a command that was killed, %s', async ([, mode], context) => {
    const command = ['sh', '-c', 'kill -KILL $$'];
    const { stdout, stderr } = await guard(context, words, [...mode(leaseId()), ...command]).ended;
    context.expect([marks(stdout), marks(stderr)]).toEqual([['137'], ['137']]);
  });

  it.for(modes)('is not told by a guard that was killed, %s', async ([, mode], context) => {
    const started = guard(context, words, [...mode(leaseId()), 'sh', '-c', 'echo ready; exec sleep 1000']);
    await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
    process.kill(started.pid, 'SIGKILL');
    const { stdout, stderr } = await started.ended;
    context.expect([marks(stdout), marks(stderr)]).toEqual([[], []]);
  });

  it.for(modes)('is in no word that a command could print by chance, %s', async ([, mode], context) => {
    const command = ['sh', '-c', 'cat /proc/$PPID/cmdline /proc/$$/cmdline; exit 3'];
    const { stdout } = await guard(context, words, [...mode(leaseId()), ...command]).ended;
    context.expect(marks(stdout)).toEqual(['3']);
  });

  describe('with a terminal', () => {
    /** The guard as the leader of the session of a terminal, as the runtime starts it. */
    function onTerminal({ onTestFinished }: TestContext, command: string): Started {
      const guarded = [...words, '-c', script, 'nettools', 'lease', leaseId(), 'sh', '-c', command];
      // A pipe: script(1) takes the socket that Node gives its children for one that has ended.
      const through = 'cat | script -qec "$1" /dev/null';
      const started = new Started(['sh', '-c', through, 'sh', `exec ${quoted(guarded)}`]);
      onTestFinished(async () => {
        started.process.stdin?.destroy();
        await started.ended;
      });
      return started;
    }
    const quoted = (argv: readonly string[]): string =>
      argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');

    it('is told once', async (context) => {
      const started = onTerminal(context, 'echo out; exit 7');
      await context.expect
        .poll(() => started.stdout.toString().replace(MARK, '<$1>'), WAIT)
        .toBe('out\r\n<7>');
    });

    it.for([
      ['takes it', 'trap "exit 6" INT; echo ready; while :; do sleep 0.1; done', '6'],
      ['is ended by it', 'echo ready; exec sleep 1000', '130'],
    ] as const)('is told of a command that is sent a Ctrl-C and %s', async ([, command, code], context) => {
      const started = onTerminal(context, command);
      await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\r\n');
      started.write('\x03');
      await context.expect.poll(() => marks(started.stdout), WAIT).toEqual([code]);
    });
  });
});

describe.concurrent.each(SHELLS.filter((s) => s.available))('guard.sh in $name with a pipe', ({ words }) => {
  it('passes stdin on untouched, and the exit code', async (context) => {
    const started = guard(context, words, ['pipe', '', 'sh', '-c', 'cat; exit 7'], { lifeline: true });
    const bytes = randomBytes(300_000);
    started.endInput(bytes);
    const { code, stdout } = await started.read;
    context.expect(code).toBe(7);
    context.expect(stdout.equals(bytes)).toBe(true);
  });

  it('gives the command neither the pipe nor a child that it does not know', async (context) => {
    const script = 'ls /proc/$$/fd; cat "/proc/$$/task/$$/children"; :';
    const started = guard(context, words, ['pipe', '', 'sh', '-c', script], { lifeline: true });
    const lines = (await started.read).stdout.toString().trim().split('\n');
    context.expect(lines).not.toContain('3');
    // cat is the only one.
    context.expect(lines.at(-1)).toMatch(/^\d+$/);
  });

  it('ends the command and all that it started when the pipe ends', async (context) => {
    const command = 'trap "" HUP TERM; sleep 1000 & (sleep 1001; true) & echo ready; sleep 1002; true';
    const started = guard(context, words, ['pipe', '', 'sh', '-c', command], { lifeline: true });
    await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
    started.endLifeline();
    await started.ended;
    await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
  });

  it('with a mark, ends what has it and leaves the rest of the session alone', async (context) => {
    // The user's own process, in the same session, and the command.
    const command = `sleep 1003 & exec "$@"`;
    const mark = `NETTOOLS_SHELL=${leaseId()}`;
    const inner = 'trap "" INT HUP; sleep 1000 & echo "$NETTOOLS_SHELL"; sleep 1001; true';
    const started = guard(
      context,
      ['sh', '-c', command, 'nettools', ...words],
      ['pipe', mark, 'sh', '-c', inner],
      { lifeline: true },
    );
    await context.expect
      .poll(() => started.stdout.toString(), WAIT)
      .toBe(`${mark.slice(mark.indexOf('=') + 1)}\n`);
    started.endLifeline();
    await context.expect
      .poll(() => sessionMembers(started.pid).map((member) => member.split(' ')[1]), WAIT)
      .toEqual(['sleep']);
  });
});

describe.concurrent.each(SHELLS.filter((s) => s.available))(
  'guard.sh in $name with a lease that comes and goes',
  ({ words }) => {
    it('ends the command when none comes', async (context) => {
      const started = guard(context, words, ['lease', leaseId(), 'sh', '-c', 'echo ready; sleep 1000']);
      await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });

    it('ends the feed of a command that it ends', async (context) => {
      const id = leaseId();
      const started = guard(context, words, ['lease', id, 'sh', '-c', 'echo ready; sleep 1000']);
      const held = lease(context, id);
      await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
      const opened = await feed(context, words, id);
      held.endInput();
      context.expect(await opened.ended).toMatchObject({ signal: 'SIGTERM' });
    });

    it('lets the command go on when it is opened again in time', async (context) => {
      const id = leaseId();
      const started = guard(context, words, ['lease', id, 'sh', '-c', 'echo ready; read -r x; echo "$x"']);
      const first = lease(context, id);
      await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
      first.endInput();
      await first.ended;
      lease(context, id);
      // Longer than the guard would wait for one.
      await delay(7000);
      started.endInput('alive\n');
      context.expect((await started.read).stdout.toString()).toBe('ready\nalive\n');
    });
  },
);
