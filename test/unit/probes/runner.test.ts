import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { compactScript } from '../../../src/channels/script.ts';
import type { Budget } from '../../../src/model/budget.ts';
import type { ProbeCommand, ProbePlan, ProbeResult } from '../../../src/model/evidence.ts';
import { encodePlan, RunnerDecoder, type RunnerEvent } from '../../../src/probes/plan.ts';
import RUNNER from '../../../src/probes/runner.sh';
import { buildProber } from '../prober.ts';
import { mayUnshare, runToEnd, SHELLS, Started, type StartOptions, sessionMembers } from '../shells.ts';

/** Room for all commands of most of these tests at the same time. */
const WIDE: Budget = { processes: 64, memoryBytes: 64 * 2 ** 20 };

/** Scripts that plans of these tests name. */
const TEXTS = { hello: 'echo hello "$1"\n# not sent\nexit 3\n' };

/** The cap of one output, as runner.sh has it. */
const MAX_BYTES = 1_048_576;

const command = (id: string, argv: readonly string[], timeoutSeconds = 10): ProbeCommand => ({
  id,
  argv,
  timeoutSeconds,
});
const onePhase = (...commands: ProbeCommand[]): ProbePlan => ({ phases: [commands] });
const only = <T>(list: readonly T[]): T => {
  if (list.length !== 1) throw new Error(`${list.length} instead of one`);
  return list[0] as T;
};

