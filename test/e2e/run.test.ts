import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { bash, expectSentence, nettools, startNettools } from './support/cli.ts';
import { testNamespace } from './support/cluster.ts';
import { appears, disappears, pidsOf, uniqueSleep } from './support/processes.ts';

const ns = testNamespace('run');
const target = ['-n', ns.name, 'app'];
const run = (...command: string[]) => ['run', ...target, '--', ...command];
/** The same for a line of bash. */
const line = `kubectl-nettools run ${target.join(' ')}`;

beforeAll(() => ns.startApps('app'));

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('exit codes', () => {
  it.each([0, 1, 7, 255])('passes %i on', async (code) => {
    expect(await nettools(run('sh', '-c', `exit ${code}`))).toMatchObject({ code, stdout: '', stderr: '' });
  });

  it('is 127 for a command that the image does not have', async () => {
    const { code, stdout, stderr } = await nettools(run('no-such-command'));
    expect({ code, stdout }).toEqual({ code: 127, stdout: '' });
    expect(stderr).toContain('no-such-command');
  });

  it('is 128 + n for a command that signal n has ended', async () => {
    expect(await nettools(run('sh', '-c', 'kill -KILL $$'))).toMatchObject({ code: 137 });
  });
});

describe('streams', () => {
  it('keeps stdout and stderr apart', async () => {
    const outcome = await nettools(run('sh', '-c', 'echo out; echo err >&2; printf more'));
    expect(outcome).toMatchObject({ code: 0, stdout: 'out\nmore', stderr: 'err\n' });
  });

  it('passes words on as they are', async () => {
    const words = ['a b', '$HOME', '"', "'", '*', '', '\\', 'ä€', '--flag', '-v', '%gateway%'];
    const { stdout } = await nettools(run('printf', '%s\\n', ...words));
    expect(stdout.split('\n')).toEqual([...words, '']);
  });

  it('carries 8 MB of random bytes through cat unchanged', async () => {
    const input = randomBytes(8 * 1024 * 1024);
    const outcome = await nettools(run('cat'), { input });
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.bytes.length).toBe(input.length);
    expect(sha256(outcome.bytes)).toBe(sha256(input));
  });

  it('ends the stdin of the command with its own', async () => {
    const input = randomBytes(3_000_001);
    const { stdout } = await nettools(run('sha256sum'), { input });
    expect(stdout).toBe(`${sha256(input)}  -\n`);
  });

  it('works as kubectl nettools in a pipe', async () => {
    const { code, stdout } = await bash(
      `printf 'one two' | kubectl nettools run ${target.join(' ')} -- tr a-z A-Z | rev`,
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'OWT ENO' });
  });

  it('streams a capture: five packets as a pcap file', async () => {
    const ping = startNettools(
      run(
        'sh',
        '-c',
        'exec ping -i 0.2 -c 600 "$(ip route | sed -n "s/^default via \\([0-9.]*\\).*/\\1/p")"',
      ),
    );
    try {
      const { code, bytes, stderr } = await nettools(
        run('tcpdump', '-i', 'eth0', '-U', '-c', '5', '-w', '-', 'icmp'),
      );
      expect(code, stderr).toBe(0);
      // The magic of a little-endian pcap file with microseconds, and version 2.4.
      expect(bytes.subarray(0, 8).toString('hex')).toBe('d4c3b2a102000400');
      expect(packetsIn(bytes)).toBe(5);
      expect(stderr).toContain('5 packets captured');
    } finally {
      ping.child.kill('SIGINT');
      await ping.outcome;
    }
  });
});

/** Counts the records of a pcap file, each a header of 16 bytes with the length of what follows. */
function packetsIn(pcap: Buffer): number {
  let count = 0;
  for (let at = 24; at + 16 <= pcap.length; at += 16 + pcap.readUInt32LE(at + 8)) count++;
  return count;
}

describe('stdin in a loop', () => {
  const loop = (flags: string, command: string) =>
    bash(`printf 'a\\nb\\nc\\n' | while read -r x; do ${line} ${flags} -- ${command}; done`);

  it('is left alone when it is /dev/null or with --stdin=false', async () => {
    expect((await loop('--stdin=false', 'echo "got $x"')).stdout).toBe('got a\ngot b\ngot c\n');
    const { stdout } = await bash(
      `printf 'a\\nb\\n' | while read -r x; do ${line} -- sh -c "cat; echo got $x" </dev/null; done`,
    );
    expect(stdout).toBe('got a\ngot b\n');
  });

  it('goes to the command when it is a pipe', async () => {
    expect((await loop('', 'cat')).stdout).toBe('b\nc\n');
  });
});

describe('a reader that goes away', () => {
  it('ends the command at once', async () => {
    const mark = uniqueSleep();
    const outcome = await bash(`${line} -- yes ${mark} | head -1; echo "\${PIPESTATUS[@]}"`);
    expect(outcome.stdout).toBe(`${mark}\n141 0\n`);
    expect(outcome.stderr).toBe('');
    await disappears(60, 'yes', mark);
  });
});

describe('a stdout that is full', () => {
  it('is told in a sentence', async () => {
    const outcome = await bash(`${line} -- echo x >/dev/full`);
    expectSentence(outcome, 3, /^error: stdout cannot be written: no space is left on the device\.$/);
  });
});

describe('a client that ends early', () => {
  it('is 130 on Ctrl-C, and the command is gone', async () => {
    const mark = uniqueSleep();
    const { child, outcome } = startNettools(run('sleep', mark));
    await appears('sleep', mark);
    child.kill('SIGINT');
    expect(await outcome).toMatchObject({ code: 130, stdout: '', stderr: '' });
    await disappears(60, 'sleep', mark);
  });

  it('is 143 on SIGTERM, and whatever the command started is gone', async () => {
    const mark = uniqueSleep();
    const { child, outcome } = startNettools(run('sh', '-c', `trap '' HUP TERM; sleep ${mark} & wait`));
    await appears('sleep', mark);
    child.kill('SIGTERM');
    expect(await outcome).toMatchObject({ code: 143 });
    await disappears(60, 'sleep', mark);
  });

  it.each(['ignore', 'pipe'] as const)('leaves no process behind after kill -9, stdin %s', async (stdin) => {
    const mark = uniqueSleep();
    const { child } = startNettools(run('sleep', mark), stdin);
    await appears('sleep', mark);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await disappears(60, 'sleep', mark);
  });

  it('does not end a command whose client lives', async () => {
    const mark = uniqueSleep();
    const { child, outcome } = startNettools(run('sh', '-c', `sleep ${mark} & sleep 200; kill $!`));
    await appears('sleep', mark);
    const gone = uniqueSleep();
    const other = startNettools(run('sleep', gone));
    await appears('sleep', gone);
    other.child.kill('SIGKILL');
    await disappears(60, 'sleep', gone);
    expect(pidsOf('sleep', mark)).toHaveLength(1);
    child.kill('SIGINT');
    await outcome;
  });
});
