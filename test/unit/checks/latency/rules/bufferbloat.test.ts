import { describe, expect, it } from 'vitest';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import { bufferbloat } from '../../../../../src/checks/latency/rules/bufferbloat.ts';
import type { TcpSocket } from '../../../../../src/parsers/ss.ts';
import { runRecording } from '../../../../recordings/recordings.ts';
import { facts } from '../build.ts';

const socket = (rest: Partial<TcpSocket> = {}): TcpSocket => ({
  state: 'ESTAB',
  local: '192.0.2.2:40000',
  peer: '192.0.2.9:80',
  rtt: 150,
  minRtt: 1,
  retransmits: 0,
  retransmitsInFlight: 0,
  backoff: 0,
  acknowledged: 1,
  sendQueue: 10_000,
  ...rest,
});
const judge = (rest: Partial<TcpSocket>, backlogBytes = 0) =>
  bufferbloat.judge(facts({ sockets: [socket(rest)], backlogBytes }));

describe('NT-LAT-004 bufferbloat', () => {
  it.each([
    { rtt: 24.9, minRtt: 5, backlog: 1, raised: false, why: 'just below 5 times the minimum' },
    { rtt: 25, minRtt: 5, backlog: 1, raised: true, why: 'at 5 times the minimum and 20 ms above' },
    { rtt: 20.9, minRtt: 1, backlog: 1, raised: false, why: 'just below 20 ms above' },
    { rtt: 21, minRtt: 1, backlog: 1, raised: true, why: 'at 20 ms above' },
    { rtt: 100.9, minRtt: 1, backlog: 0, raised: false, why: 'without a backlog, just below 100 ms above' },
    { rtt: 101, minRtt: 1, backlog: 0, raised: true, why: 'without a backlog, at 100 ms above' },
    { rtt: 400, minRtt: 100, backlog: 0, raised: false, why: 'a long way is not a queue' },
    { rtt: 500, minRtt: 100, backlog: 0, raised: true, why: 'without a backlog, at 5 times the minimum' },
  ])('$raised at rtt $rtt, minimum $minRtt, backlog $backlog: $why', ({ rtt, minRtt, backlog, raised }) => {
    expect(judge({ rtt, minRtt }, backlog).map((f) => f.severity)).toEqual(raised ? ['warning'] : []);
  });

  it('keeps to the factor that it is given', () => {
    const at = (bufferbloatFactor: number) =>
      bufferbloat.judge(
        facts({
          sockets: [socket({ rtt: 60, minRtt: 20 })],
          backlogBytes: 1,
          thresholds: { bufferbloatFactor },
        }),
      );
    expect(at(3)).toHaveLength(1);
    expect(at(3.1)).toEqual([]);
  });

  it('is silent about a socket that has nothing to send', () => {
    expect(judge({ sendQueue: 0 }, 1)).toEqual([]);
  });

  it.each(['rtt', 'minRtt'] as const)('is silent where the kernel does not tell %s', (name) => {
    expect(judge({ [name]: undefined }, 1)).toEqual([]);
  });

  it('is silent about a backlog alone: a queue that drains at once is no harm', () => {
    expect(bufferbloat.judge(facts({ backlogBytes: 100_000 }))).toEqual([]);
  });

  it('names where the queue is', () => {
    expect(judge({}, 5000)[0]?.summary).toBe(
      'The connection to 192.0.2.9:80 sees an rtt of 150 ms with a minimum of 1.000 ms; tbf on eth0 holds 5000 bytes.',
    );
    expect(judge({}, 0)[0]?.summary).toContain('no local queue holds it, so it waits further on');
  });

  it('raises one finding, about the socket that waits longest, and quotes just that', () => {
    const sockets = [
      socket({ rtt: 150 }),
      socket({ rtt: 800, local: '192.0.2.2:40001' }),
      socket({ rtt: 300, local: '192.0.2.2:40002' }),
    ];
    const findings = bufferbloat.judge(facts({ sockets, backlogBytes: 5000 }));
    expect(findings).toHaveLength(1);
    expect(findings[0]?.evidence.map((e) => e.excerpt)).toEqual([
      'ESTAB 0 10000 192.0.2.2:40001 192.0.2.9:80\n\t… rtt:800/1 … minrtt:1',
      'tbf 1: dev eth0 backlog 5000b drops 0',
    ]);
  });

  it("is raised for a rate limit of the target's own", () => {
    const { evidence, input } = runRecording('bufferbloat');
    const { findings } = judgeLatency(evidence, input);
    const finding = findings.find((f) => f.id === 'NT-LAT-004');
    expect(finding?.summary).toMatch(/; tbf on ntr-c holds \d+ bytes\.$/);
    expect(finding?.evidence.map((e) => e.excerpt)).toEqual([
      expect.stringMatching(/^ESTAB .* 203\.0\.113\.2:9000 *\n\t… rtt:.* … minrtt:/),
      expect.stringMatching(/^tbf /),
    ]);
  });

  it('is raised for a rate limit further on', () => {
    const { evidence, input } = runRecording('bufferbloat-further-on');
    const finding = judgeLatency(evidence, input).findings.find((f) => f.id === 'NT-LAT-004');
    expect(finding?.summary).toContain('no local queue holds it');
    expect(finding?.evidence).toHaveLength(1);
  });
});