/** A folder that is gone after the test, and the environment of a runner that uses it. */
function place({ onTestFinished }: TestContext): {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
} {
  const folder = mkdtempSync(join(tmpdir(), 'nettools-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, env: { PATH: process.env['PATH'], TMPDIR: folder } };
}

interface Run {
  readonly events: readonly RunnerEvent[];
  readonly results: readonly ProbeResult[];
  readonly code: number | null;
  readonly stderr: string;
}

const script = compactScript(RUNNER);

/** The script in each shell, and the image's program that takes its place. */
const RUNNERS = [
  ...SHELLS.filter((s) => s.available).map(({ name, words }) => ({
    name: `runner.sh in ${name}`,
    argv: [...words, '-c', script, 'nettools-runner'],
    hasFiles: true,
  })),
  { name: 'the prober', argv: [buildProber()], hasFiles: false },
];

async function runPlan(
  runner: readonly string[],
  plan: ProbePlan,
  options: StartOptions & { readonly wrap?: readonly string[]; readonly budget?: Budget } = {},
): Promise<Run> {
  const argv = [...(options.wrap ?? []), ...runner];
  const { stdout, stderr, code } = await runToEnd(
    argv,
    encodePlan(plan, TEXTS, options.budget ?? WIDE),
    options,
  );
  const events = new RunnerDecoder(plan).push(stdout);
  return { events, results: events.flatMap((e) => (e.kind === 'result' ? [e.result] : [])), code, stderr };
}

/** Words that a shell, `read`, `echo` or the protocol itself could mistake for something else. */
const TORTURE = [
  'plain',
  'two words',
  '',
  ' ',
  '  leading and trailing  ',
  "it's",
  '"double"',
  '$HOME $(id) $1 $@ `id`',
  'back\\slash \\n \\0 \\\\',
  'ends with a backslash\\',
  'line 1\nline 2',
  '\nstarts with a line end',
  'ends with a line end\n',
  '\n',
  '\n\n\n',
  '-n',
  '--help',
  '-',
  '*',
  '?[a-z]*',
  '~',
  '%',
  '%gateway',
  'gateway%',
  'x%gateway%',
  '%gateway%%',
  '%gateway%\n',
  ' %gateway%',
  '%Gateway%',
  '%unknown%',
  'tab\there',
  'carriage\rreturn\r\n',
  'end',
  'wait',
  'cmd x 1 1',
  'var gateway',
  '3',
  '# comment',
  '; exit 1',
  '&& false || true',
  'a=b',
  'EOF',
  '\u001b[31mred',
  'ünïcödé ✓ 漢字 🙂',
  'x'.repeat(20_000),
];

describe.concurrent.each(RUNNERS)('$name', ({ argv: words, hasFiles }) => {
  it('passes every word as it is', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const { results } = await runPlan(words, onePhase(command('torture', ['printf', '%s\\0', ...TORTURE])), {
      env,
    });
    const { stdout, code } = only(results);
    expect(stdout.split('\0').slice(0, -1)).toEqual(TORTURE);
    expect(code).toBe(0);
  });

  it('drops NUL, which no argument can hold', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const { results } = await runPlan(words, onePhase(command('nul', ['printf', '%s', 'a\0b'])), { env });
    expect(only(results).stdout).toBe('ab');
  });

  it('keeps exit codes, stdout and stderr apart', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const exits = [0, 1, 7, 124, 137, 143, 255].map((n) =>
      command(`exit${n}`, ['sh', '-c', 'echo out; echo err >&2; exit "$0"', String(n)]),
    );
    const { results } = await runPlan(words, onePhase(...exits), { env });
    expect(results.map(({ id, status, code, stdout, stderr }) => [id, status, code, stdout, stderr])).toEqual(
      [0, 1, 7, 124, 137, 143, 255].map((n) => [`exit${n}`, 'exited', n, 'out\n', 'err\n']),
    );
  });

  it('gives commands an empty stdin and not the rest of the plan', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const { results } = await runPlan(
      words,
      onePhase(command('reader', ['cat']), command('next', ['echo', 'next'])),
      { env },
    );
    expect(results.map((r) => r.stdout)).toEqual(['', 'next\n']);
  });

  it('ends a command at its time limit', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const { results } = await runPlan(
      words,
      onePhase(command('sleeper', ['sh', '-c', 'echo before; exec sleep 30'], 1)),
      { env },
    );
    const { status, stdout, durationMs } = only(results);
    expect(status).toBe('timeout');
    expect(stdout).toBe('before\n');
    expect(durationMs).toBeGreaterThanOrEqual(900);
  });

  it('ends a command at its time limit that ignores SIGTERM', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const { results } = await runPlan(
      words,
      onePhase(command('stubborn', ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'], 1)),
      { env },
    );
    expect(only(results).status).toBe('timeout');
  });

  it('reports a tool that is not there', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const { results } = await runPlan(words, onePhase(command('absent', ['nettools-no-such-tool', 'x'])), {
      env,
    });
    expect(only(results)).toMatchObject({ status: 'missing', code: 127, stdout: '', stderr: '' });
  });

  it('runs the commands of a phase at the same time and phases one after the other', async (context) => {
    const { expect } = context;
    const { folder, env } = place(context);
    const [there, back] = [join(folder, 'there'), join(folder, 'back')];
    execFileSync('mkfifo', [there, back]);
    // Each opens a pipe that the other has to open too: one after the other they would wait for ever.
    const first = command(
      'first',
      [
        'sh',
        '-c',
        'echo 1 >"$0"; read -r x <"$1"; echo "got $x"; echo done >"$2"',
        there,
        back,
        join(folder, 'file'),
      ],
      5,
    );
    const second = command(
      'second',
      ['sh', '-c', 'read -r x <"$0"; echo "got $x"; echo 2 >"$1"', there, back],
      5,
    );
    const third = command('third', ['cat', join(folder, 'file')]);
    const { events, results } = await runPlan(words, { phases: [[first, second], [third]] }, { env });
    expect(results.map((r) => [r.status, r.stdout])).toEqual([
      ['exited', 'got 2\n'],
      ['exited', 'got 1\n'],
      ['exited', 'done\n'],
    ]);
    expect(events.map((e) => e.kind)).toEqual([
      'result',
      'result',
      'phase',
      'result',
      'phase',
      'cost',
      'done',
    ]);
  });

  it('cuts an output that is too long and says so', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const long = 'head -c 1500000 /dev/zero | tr "\\0" x';
    const plan = onePhase(
      command('out', ['sh', '-c', `${long}; echo short >&2`]),
      command('err', ['sh', '-c', `{ ${long}; } >&2`]),
      command('exact', ['sh', '-c', `head -c ${MAX_BYTES} /dev/zero`]),
      command('after', ['echo', 'still whole']),
    );
    const { results } = await runPlan(words, plan, { env });
    const [out, err, exact, after] = ['out', 'err', 'exact', 'after'].map((id) =>
      results.find((r) => r.id === id),
    );
    expect([out?.stdout.length, out?.truncated]).toEqual([MAX_BYTES, true]);
    // Before it a shell may say that a tool of its own met the limit.
    expect(out?.stderr).toMatch(/^(File size limit exceeded.*\n|tr: .*\n)?short\n$/);
    expect([err?.stdout.length, err?.stderr.length, err?.truncated]).toEqual([0, MAX_BYTES, true]);
    expect([exact?.stdout.length, exact?.truncated]).toEqual([MAX_BYTES, false]);
    expect([after?.stdout, after?.truncated]).toEqual(['still whole\n', false]);
  });

  it('ends a tool that runs away before it fills the disk, and leaves no memory dump', async (context) => {
    const { expect } = context;
    const { folder, env } = place(context);
    const plan = onePhase(
      command('out', ['yes'], 60),
      command('err', ['sh', '-c', 'exec yes >&2'], 60),
      command('after', ['echo', 'still whole']),
    );
    const { results } = await runPlan(words, plan, { env, cwd: folder });
    // Large outputs do not wait for the end of the phase.
    const ordered = ['out', 'err', 'after'].flatMap((id) => results.filter((r) => r.id === id));
    // By SIGXFSZ or SIGPIPE, or by the write that fails where that is ignored; never by its time limit.
    expect(ordered.map((r) => [r.status, r.truncated])).toEqual([
      ['exited', true],
      ['exited', true],
      ['exited', false],
    ]);
    expect(ordered.map((r) => (r.id === 'err' ? r.stderr : r.stdout).length)).toEqual([
      MAX_BYTES,
      MAX_BYTES,
      'still whole\n'.length,
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('carries binary output without losing its place', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const bytes = Array.from({ length: 256 }, (_, i) => `\\${i.toString(8).padStart(3, '0')}`).join('');
    const { results } = await runPlan(
      words,
      onePhase(command('binary', ['printf', bytes]), command('after', ['echo', 'whole'])),
      { env },
    );
    expect(results[0]?.stdout).toBe(Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('utf8'));
    expect(results[1]?.stdout).toBe('whole\n');
  });

  it('takes nothing that a command prints for a frame', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const hostile =
      'nettools-result after exited 0 1 2 5 0 0\nhello\n\nnettools-phase\nnettools-done\nnettools-error gone\n';
    const plan = onePhase(
      command('out', ['printf', '%s', hostile]),
      command('err', ['sh', '-c', 'printf %s "$0" >&2', hostile]),
      command('open', ['printf', '%s', 'nettools-result open exited 0 1 2 99999 0 0']),
      command('after', ['echo', 'real']),
    );
    const { events, results } = await runPlan(words, plan, { env });
    expect(results.map((r) => [r.id, r.stdout, r.stderr])).toEqual([
      ['out', hostile, ''],
      ['err', '', hostile],
      ['open', 'nettools-result open exited 0 1 2 99999 0 0', ''],
      ['after', 'real\n', ''],
    ]);
    expect(events.map((e) => e.kind)).toEqual([
      'result',
      'result',
      'result',
      'result',
      'phase',
      'cost',
      'done',
    ]);
  });

  it('fills in the API server and leaves commands out whose placeholder is unknown', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const plan = onePhase(
      command('both', ['echo', '%apiserver%', '%apiserver-port%']),
      command('other', ['echo', 'x']),
    );
    const known = await runPlan(words, plan, {
      env: { ...env, KUBERNETES_SERVICE_HOST: '192.0.2.1', KUBERNETES_SERVICE_PORT: '443' },
    });
    expect(known.results[0]).toMatchObject({
      status: 'exited',
      stdout: '192.0.2.1 443\n',
      command: ['echo', '192.0.2.1', '443'],
    });
    const unknown = await runPlan(words, plan, { env });
    expect(unknown.results[0]).toMatchObject({
      status: 'unknown-placeholder',
      stdout: '',
      command: ['echo', '%apiserver%', '%apiserver-port%'],
    });
    expect(unknown.results[1]).toMatchObject({ status: 'exited', stdout: 'x\n' });
  });

  it('runs a script that is sent once, however many commands name it', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const hello = (id: string) => command(id, ['sh', '-c', '%script:hello%', 'hello', id]);
    const plan = onePhase(
      hello('a'),
      hello('b'),
      command('c', ['echo', '%script:absent%', 'x%script:hello%']),
    );
    expect(encodePlan(plan, TEXTS).match(/echo hello/g)).toHaveLength(1);
    const { results } = await runPlan(words, plan, { env });
    expect(results.map((r) => [r.stdout, r.code])).toEqual([
      ['hello a\n', 3],
      ['hello b\n', 3],
      ['%script:absent% x%script:hello%\n', 0],
    ]);
  });

  it('ends a command that listens when the others have ended, and keeps what it said', async (context) => {
    const { expect } = context;
    const { folder, env } = place(context);
    const ready = join(folder, 'ready');
    execFileSync('mkfifo', [ready]);
    const script = 'trap "echo heard the end; exit 5" TERM; echo ready >"$0"; while :; do sleep 0.1; done';
    const plan = onePhase(command('other', ['sh', '-c', 'read -r word <"$0"; echo "$word"', ready], 30), {
      ...command('ear', ['sh', '-c', script, ready], 30),
      listens: true,
    });
    const { results } = await runPlan(words, plan, { env });
    const byId = Object.fromEntries(results.map((r) => [r.id, r]));
    expect(byId['other']).toMatchObject({ stdout: 'ready\n', status: 'exited' });
    expect(byId['ear']).toMatchObject({ stdout: 'heard the end\n', status: 'exited' });
  });

  it('starts the others only when what leads has begun', async (context) => {
    const { expect } = context;
    const { folder, env } = place(context);
    const plan = onePhase(command('other', ['ls', folder]), {
      ...command('first', ['sh', '-c', 'sleep 0.03; echo >"$0"', join(folder, 'sent')]),
      leads: true,
    });
    const { results } = await runPlan(words, plan, { env });
    expect(results.find(({ id }) => id === 'other')?.stdout).toContain('sent\n');
    expect(results).toHaveLength(2);
  });

  it('runs no more commands at once than the budget has room for, and all of them in the end', async (context) => {
    const { expect } = context;
    const { folder, env } = place(context);
    // Each says how many run beside it, by files that are there as long as it runs.
    const count = 'd=$0; n=$1; echo >"$d/run-$n"; set -- "$d"/run-*; echo $#; sleep 0.2; rm "$d/run-$n"';
    const plan = onePhase(
      ...Array.from({ length: 12 }, (_, i) => command(`c${i}`, ['sh', '-c', count, folder, `${i}`])),
    );
    const budget = { processes: 22, memoryBytes: 24 * 2 ** 20 };
    const { results } = await runPlan(words, plan, { env, budget });
    const most = Math.max(...results.map((r) => Number(r.stdout)));
    expect(results).toHaveLength(12);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('leaves no file and no process behind', async (context) => {
    const { expect } = context;
    const { folder, env } = place(context);
    const started = new Started([...words], { env });
    started.endInput(encodePlan(onePhase(command('a', ['echo', 'a']), command('b', ['sleep', '30'], 1))));
    expect((await started.ended).code).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
    expect(sessionMembers(started.pid)).toEqual([]);
  });

  it('leaves no file behind when it is ended in the middle', async (context) => {
    const { expect } = context;
    const { folder, env } = place(context);
    const started = new Started([...words], { env });
    // The second phase tells that the first is over and the folder is there.
    started.write(encodePlan({ phases: [[command('a', ['echo', 'a'])]] }).replace('end\n', ''));
    await expect.poll(() => started.stdout.includes('nettools-phase'), { timeout: 30_000 }).toBe(true);
    expect(readdirSync(folder)).toHaveLength(hasFiles ? 1 : 0);
    process.kill(started.pid, 'SIGTERM');
    await started.ended;
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves no file behind when nobody takes what it says any more', async (context) => {
    const { expect } = context;
    const { folder, env } = place(context);
    const started = new Started([...words], { env });
    const plan = encodePlan({ phases: [[command('a', ['echo', 'a'])], [command('b', ['echo', 'b'])]] });
    const second = plan.indexOf('wait\n') + 'wait\n'.length;
    started.write(plan.slice(0, second));
    await expect.poll(() => started.stdout.includes('nettools-phase'), { timeout: 30_000 }).toBe(true);
    started.process.stdout?.destroy();
    started.write(plan.slice(second));
    await started.ended;
    expect(readdirSync(folder)).toEqual([]);
  });

  it('does not say that it is done when the plan breaks off', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const plan = onePhase(command('a', ['printf', '%s', 'one', 'two']));
    const text = encodePlan(plan);
    const { stdout } = await runToEnd([...words], text.slice(0, text.indexOf('two')), { env });
    expect(new RunnerDecoder(plan).push(stdout)).toEqual([]);
  });

  it.skipIf(!mayUnshare)('uses /dev/shm where /tmp cannot be written', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const wrap = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      'mount -t tmpfs -o ro none /tmp && mount -t tmpfs -o ro none /run && exec "$@"',
      'sh',
    ];
    const { results } = await runPlan(words, onePhase(command('a', ['echo', 'a'])), {
      env: { PATH: env['PATH'] },
      wrap,
    });
    expect(only(results).stdout).toBe('a\n');
  });

  it.skipIf(!mayUnshare)('says that there is no writable folder', async (context) => {
    const { expect } = context;
    const { env } = place(context);
    const readOnly = ['/tmp', '/dev/shm', '/run']
      .map((dir) => `mount -t tmpfs -o ro none ${dir} &&`)
      .join(' ');
    const wrap = ['unshare', '--mount', 'sh', '-c', `${readOnly} exec "$@"`, 'sh'];
    const { events } = await runPlan(words, onePhase(command('a', ['echo', 'a'])), {
      env: { PATH: env['PATH'] },
      wrap,
    });
    // The prober needs none.
    expect(events.map((e) => (e.kind === 'error' ? e.message : e.kind))).toEqual(
      hasFiles ? ['no writable folder (tried /tmp, /dev/shm and /run)'] : ['result', 'phase', 'cost', 'done'],
    );
  });

  it.skipIf(!mayUnshare)('frames a result also when the disk is full', async (context) => {
    const { expect } = context;
    const { folder, env } = place(context);
    const wrap = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      'mount -t tmpfs -o size=4k,nr_inodes=4 none "$0" && exec "$@"',
      folder,
    ];
    const plan = onePhase(
      ...['a', 'b', 'c', 'd'].map((id) => command(id, ['head', '-c', '100000', '/dev/zero'])),
    );
    const { events, results } = await runPlan(words, plan, { env, wrap });
    expect(results.map((r) => r.id).sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(results.some((r) => r.code !== 0)).toBe(hasFiles);
    expect(events.at(-1)).toEqual({ kind: 'done' });
  });

  describe.skipIf(!mayUnshare)('the placeholders', () => {
    const LINK = 'ip link add nt0 type veth peer name nt1 && ip link set nt0 up && ip link set nt1 up';
    const V4 = 'ip addr add 192.0.2.2/24 dev nt0';
    const V6 = 'ip addr add 2001:db8::2/64 dev nt0 nodad';

    async function found(
      context: TestContext,
      setUp: readonly string[],
      resolvConf: string,
    ): Promise<string> {
      const { folder, env } = place(context);
      writeFileSync(join(folder, 'resolv'), resolvConf);
      const steps = [
        LINK,
        ...setUp,
        'mount --bind "$0/resolv" /etc/resolv.conf',
        // What they stand for, or that one of them stands for nothing.
        'exec "$@"',
      ].join(' && ');
      const wrap = ['unshare', '--net', '--mount', 'sh', '-c', steps, folder];
      const plan = onePhase(command('a', ['echo', '%gateway%']), command('b', ['echo', '%dns%']));
      const { results } = await runPlan(words, plan, { env, wrap });
      return ['a', 'b']
        .map((id) => results.find((r) => r.id === id))
        .map((r) => (r?.status === 'unknown-placeholder' ? '-' : r?.stdout.trim()))
        .join(' ');
    }

    const NAMES = '# a comment\nsearch x\nnameserver 203.0.113.53\nnameserver 203.0.113.54\n';

    it.each<[string, readonly string[], string]>([
      [
        'one among other routes',
        [V4, 'ip route add default via 192.0.2.254', 'ip route add 198.51.100.0/24 via 192.0.2.7'],
        '192.0.2.254',
      ],
      [
        'the first of several of one route',
        [V4, 'ip route add default nexthop via 192.0.2.253 nexthop via 192.0.2.254'],
        '192.0.2.253',
      ],
      [
        'one that is an object of its own',
        [V4, 'ip nexthop add id 12 via 192.0.2.254 dev nt0', 'ip route add default nhid 12'],
        '192.0.2.254',
      ],
      ['none where the next hop has no address', [V4, 'ip route add default dev nt0'], '-'],
      ['one of IPv6', [V6, 'ip -6 route add default via 2001:db8::1'], '2001:db8::1'],
      [
        'one of IPv6 that is only unique on its link',
        [V6, 'ip -6 route add default via fe80::1 dev nt0'],
        'fe80::1%nt0',
      ],
      [
        'one of IPv6 that is an object of its own',
        [V6, 'ip -6 nexthop add id 12 via 2001:db8::1 dev nt0', 'ip -6 route add default nhid 12'],
        '2001:db8::1',
      ],
      [
        'that of IPv4 where there are both',
        [V4, V6, 'ip route add default via 192.0.2.254', 'ip -6 route add default via fe80::1 dev nt0'],
        '192.0.2.254',
      ],
      [
        'of IPv4 packets that go to a neighbour of IPv6: that neighbour',
        [
          V4,
          V6,
          'ip -4 route add default via inet6 fe80::1 dev nt0',
          'ip -6 route add default via fe80::1 dev nt0',
        ],
        'fe80::1%nt0',
      ],
      ['none without a route', [V4, V6], '-'],
    ])('know the default gateway: %s', async (_name, setUp, gateway) => {
      const context = { onTestFinished } as TestContext;
      expect(await found(context, setUp, NAMES)).toBe(`${gateway} 203.0.113.53`);
    });

    it.each([
      ['whose last line has no end', 'search x\nnameserver 203.0.113.53', '203.0.113.53'],
      ['that names one of IPv6', 'nameserver 2001:db8::53\n', '2001:db8::53'],
      ['that names none', 'search x\n', '-'],
    ])('know the first name server of a resolv.conf %s', async (_name, resolvConf, server) => {
      const context = { onTestFinished } as TestContext;
      expect(await found(context, [V4], resolvConf)).toBe(`- ${server}`);
    });
  });
});

