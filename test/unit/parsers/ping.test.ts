import { describe, expect, it } from 'vitest';
import { parsePing } from '../../../src/parsers/ping.ts';
import { recording } from '../../recordings/recordings.ts';

const recorded = (name: string) => parsePing(recording(name).stdout);

describe('parsePing', () => {
  it('reads round trips and the summary of iputils', () => {
    const series = recorded('ping-iputils-good');
    expect(series).toMatchObject({ sent: 20, received: 20, errors: [] });
    expect(series?.rtts).toHaveLength(20);
    for (const rtt of series?.rtts ?? []) expect(rtt).toBeGreaterThan(0);
  });

  it('reads the same from a ping socket', () => {
    expect(recorded('ping-iputils-socket')).toMatchObject({ sent: 5, received: 5, errors: [] });
  });

  it('reads the same of busybox', () => {
    const series = recorded('ping-busybox-good');
    expect(series).toMatchObject({ sent: 3, received: 3, errors: [] });
    expect(series?.rtts).toHaveLength(3);
  });

  it.each([
    ['of iputils', [1, 2, 6, 7], 9, [3, 2]],
    ['of busybox, which counts from 0', [0, 1, 4], 5, [2]],
    ['none', [1, 2, 3], 3, []],
  ])('tells how many were lost in a row: %s', (_whose, answered, sent, gaps) => {
    const replies = answered
      .map((seq) => `64 bytes from 192.0.2.1: icmp_seq=${seq} ttl=63 time=0.5 ms\n`)
      .join('');
    const text = `${replies}${sent} packets transmitted, ${answered.length} received, 0% packet loss\n`;
    expect(parsePing(text)?.gaps).toEqual(gaps);
  });

  it('tells what was lost', () => {
    const series = recorded('ping-iputils-loss');
    expect(series).toMatchObject({ sent: 60, received: 54, errors: [] });
    expect(series?.rtts).toHaveLength(54);
  });

  it('counts round trips of several intervals as answered', () => {
    const series = recorded('ping-iputils-queue');
    expect(series).toMatchObject({ sent: 60, received: 60 });
    expect(Math.max(...(series?.rtts ?? []))).toBeGreaterThan(60);
  });

  it('keeps what was said about probes without an answer', () => {
    const { errors, ...rest } = recorded('ping-iputils-unreachable') ?? { errors: [] };
    expect(rest).toEqual({ rtts: [], sent: 6, received: 0, gaps: [6] });
    expect(errors).toHaveLength(6);
    expect(errors[0]).toBe('From 192.0.2.1 icmp_seq=1 Destination Host Unreachable');
    expect(recorded('ping-iputils-prohibited')?.errors[0]).toMatch(/^From \S+ icmp_seq=1 Packet filtered$/);
  });

  it.each(['ping-iputils-silent', 'ping-iputils-output-drop', 'ping-busybox-silent'])(
    'reads that nothing was answered: %s',
    (name) => {
      expect(recorded(name)).toMatchObject({ rtts: [], received: 0, errors: [] });
    },
  );

  it.each([
    'ping-iputils-no-permission',
    'ping-iputils-prohibit-route',
    'ping-iputils-no-route',
    'ping-iputils-unknown-name',
    'ping-missing',
    'ping-busybox-no-permission',
    'ping-busybox-output-drop',
  ])('is undefined where ping did not come to its summary: %s', (name) => {
    expect(recorded(name)).toBeUndefined();
  });

  it('is undefined or whole, wherever the output is cut', () => {
    const { stdout } = recording('ping-iputils-loss');
    const whole = parsePing(stdout);
    for (let end = 0; end <= stdout.length; end++) {
      expect([undefined, whole]).toContainEqual(parsePing(stdout.slice(0, end)));
    }
  });

  it.each([
    '',
    '\n\n',
    'x'.repeat(100_000),
    '\u0000\ufffd\u001b[31m',
    '64 bytes from',
    '3 packets transmitted,',
  ])('reads nothing from %j', (text) => {
    expect(parsePing(text)).toBeUndefined();
  });

  it('counts a duplicate answer once and puts late ones in their place', () => {
    // No recording can show these on a link that is healthy.
    const line = (sequence: number, ms: number, note = '') =>
      `64 bytes from 192.0.2.1: icmp_seq=${sequence} ttl=64 time=${ms} ms${note}`;
    const text = [
      line(1, 1),
      line(3, 3),
      line(2, 250),
      line(2, 251, ' (DUP!)'),
      '',
      '3 packets transmitted, 3 received, +1 duplicates, 0% packet loss, time 203ms',
    ];
    expect(parsePing(text.join('\n'))).toEqual({
      rtts: [1, 250, 3],
      sent: 3,
      received: 3,
      gaps: [],
      errors: [],
    });
  });

  it('takes no text of a packet for its result', () => {
    // A hostile name in a reply: iputils prints the name that an address has, unless it is told not to.
    const text =
      '64 bytes from evil time=1 ms (192.0.2.1): icmp_seq=1 ttl=64 time=7.5 ms\n1 packets transmitted, 1 received, 0% packet loss, time 0ms\n';
    expect(parsePing(text)?.rtts).toEqual([7.5]);
  });
});
