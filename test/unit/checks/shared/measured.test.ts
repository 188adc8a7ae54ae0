import { describe, expect, it } from 'vitest';
import {
  connectsOf,
  cutReason,
  echoesOf,
  firstLine,
  type Measured,
  noIpJson,
  read,
  seenOf,
} from '../../../../src/checks/shared/measured.ts';
import { because, tell } from '../../../../src/checks/shared/reason.ts';
import type { ProbeResult } from '../../../../src/model/evidence.ts';
import { recording } from '../../../recordings/recordings.ts';
import { result } from '../latency/build.ts';

const recorded = (name: string): ProbeResult => {
  const { code, stdout, stderr } = recording(name);
  return result(name, stdout, { code, stderr });
};
/** Why there is nothing, as it is told. */
const why = ({ skipped }: Measured<unknown>): string | undefined => skipped && tell(skipped);

const NO_RIGHT = 'ICMP needs NET_RAW or a ping_group_range that holds this user: use --profile netadmin';

describe('echoesOf', () => {
  it('is what ping came to, answered or not', () => {
    for (const name of [
      'ping-iputils-good',
      'ping-iputils-unreachable',
      'ping-iputils-silent',
      'ping-busybox-silent',
    ]) {
      expect(echoesOf(recorded(name)).value, name).toBeDefined();
    }
  });

  it.each(['ping-iputils-no-permission', 'ping-busybox-no-permission'])(
    'tells when ping may not open its socket: %s',
    (name) => {
      expect(why(echoesOf(recorded(name)))).toBe(NO_RIGHT);
    },
  );

  it.each([
    ['dash', 'ping: 13: exec: ping: Operation not permitted'],
    ['bash', 'ping: line 13: /usr/bin/ping: Operation not permitted\nping: line 13: /usr/bin/ping: Success'],
    ['busybox', 'ping: exec: line 13: ping: Permission denied'],
  ])('tells when the shell may not start a ping with file capabilities: %s', (_shell, stderr) => {
    expect(why(echoesOf(result('icmp', '', { code: 126, stderr })))).toBe(NO_RIGHT);
  });

  it('blames no missing right for what a firewall or a route does', () => {
    expect(echoesOf(recorded('ping-iputils-output-drop')).value).toMatchObject({ sent: 5, received: 0 });
    expect(why(echoesOf(recorded('ping-busybox-output-drop')))).toBe('ping: sendto: Operation not permitted');
    expect(why(echoesOf(recorded('ping-iputils-prohibit-route')))).toMatch(/^ping: /);
    expect(why(echoesOf(recorded('ping-iputils-prohibit-route')))).not.toContain('NET_RAW');
    expect(why(echoesOf(recorded('ping-iputils-no-route')))).toBe('ping: connect: No route to host');
    // The same from a kernel or a ping that words it by the error.
    expect(
      echoesOf(result('icmp', '', { code: 2, stderr: 'ping: connect: Permission denied' })).skipped,
    ).not.toContain('NET_RAW');
  });

  it('tells when there is no ping', () => {
    expect(why(echoesOf(recorded('ping-missing')))).toBe('the image has no ping');
    for (const stderr of ['ping: line 1: exec: ping: not found', 'ping: exec: line 0: ping: not found']) {
      expect(why(echoesOf(result('icmp', '', { code: 127, stderr })))).toBe('the image has no ping');
    }
  });

  it("passes on ping's own words about anything else", () => {
    expect(why(echoesOf(recorded('ping-iputils-unknown-name')))).toMatch(
      /^ping: .*: Name or service not known$/,
    );
    expect(why(echoesOf(result('icmp', '', { code: 2 })))).toBe('ping ended with code 2');
  });

  it.each([
    [undefined, 'it was not part of the run'],
    [result('icmp', '', { status: 'missing', code: 127 }), 'the image has no ping'],
    [result('icmp', '', { status: 'unknown-placeholder' }), 'the target has none'],
  ])('tells why it did not run', (probe, skipped) => {
    expect(why(echoesOf(probe))).toBe(skipped);
  });
});

