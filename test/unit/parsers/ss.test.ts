import { describe, expect, it } from 'vitest';
import { parseSs } from '../../../src/parsers/ss.ts';
import { recording } from '../../recordings/recordings.ts';

describe('parseSs', () => {
  it('reads sockets that wait in a queue', () => {
    // Some of the connections are still being made.
    const sockets = parseSs(recording('ss-bulk').stdout).filter((s) => s.state === 'ESTAB');
    expect(sockets.length).toBeGreaterThan(1);
    for (const { local, peer, sendQueue } of sockets) {
      expect([local, peer]).toEqual([expect.stringMatching(/^192\.0\.2\.2:\d+$/), '203.0.113.2:9000']);
      expect(sendQueue).toBeGreaterThan(0);
    }
    const [first] = sockets;
    expect(first?.rtt).toBeGreaterThan(20);
    expect(first?.minRtt).toBeLessThan(1);
  });

  it('reads how often segments were sent again', () => {
    const [socket] = parseSs(recording('ss-retransmits').stdout);
    expect(socket?.retransmits).toBeGreaterThan(0);
  });

  it('reads no socket where there is none', () => {
    expect(parseSs(recording('ss-idle').stdout)).toEqual([]);
  });

  it('never throws, wherever the output is cut', () => {
    const { stdout } = recording('ss-bulk');
    const whole = parseSs(stdout);
    for (let end = 0; end <= stdout.length; end += 7) {
      const sockets = parseSs(stdout.slice(0, end));
      expect(sockets.slice(0, -1)).toEqual(whole.slice(0, Math.max(0, sockets.length - 1)));
    }
  });

  it.each(['', '\n', 'x', '\tbbr rtt:1/2', 'ESTAB 0 0', 'ESTAB 0 0 a b\nESTAB 0 0 c d\n', '\u0000\u0001'])(
    'reads no socket from %j',
    (text) => {
      expect(parseSs(text)).toEqual([]);
    },
  );
});
