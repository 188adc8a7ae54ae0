import { readFileSync } from 'node:fs';
import { describe, it, type TestContext, vi } from 'vitest';
import { compactScript } from '../../../src/channels/script.ts';
import CAPTURE from '../../../src/probes/capture.sh';
import { SHELLS, Started, sessionMembers } from '../shells.ts';

const script = compactScript(CAPTURE);
const WAIT = { timeout: 40_000, interval: 50 };

// Nearly all of the time is waiting.
vi.setConfig({ testTimeout: 30_000, maxConcurrency: 20 });

function capture(
  { onTestFinished }: TestContext,
  words: readonly string[],
  live: '0' | '1',
  command: readonly string[],
): Started {
  const started = new Started([...words, '-c', script, 'nettools-capture', live, ...command]);
  onTestFinished(async () => {
    started.process.stdin?.destroy();
    for (const member of sessionMembers(started.pid)) {
      try {
        process.kill(Number(member.split(' ')[0]), 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
    }
    started.process.stdout?.resume();
    await started.ended;
  });
  return started;
}

/** Like tcpdump it handles SIGINT whatever it inherited, says what it counted, and ends. */
const CAPTURING = [
  process.execPath,
  '-e',
  `process.on('SIGINT', () => { console.error('5 packets captured'); process.exit(3); });
   setInterval(() => undefined, 1000); console.log('capturing');`,
];

describe.concurrent.each(SHELLS.filter((one) => one.available))('capture.sh in $name', ({ words }) => {
  it.for([0, 7, 255])('passes exit code %i on', async (code, context) => {
    const started = capture(context, words, '0', ['sh', '-c', `exit ${code}`]);
    context.expect((await started.ended).code).toBe(code);
    started.endInput();
    await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
  });

  it.for([
    ['a line', (started: Started) => started.write('\n')],
    ['the end', (started: Started) => started.endInput()],
  ] as const)('ends the command on %s of stdin, and passes on what it says', async ([, tell], context) => {
    const started = capture(context, words, '1', CAPTURING);
    await context.expect.poll(() => started.stdout.toString(), WAIT).toBe('capturing\n');
    tell(started);
    context.expect(await started.ended).toMatchObject({ code: 3, stderr: '5 packets captured\n' });
    started.endInput();
    await context.expect.poll(() => sessionMembers(started.pid), WAIT).toEqual([]);
  });

  it('leaves the command without stdin, and gives it its words as they are', async (context) => {
    const started = capture(context, words, '0', ['sh', '-c', 'cat; echo "$@"', 'x', 'a b', '$(id)', '-z']);
    context.expect((await started.ended).stdout.toString()).toBe('a b $(id) -z\n');
  });

  it('asks a command for its counts each second', async (context) => {
    // Busy in no system call, most of the time.
    const busy = 'trap "echo asked" USR1; i=0; while :; do i=$((i + 1)); done';
    const started = capture(context, words, '1', ['bash', '-c', busy]);
    await context.expect.poll(() => started.stdout.toString(), WAIT).toMatch(/^(asked\n){2}/);
  });

  it('leaves a command alone that writes', async (context) => {
    const started = capture(context, words, '1', ['yes']);
    started.process.stdout?.pause();
    const yes = (): string => sessionMembers(started.pid).find((one) => one.endsWith(' yes')) ?? '';
    await context.expect.poll(yes, WAIT).not.toBe('');
    const pid = Number(yes().split(' ')[0]);
    // Each time that it is halted and goes on counts.
    const switches = (): number =>
      Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    await context.expect.poll(() => readFileSync(`/proc/${pid}/syscall`, 'utf8'), WAIT).toMatch(/^(?:1|64) /);
    const before = switches();
    await context.expect.poll(() => switches() - before, WAIT).toBeGreaterThanOrEqual(3);
    // The signal would have ended it.
    context.expect(yes()).toBe(`${pid} yes`);
  });
});

it('ends the command where no more processes may be started: a shell that cannot fork ends at once', async (context) => {
  // The limit is one of a user, and does not hold for root: nobody else has this number here.
  const few = ['setpriv', '--reuid', '54321', '--clear-groups', 'prlimit', '--nproc=3', 'dash'];
  const waiting =
    '$SIG{INT} = sub { print STDERR "5 packets captured\\n"; exit 3 }; sleep 1 while print "on\\n"';
  const started = capture(context, few, '0', ['perl', '-e', `$| = 1; ${waiting}`]);
  await context.expect.poll(() => started.stdout.toString(), WAIT).toContain('on\n');
  started.write('\n');
  context
    .expect(await started.ended)
    .toMatchObject({ code: 3, stderr: context.expect.stringContaining('5 packets captured') });
});