describe('connectsOf', () => {
  it('is what the tries came to, connected or not', () => {
    for (const name of [
      'tcp-connect-ok',
      'tcp-connect-refused',
      'tcp-connect-unanswered',
      'tcp-connect-no-route',
    ]) {
      expect(connectsOf(recorded(name)).value, name).toBeDefined();
    }
  });

  it('counts the open try of a script that was ended as long as the script ran', () => {
    const { stdout } = recording('tcp-connect-unanswered');
    const ended = result('tcp', stdout, { status: 'timeout', code: 124, durationMs: 9000 });
    expect(connectsOf(ended).value?.tries).toEqual([{ ms: 9000, outcome: 'unanswered' }]);
  });

  it.each([recorded('tcp-connect-unresolved'), result('tcp', 'unresolved\n')])(
    'tells when the name does not resolve',
    (probe) => {
      expect(why(connectsOf(probe))).toBe('the name does not resolve on the target');
    },
  );

  it.each([
    [undefined, 'it was not part of the run'],
    [
      result('tcp', '', { status: 'missing', code: 127 }),
      'the image has no bash, which times the connections',
    ],
    [result('tcp', '', { status: 'unknown-placeholder' }), 'the target has none'],
    [result('tcp', '', { code: 2, stderr: '\n bash: oh no\nmore' }), 'bash: oh no'],
    [result('tcp', '', { code: 2 }), 'the connection test ended with code 2'],
  ])('tells why there is nothing', (probe, skipped) => {
    expect(why(connectsOf(probe))).toBe(skipped);
  });
});

describe('firstLine', () => {
  it('is the first that says something, and fits a sentence', () => {
    expect(firstLine('\n  \n  a line  \nanother')).toBe('a line');
    expect(firstLine('x'.repeat(1000))).toHaveLength(200);
    expect(firstLine(' \n')).toBeUndefined();
  });
});

describe('read', () => {
  const lines = (stdout: string): string[] | undefined =>
    stdout.includes('line') ? stdout.split('\n').filter((line) => line !== '') : undefined;
  const of = (stdout: string, rest: Partial<ProbeResult> = {}) =>
    read(result('x', stdout, rest), 'tool', lines);

  it('is all that was printed', () => {
    expect(of('line 1\nline 2')).toEqual({ value: ['line 1', 'line 2'] });
  });

  it.each([
    ['longer than a run carries', { truncated: true, code: 153 }, /1 MiB/],
    ['ended by the limit for files', { code: 153 }, /1 MiB/],
    ['lost on a full disk', { code: 255, durationMs: 0 }, /disk .* is full/],
    [
      'not written to its end',
      { code: 1, stderr: 'cat: write error: No space left on device\n' },
      /disk .* is full/,
    ],
    ['ended by its time', { status: 'timeout', code: 124 }, /did not finish in time/],
  ] as const)('is a part of what was %s, without its last line', (_what, rest, says) => {
    const measured = of('line 1\nline 2 is cu', rest);
    expect(measured.value).toBeUndefined();
    expect(why(measured)).toMatch(says);
    expect(seenOf(measured)).toEqual(['line 1']);
    expect(why(of('', rest))).toBe(why(measured));
  });

  it('takes for whole what is always ended by its time, and for said what a tool says', () => {
    const ended = result('x', 'line 1\n', { status: 'timeout', code: 124 });
    expect(read(ended, 'tool', lines, { endsByTime: true })).toEqual({ value: ['line 1'] });
    expect(why(of('', { status: 'missing' }))).toBe('the image has no tool');
    expect(why(of('', { code: 1, stderr: '\ntool: no such thing\n' }))).toBe('tool: no such thing');
    expect(why(of('', { code: 3 }))).toBe('tool printed nothing (exit code 3)');
    expect(why(of('something else'))).toBe('what tool printed cannot be read');
    expect(why(read(undefined, 'tool', lines))).toBe('it was not part of the run');
    expect(why(read(result('x', 'line'), 'tool', () => 'why not'))).toBe('why not');
  });

  it('quotes no more of a tool than a sentence holds', () => {
    const said = 'x'.repeat(100_000);
    expect(why(read(result('x', 'line'), 'tool', () => said))).toBe(`${'x'.repeat(200)}…`);
    expect(why(read(result('x', 'line'), 'tool', () => because(said)))).toBe(`${'x'.repeat(200)}…`);
  });

  it('takes a tool that ends with 255 by itself at its word', () => {
    const usage = { code: 255, durationMs: 0, stderr: 'Option "-j" is unknown, try "ip -help".\n' };
    expect(cutReason(result('x', '', usage))).toBeUndefined();
    expect(cutReason(result('x', '', { code: 255, durationMs: 40 }))).toBeUndefined();
  });
});

describe('noIpJson', () => {
  it.each([
    ['', { stderr: '' }, 'ip gave nothing'],
    ['[{"a"', { truncated: true }, 'the output is longer than the 1 MiB that a run carries and was cut off'],
    ['1: lo: <UP>\n', {}, 'what ip printed is not JSON'],
    ['', { stderr: 'Option "-j" is unrecognized\n' }, "the image's ip prints no JSON (iproute2 does)"],
    ['[', { status: 'timeout' }, 'it did not finish in time'],
  ] as const)('%j', (stdout, rest, expected) => {
    expect(tell(noIpJson(result('x', stdout, rest)))).toBe(expected);
  });
});
