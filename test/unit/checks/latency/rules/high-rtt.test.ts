import { describe, expect, it } from 'vitest';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import { highRtt } from '../../../../../src/checks/latency/rules/high-rtt.ts';
import { runRecording } from '../../../../recordings/recordings.ts';
import { connected, facts, path, times } from '../build.ts';

const far = { inCluster: false, label: 'example.com' };
/** 100 answers, of which some slow ones stand among the fast. */
const among = (slow: number, low: number, high: number) => [
  ...times(slow, [low, high]).flat(),
  ...times(100 - 2 * slow, low),
];
/** 100 answers of which the p95 is this, and the lowest that. */
const series = (low: number, p95: number) => among(6, low, p95);

describe('NT-LAT-001 high RTT', () => {
  it('is silent on a healthy run', () => {
    expect(highRtt.judge(facts())).toEqual([]);
  });

  it.each([
    { p95: 12, low: 4, raised: false, why: 'at the factor' },
    { p95: 12.001, low: 4, raised: true, why: 'just above the factor' },
    { p95: 11.999, low: 4, raised: false, why: 'just below the factor' },
    { p95: 10, low: 1, raised: false, why: 'at the floor' },
    { p95: 10.001, low: 1, raised: true, why: 'just above the floor' },
    { p95: 9.999, low: 0.001, raised: false, why: 'below the floor, whatever the factor' },
  ])('$raised at p95 $p95 with a lowest of $low: $why', ({ p95, low, raised }) => {
    const findings = highRtt.judge(facts({ paths: [path({ destination: far, icmp: series(low, p95) })] }));
    expect(findings.map((f) => f.severity)).toEqual(raised ? ['warning'] : []);
  });

  it('is judged by p95: of a hundred answers, five slow ones do not count and six do', () => {
    const slow = (n: number) => among(n, 1, 50);
    expect(highRtt.judge(facts({ paths: [path({ destination: far, icmp: slow(5) })] }))).toHaveLength(0);
    expect(highRtt.judge(facts({ paths: [path({ destination: far, icmp: slow(6) })] }))).toHaveLength(1);
  });

  it.each([
    [19, 0],
    [20, 1],
  ])('with %i answers raises %i', (count, findings) => {
    const icmp = [1, ...times(count - 1, 50)];
    expect(highRtt.judge(facts({ paths: [path({ destination: far, icmp })] }))).toHaveLength(findings);
  });

  it.each([
    { spells: [6], severity: 'info', says: 'the 6 slow answers came one after the other' },
    { spells: [3, 3], severity: 'info', says: 'the 6 slow answers came in two spells' },
    { spells: [2, 2, 2], severity: 'warning', says: 'times the baseline of 1.000 ms.' },
    { spells: [51], severity: 'warning', says: 'times the baseline of 1.000 ms.' },
  ])('of which the slow answers come in spells of $spells: $severity', ({ spells, severity, says }) => {
    const slow = spells.flatMap((length) => [...times(length, 50), 1]);
    const icmp = [...slow, ...times(100 - slow.length, 1)];
    const [finding] = highRtt.judge(facts({ paths: [path({ destination: far, icmp })] }));
    expect(finding).toMatchObject({ severity, summary: expect.stringContaining(says) });
  });

  describe('on a node that is short of CPU', () => {
    const tail = path({ destination: far, icmp: series(1, 50) });
    const long = path({ destination: far, icmp: [...times(49, 1), ...times(51, 50)] });

    it.each([
      { what: 'a slow tail of 6 %', paths: [tail], cpuPressure: 0.06, severity: 'info' },
      { what: 'a slow tail of 6 %', paths: [tail], cpuPressure: 0.059, severity: 'warning' },
      { what: 'a slow tail', paths: [tail], cpuPressure: undefined, severity: 'warning' },
      { what: 'a slow half', paths: [long], cpuPressure: 1, severity: 'warning' },
    ])('$what at a pressure of $cpuPressure: $severity', ({ paths, cpuPressure, severity }) => {
      const found = highRtt.judge(facts({ paths, ...(cpuPressure === undefined ? {} : { cpuPressure }) }));
      expect(found.map((f) => f.severity)).toEqual([severity]);
      expect(found[0]?.evidence.some(({ command }) => command[0] === 'cpu')).toBe(severity === 'info');
    });
  });

  describe('baseline', () => {
    const slow = { icmp: times(100, 31) };
    const near = path({
      destination: { id: 'gateway', role: 'gateway', label: 'gateway' },
      icmp: times(100, 10),
    });

    it('in the cluster is the lowest of all destinations there', () => {
      const [finding] = highRtt.judge(facts({ paths: [near, path(slow)] }));
      expect(finding).toMatchObject({
        id: 'NT-LAT-001',
        subject: 'svc/web',
        summary: expect.stringContaining('3 times the baseline of 10.0 ms'),
      });
      expect(highRtt.judge(facts({ paths: [near, path({ icmp: times(100, 30) })] }))).toEqual([]);
    });

    it('elsewhere is the lowest on the same path: a way that is only long is not high', () => {
      expect(highRtt.judge(facts({ paths: [near, path({ ...slow, destination: far })] }))).toEqual([]);
    });

    it('in the cluster does not look outside', () => {
      const outside = path({ destination: { ...far, id: 'to1' }, icmp: times(100, 0.1) });
      expect(highRtt.judge(facts({ paths: [outside, path(slow)] }))).toEqual([]);
    });

    it('compares ICMP with ICMP and TCP with TCP', () => {
      const tcpOnly = path({ icmp: 'skipped', tries: times(100, connected(31)) });
      const pingOnly = path({ destination: { id: 'to1' }, icmp: times(100, 1), tries: 'skipped' });
      expect(highRtt.judge(facts({ paths: [tcpOnly, pingOnly] }))).toEqual([]);
    });

    it('can be given, for destinations everywhere', () => {
      const thresholds = { baselineMs: 10 };
      expect(highRtt.judge(facts({ paths: [path({ ...slow, destination: far })], thresholds }))).toHaveLength(
        1,
      );
      expect(highRtt.judge(facts({ paths: [near, path({ icmp: times(100, 30) })], thresholds }))).toEqual([]);
      // The lowest that was seen, 10 ms, has no say any more.
      expect(highRtt.judge(facts({ paths: [near, path(slow)], thresholds: { baselineMs: 11 } }))).toEqual([]);
    });
  });

  it('keeps to the thresholds that it is given', () => {
    const paths = [path({ destination: far, icmp: series(10, 55) })];
    expect(highRtt.judge(facts({ paths, thresholds: { rttFactor: 5.5 } }))).toEqual([]);
    expect(highRtt.judge(facts({ paths, thresholds: { rttFactor: 5.4 } }))).toHaveLength(1);
    expect(highRtt.judge(facts({ paths, thresholds: { rttFloorMs: 55 } }))).toEqual([]);
  });

  it('judges TCP handshakes, refused ones too, where no echo request was answered', () => {
    const tries = [...times(50, connected(1)), ...times(50, { ms: 50, outcome: 'refused' as const })];
    for (const icmp of ['skipped', []] as const) {
      const [finding] = highRtt.judge(facts({ paths: [path({ destination: far, icmp, lost: 100, tries })] }));
      expect(finding?.summary).toContain('by TCP connect');
    }
  });

  it('judges ICMP alone where it was answered: a slow accept is not a slow way', () => {
    const tries = [...times(50, connected(1)), ...times(50, connected(50))];
    expect(highRtt.judge(facts({ paths: [path({ destination: far, tries })] }))).toEqual([]);
  });

  it('is silent about a destination that nothing is known of', () => {
    expect(highRtt.judge(facts({ paths: [path({ icmp: 'skipped', tries: 'skipped' })] }))).toEqual([]);
  });

  it('names the endpoint that makes its Service slow, and not the Service', () => {
    const slow = times(100, 50);
    const of = (part: 'virtual' | 'endpoint') => ({
      service: { label: 'svc/web', part },
    });
    const virtual = path({ destination: { ...of('virtual'), label: 'svc/web' }, icmp: slow });
    const good = path({ destination: { ...of('endpoint'), id: 'to1', label: 'svc/web → a' } });
    const bad = path({ destination: { ...of('endpoint'), id: 'to2', label: 'svc/web → b' }, icmp: slow });
    expect(highRtt.judge(facts({ paths: [virtual, good, bad] })).map((f) => f.subject)).toEqual([
      'svc/web → b',
    ]);
    expect(highRtt.judge(facts({ paths: [virtual, good] })).map((f) => f.subject)).toEqual(['svc/web']);
  });

  it('is raised for a queue that was really there', () => {
    const { evidence, input } = runRecording('high-rtt');
    const { status, findings } = judgeLatency(evidence, input);
    expect(status).toBe('warn');
    expect(findings.map((f) => f.id)).toEqual(['NT-LAT-001']);
    expect(findings[0]?.evidence[0]?.excerpt).toMatch(/rtt min\/avg\/max\/mdev = /);
  });
});