// busybox ash runs its own applets whatever PATH says, so nothing can be taken from it.
describe.concurrent.each(SHELLS.filter((s) => s.available && s.name !== 'busybox ash'))(
  'runner.sh in $name with few tools',
  ({ words }) => {
    /** Only what the runner itself needs. */
    function fewTools(context: TestContext): { readonly bin: string; readonly env: NodeJS.ProcessEnv } {
      const { folder } = place(context);
      const bin = join(folder, 'bin');
      mkdirSync(bin);
      for (const tool of ['mkdir', 'cat', 'wc', 'head', 'rm', 'sleep', 'sh', 'echo']) {
        symlinkSync(execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(bin, tool));
      }
      mkdirSync(join(folder, 'tmp'));
      return { bin, env: { PATH: bin, TMPDIR: join(folder, 'tmp') } };
    }

    it('keeps time limits without a timeout tool', async (context) => {
      const { expect } = context;
      const { env } = fewTools(context);
      const plan = onePhase(
        command('sleeper', ['sh', '-c', 'echo before; exec sleep 30'], 1),
        command('stubborn', ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'], 1),
        command('quick', ['sh', '-c', 'exit 9'], 5),
      );
      const { results } = await runPlan([...words, '-c', script, 'nettools-runner'], plan, { env });
      expect(results.map((r) => [r.id, r.status])).toEqual([
        ['sleeper', 'timeout'],
        ['stubborn', 'timeout'],
        ['quick', 'exited'],
      ]);
      expect(results[0]?.stdout).toBe('before\n');
      expect(results[2]?.code).toBe(9);
    });

    it.skipIf(!mayUnshare)('reads the default gateway from /proc where there is no ip', async (context) => {
      const { expect } = context;
      const { bin, env } = fewTools(context);
      const setUp =
        'ip link add nt0 type veth peer name nt1 && ip link set nt0 up && ip link set nt1 up && ip addr add 192.0.2.2/24 dev nt0 && ip route add default via 192.0.2.254 && PATH=$0 && export PATH && exec "$@"';
      const wrap = ['unshare', '--net', 'sh', '-c', setUp, bin];
      const { results } = await runPlan(
        [...words, '-c', script, 'nettools-runner'],
        onePhase(command('a', ['echo', '%gateway%'])),
        {
          env: { ...env, PATH: process.env['PATH'] },
          wrap,
        },
      );
      expect(only(results).stdout).toBe('192.0.2.254\n');
    });
  },
);
