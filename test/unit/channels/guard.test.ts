import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it, type TestContext, vi } from 'vitest';
import FEED from '../../../src/channels/feed.sh';
import GUARD from '../../../src/channels/guard.sh';
import { compactScript } from '../../../src/channels/script.ts';
import { SHELLS, Started, type StartOptions, sessionMembers } from '../shells.ts';

const script = compactScript(GUARD);
/** The guard waits 5 s for a lease, and the three rounds of signals take two pauses of a second. */
const WAIT = { timeout: 40_000, interval: 50 };

// Nearly all of the time is waiting.
vi.setConfig({ testTimeout: 30_000, maxConcurrency: 20 });

/** An exec as the kubelet makes it: the guard is the leader of its session. */
function guard(
  { onTestFinished }: TestContext,
  words: readonly string[],
  args: readonly string[],
  options: StartOptions = {},
): Started {
  const started = new Started([...words, '-c', script, 'nettools', ...args], options);
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
  const started = new Started([
    ...words,
    '-c',
    'eval "$1"',
    `nettools-feed-${id}`,
    compactScript(FEED),
    name,
  ]);
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
      const started = guard(context, words, ['own', '0', 'sh', '-c', `exit ${code}`]);
      context.expect((await started.ended).code).toBe(code);
    });

    it('leaves nothing behind once the client has closed stdin', async (context) => {
      const started = guard(context, words, ['own', '0', 'true']);
      await started.ended;
      started.endInput();
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });

    it('gives the command an empty stdin', async (context) => {
      const started = guard(context, words, ['own', '0', 'sh', '-c', 'cat; echo end']);
      started.write('not for the command\n');
      context.expect((await started.ended).stdout.toString()).toBe('end\n');
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
      const started = guard(context, words, ['own', String(text.split('\n').length - 1), 'cat']);
      started.write(text);
      context.expect((await started.ended).stdout.toString()).toBe(text);
    });

    it('delivers more than a pipe holds', async (context) => {
      const text = `${'x'.repeat(99)}\n`.repeat(3000);
      const started = guard(context, words, ['own', '3000', 'sh', '-c', 'sleep 0.2; cat']);
      started.write(text);
      context.expect((await started.ended).stdout.toString()).toBe(text);
    });

    it('ends the command and all that it started when the client is gone', async (context) => {
      const command = 'sleep 1000 & (sleep 1001; true) & echo ready; sleep 1002; true';
      const started = guard(context, words, ['own', '0', 'sh', '-c', command]);
      await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
      started.endInput();
      const { stdout } = await started.ended;
      context.expect(stdout.toString()).toBe('ready\n');
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });

    it('ends what ignores the hang-up', async (context) => {
      const started = guard(context, words, [
        'own',
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
      const started = guard(context, words, ['own', '0', 'sh', '-c', stubborn]);
      await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('ready\n');
      started.endInput();
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });

    it('ends a command that is still reading its lines', async (context) => {
      const started = guard(context, words, ['own', '2', 'sh', '-c', 'cat; exec sleep 1000']);
      started.endInput('only one\n');
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });

    it('touches no process of another session', async (context) => {
      const other = guard(context, words, ['own', '0', 'sleep', '1000']);
      const started = guard(context, words, ['own', '0', 'sleep', '1000']);
      await context.expect
        .poll(() => sessionMembers(other.pid).some((m) => m.endsWith(' sleep')), WAIT)
        .toBe(true);
      started.endInput();
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
      context.expect(sessionMembers(other.pid).some((m) => m.endsWith(' sleep'))).toBe(true);
    });

    it('gives the command no child that it does not know', async (context) => {
      const started = guard(context, words, ['own', '0', 'sh', '-c', 'cat "/proc/$$/task/$$/children"; :']);
      const { stdout } = await started.ended;
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
      context.expect((await started.ended).stdout.equals(bytes)).toBe(true);
    });

    it('passes the exit code on', async (context) => {
      const id = leaseId();
      lease(context, id);
      context.expect((await guard(context, words, ['lease', id, 'sh', '-c', 'exit 7']).ended).code).toBe(7);
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
      const { code, stdout, stderr } = await started.ended;
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
      context.expect((await started.ended).code).toBe(3);
      const late = startFeed(context, words, id);
      context.expect(await late.ended).toMatchObject({ code: 1, stdout: Buffer.alloc(0) });
    });

    it.for([
      ['a signal', 'kill -9 $$', 137, /^$/],
      ['its absence', '', 127, /no-such-command.*not found\n$/],
    ] as const)('tells a command that ends by %s, and adds no words of its own', async (parts, context) => {
      const [, script, code, stderr] = parts;
      const command = script === '' ? ['no-such-command'] : ['sh', '-c', script];
      const ended = await guard(context, words, ['lease', leaseId(), ...command]).ended;
      context.expect(ended.code).toBe(code);
      context.expect(ended.stderr).toMatch(stderr);
    });

    it('runs nothing of its own in place of a command', async (context) => {
      const ended = await guard(context, words, ['lease', leaseId(), 'find_exec']).ended;
      context.expect(ended.code).toBe(127);
    });

    it('leaves nothing behind when the command has ended', async (context) => {
      const id = leaseId();
      lease(context, id);
      const started = guard(context, words, ['lease', id, 'sh', '-c', 'sleep 1000 >/dev/null 2>&1 & exit 3']);
      context.expect((await started.ended).code).toBe(3);
      await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
    });
  });
});

describe.concurrent.each(SHELLS.filter((s) => s.available))('guard.sh in $name with a pipe', ({ words }) => {
  it('passes stdin on untouched, and the exit code', async (context) => {
    const started = guard(context, words, ['pipe', '', 'sh', '-c', 'cat; exit 7'], { lifeline: true });
    const bytes = randomBytes(300_000);
    started.endInput(bytes);
    const { code, stdout } = await started.ended;
    context.expect(code).toBe(7);
    context.expect(stdout.equals(bytes)).toBe(true);
  });

  it('gives the command neither the pipe nor a child that it does not know', async (context) => {
    const script = 'ls /proc/$$/fd; cat "/proc/$$/task/$$/children"; :';
    const started = guard(context, words, ['pipe', '', 'sh', '-c', script], { lifeline: true });
    const lines = (await started.ended).stdout.toString().trim().split('\n');
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
      context.expect((await started.ended).stdout.toString()).toBe('ready\nalive\n');
    });
  },
);
