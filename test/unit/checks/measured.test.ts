import { describe, expect, it } from 'vitest';
import { connectsOf, echoesOf, firstLine } from '../../../src/checks/measured.ts';
import type { ProbeResult } from '../../../src/model/evidence.ts';
import { recording } from '../../recordings/recordings.ts';
import { result } from './latency/build.ts';

const recorded = (name: string): ProbeResult => {
  const { code, stdout, stderr } = recording(name);
  return result(name, stdout, { code, stderr });
};
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
      expect(echoesOf(recorded(name))).toEqual({ skipped: NO_RIGHT });
    },
  );

  it.each([
    ['dash', 'ping: 13: exec: ping: Operation not permitted'],
    ['bash', 'ping: line 13: /usr/bin/ping: Operation not permitted\nping: line 13: /usr/bin/ping: Success'],
    ['busybox', 'ping: exec: line 13: ping: Permission denied'],
  ])('tells when the shell may not start a ping with file capabilities: %s', (_shell, stderr) => {
    expect(echoesOf(result('icmp', '', { code: 126, stderr }))).toEqual({ skipped: NO_RIGHT });
  });

  it('blames no missing right for what a firewall or a route does', () => {
    expect(echoesOf(recorded('ping-iputils-output-drop')).value).toMatchObject({ sent: 5, received: 0 });
    expect(echoesOf(recorded('ping-busybox-output-drop'))).toEqual({
      skipped: 'ping: sendto: Operation not permitted',
    });
    expect(echoesOf(recorded('ping-iputils-prohibit-route')).skipped).toMatch(/^ping: /);
    expect(echoesOf(recorded('ping-iputils-prohibit-route')).skipped).not.toContain('NET_RAW');
    expect(echoesOf(recorded('ping-iputils-no-route'))).toEqual({
      skipped: 'ping: connect: No route to host',
    });
    // The same from a kernel or a ping that words it by the error.
    expect(
      echoesOf(result('icmp', '', { code: 2, stderr: 'ping: connect: Permission denied' })).skipped,
    ).not.toContain('NET_RAW');
  });

  it('tells when there is no ping', () => {
    expect(echoesOf(recorded('ping-missing'))).toEqual({ skipped: 'the image has no ping' });
    for (const stderr of ['ping: line 1: exec: ping: not found', 'ping: exec: line 0: ping: not found']) {
      expect(echoesOf(result('icmp', '', { code: 127, stderr }))).toEqual({
        skipped: 'the image has no ping',
      });
    }
  });

  it("passes on ping's own words about anything else", () => {
    expect(echoesOf(recorded('ping-iputils-unknown-name')).skipped).toMatch(
      /^ping: .*: Name or service not known$/,
    );
    expect(echoesOf(result('icmp', '', { code: 2 }))).toEqual({ skipped: 'ping ended with code 2' });
  });

  it.each([
    [undefined, 'it was not part of the run'],
    [result('icmp', '', { status: 'missing', code: 127 }), 'the image has no ping'],
    [result('icmp', '', { status: 'unknown-placeholder' }), 'the target has none'],
  ])('tells why it did not run', (probe, skipped) => {
    expect(echoesOf(probe)).toEqual({ skipped });
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
      expect(connectsOf(probe)).toEqual({ skipped: 'the name does not resolve on the target' });
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
    expect(connectsOf(probe)).toEqual({ skipped });
  });
});

describe('firstLine', () => {
  it('is the first that says something, and fits a sentence', () => {
    expect(firstLine('\n  \n  a line  \nanother')).toBe('a line');
    expect(firstLine('x'.repeat(1000))).toHaveLength(200);
    expect(firstLine(' \n')).toBeUndefined();
  });
});
