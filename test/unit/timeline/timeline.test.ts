import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/model/report.ts';
import type { FarEvent, MissEvidence, WatchGoal } from '../../../src/model/watch.ts';
import { Timeline, type TimelineOptions } from '../../../src/timeline/timeline.ts';

const GOALS: readonly WatchGoal[] = [
  { destination: 'svc/db:5432', host: '10.96.0.7', port: 5432, probe: 'tcp' },
  { destination: 'gw', host: '10.0.0.1', probe: 'icmp' },
];
const SILENT: MissEvidence = {
  reason: 'silent',
  error: 'Connection timed out',
  address: '10.96.0.7',
  tries: 1,
  counters: {},
};
const start = Date.UTC(2026, 0, 2, 3, 4, 0);

function timeline(forMs = 180_000, more: Partial<TimelineOptions> = {}): Timeline {
  return new Timeline({
    tool: { version: '1' },
    target: { kind: 'netns', name: 'a', address: '10.0.0.2' },
    startedAt: start,
    intervalMs: 1000,
    forMs,
    goals: GOALS,
    judge: (goal, { missed }) => [
      {
        id: 'NT-X-001',
        severity: 'critical',
        title: goal.destination,
        summary: `${missed}`,
        evidence: [],
        remediation: '',
      },
    ],
    judgeSlow: () => [],
    iso: (ms) => new Date(ms).toISOString(),
    ...more,
  });
}

const tally = (goal: number, second: number, rtts: readonly number[], missed = 0, unsent = 0): FarEvent => ({
  kind: 'tally',
  goal,
  at: start + second * 1000,
  sent: rtts.length + missed,
  missed,
  rtts,
  unsent,
});

describe('a timeline', () => {
  it('passes where every probe was answered, and gives quantiles that were seen within 5 %', () => {
    const one = timeline();
    for (let second = 0; second < 100; second++) {
      one.push(tally(0, second, [second + 1]));
      one.push(tally(1, second, [0.2]));
    }
    const { verdict, destinations, outages } = one.report(start + 100_000);
    expect({ verdict, outages }).toEqual({ verdict: 'pass', outages: [] });
    const [db, gateway] = destinations;
    expect(db).toMatchObject({ sent: 100, missed: 0, rtt: { min: 1, max: 100 } });
    expect(db?.rtt?.p50).toBeGreaterThanOrEqual(50);
    expect(db?.rtt?.p50).toBeLessThan(50 * 1.05);
    expect(db?.histogram.at(-1)?.count).toBe(100);
    expect(db?.series).toHaveLength(100);
    expect(db?.series[9]).toEqual({ sent: 1, missed: 0, min: 10, median: 10, max: 10 });
    expect(gateway?.rtt).toEqual({ min: 0.2, p50: 0.2, p90: 0.2, p99: 0.2, max: 0.2 });
  });

  it.each([
    [1, 'pass'],
    [2, 'unknown'],
  ])(
    'tells probes that were not sent, and that are no passes where %d of a dozen were not',
    (unsent, verdict) => {
      const one = timeline();
      for (const goal of [0, 1]) one.push(tally(goal, 10, Array<number>(10).fill(1)));
      one.push(tally(0, 20, [], 0, unsent));
      expect(one.report(start + 20_000)).toMatchObject({
        verdict,
        destinations: [
          { sent: 10, missed: 0, unsent },
          { sent: 10, missed: 0 },
        ],
      });
      expect(one.report(start + 20_000).destinations[1]).not.toHaveProperty('unsent');
    },
  );

  it('ends an outage whose recovery was not told, and passes nothing of which a part was overwritten', () => {
    const one = timeline();
    const miss = (second: number, last?: number): FarEvent => ({
      kind: 'miss',
      goal: 0,
      at: start + second * 1000,
      ...(last === undefined ? {} : { lastAnswer: start + last * 1000 }),
      evidence: SILENT,
    });
    one.push(tally(0, 1, [1]));
    one.push(tally(1, 1, [1]));
    one.push({ kind: 'lost', at: start, bytes: 9 });
    expect(one.report(start + 2000).verdict).toBe('unknown');
    one.push(miss(10));
    // A far side that is new knows of no answer, and goes on with it.
    expect(one.push(miss(12))).toBeUndefined();
    one.push(tally(0, 14, [], 2));
    one.push(tally(0, 20, [1]));
    one.push(miss(30, 29));
    expect(one.push(miss(50, 40))).toMatchObject({ number: 3 });
    expect(one.report(start + 60_000).outages.map(({ durationMs }) => durationMs)).toEqual([
      10_000, 10_000, 10_000,
    ]);
  });

  it('says what was not measured where the far side was started anew, and goes on with an outage', () => {
    const one = timeline();
    one.push(tally(1, 1, [1]));
    one.push(tally(0, 1, [1]));
    one.push({ kind: 'miss', goal: 0, at: start + 3000, evidence: SILENT });
    one.restarted();
    one.push({ kind: 'begun', at: start + 9000, hears: true });
    one.push({ kind: 'miss', goal: 0, at: start + 9000, evidence: SILENT });
    one.push({ kind: 'recovery', goal: 0, at: start + 12_000, missed: 3, late: 0 });
    one.push(tally(0, 13, [1, 1], 3));
    expect(one.report(start + 20_000)).toMatchObject({
      gaps: [{ from: '2026-01-02T03:04:03.000Z', to: '2026-01-02T03:04:09.000Z', reason: 'restarted' }],
      outages: [{ number: 1, missed: 4, durationMs: 9000 }],
      destinations: [{ sent: 7, missed: 4 }, {}],
    });
    const healthy = timeline();
    for (const goal of [0, 1]) healthy.push(tally(goal, 1, [1]));
    healthy.restarted();
    for (const goal of [0, 1]) healthy.push(tally(goal, 9, [1]));
    expect(healthy.report(start + 20_000)).toMatchObject({
      verdict: 'unknown',
      gaps: [{ reason: 'restarted' }],
    });
    healthy.end(start + 30_000, 'lost');
    expect(healthy.report(start + 40_000).gaps.at(-1)).toEqual({
      from: '2026-01-02T03:04:09.000Z',
      to: '2026-01-02T03:04:40.000Z',
      reason: 'lost',
    });
  });

  it('gives packets to the outages that they are of, whatever came after, and none to an outage that is not kept', () => {
    const one = timeline();
    const row = (second: number): void => {
      one.push({ kind: 'miss', goal: 0, at: start + second * 1000, evidence: SILENT });
      one.push({ kind: 'recovery', goal: 0, at: start + second * 1000 + 500, missed: 1, late: 0 });
    };
    row(1);
    row(2);
    expect(one.packetsOf([0, 1])).toEqual([1, 2]);
    expect(one.packetsOf([0])).toEqual([]);
    for (let second = 3; second <= 1000; second++) row(second);
    one.packetsOf([0]);
    row(1001);
    expect(one.packetsOf([0])).toEqual([]);
  });

  it('keeps a name server that fails while another one answers apart from outages', () => {
    const judgeSlow = (): readonly Finding[] => [
      { id: 'NT-X-002', severity: 'warning', title: '', summary: '', evidence: [], remediation: '' },
    ];
    const one = timeline(180_000, { judgeSlow });
    for (const goal of [0, 1]) one.push(tally(goal, 1, [1]));
    const slow = { server: '10.96.0.10', answer: 'silent', by: '10.96.0.11' };
    one.push({ kind: 'fallback', goal: 0, at: start + 2000, ...slow });
    one.push({ kind: 'fallback-end', goal: 0, at: start + 5000, count: 3 });
    one.push({ kind: 'fallback', goal: 0, at: start + 8000, ...slow });
    const { verdict, outages, destinations, events } = one.report(start + 9000);
    expect({ verdict, outages }).toEqual({ verdict: 'warn', outages: [] });
    expect(destinations[0]?.slowNames).toMatchObject([
      { ...slow, from: '2026-01-02T03:04:02.000Z', to: '2026-01-02T03:04:05.000Z', count: 3 },
      { ...slow, from: '2026-01-02T03:04:08.000Z', findings: [{ id: 'NT-X-002' }] },
    ]);
    expect(events[0]?.text).toBe('svc/db:5432: the name server 10.96.0.10 does not reply, 10.96.0.11 does');
  });

  it('makes an outage of a row of misses, and judges it anew when it has ended', () => {
    const one = timeline();
    one.push(tally(0, 1, [1]));
    one.push(tally(1, 1, [1]));
    const at = start + 2000;
    const begun = one.push({ kind: 'miss', goal: 0, at, lastAnswer: at - 1000, evidence: SILENT });
    expect(begun).toMatchObject({ number: 1, missed: 1, findings: [{ summary: '1' }] });
    expect(one.report(at + 1500).outages[0]).toMatchObject({ durationMs: 1500, missed: 1 });
    one.push(tally(0, 5, [], 3));
    const ended = one.push({ kind: 'recovery', goal: 0, at: at + 3000, missed: 3, late: 0 });
    expect(ended).toMatchObject({ number: 1, to: '2026-01-02T03:04:05.000Z', findings: [{ summary: '3' }] });
    one.saved(1, 'outage-1.pcap', 7);
    const { verdict, outages, events, destinations } = one.report(start + 10_000);
    expect(verdict).toBe('fail');
    expect(outages).toEqual([
      {
        number: 1,
        destination: 'svc/db:5432',
        from: '2026-01-02T03:04:02.000Z',
        lastAnswer: '2026-01-02T03:04:01.000Z',
        to: '2026-01-02T03:04:05.000Z',
        durationMs: 3000,
        missed: 3,
        evidence: SILENT,
        findings: [expect.objectContaining({ id: 'NT-X-001' })],
        pcap: 'outage-1.pcap',
        packets: 7,
      },
    ]);
    expect(events.map(({ type, text }) => `${type} ${text}`)).toEqual([
      'miss svc/db:5432: no answer',
      'recovery svc/db:5432: answers again after 3 missed probes',
    ]);
    expect(destinations[0]).toMatchObject({ sent: 4, missed: 3 });
  });

  it('counts the misses of an outage that lasts, and not those of one before', () => {
    const one = timeline();
    one.push({ kind: 'miss', goal: 0, at: start, evidence: SILENT });
    one.push({ kind: 'recovery', goal: 0, at: start + 1000, missed: 2, late: 0 });
    one.push({ kind: 'miss', goal: 0, at: start + 2000, evidence: SILENT });
    expect(one.report(start + 2000).outages[1]).toMatchObject({ missed: 1 });
    one.push(tally(0, 5, [1], 5));
    one.push(tally(0, 10, [], 5));
    expect(one.report(start + 10_000).outages).toMatchObject([
      { missed: 2 },
      { missed: 8, durationMs: 8000 },
    ]);
  });

  it('does not call unmeasured or lost time a pass', () => {
    const one = timeline();
    one.push(tally(0, 1, [1]));
    expect(one.report(start + 5000).verdict).toBe('unknown');
    one.push(tally(1, 1, [1]));
    expect(one.report(start + 5000).verdict).toBe('pass');
    one.unmeasured(1, 'no socket');
    expect(one.report(start + 5000).verdict).toBe('unknown');
    const other = timeline();
    for (const goal of [0, 1]) other.push(tally(goal, 1, [1]));
    other.push({ kind: 'end', at: start + 2000, reason: 'away' });
    expect(other.report(start + 5000)).toMatchObject({ verdict: 'unknown', ended: 'lost' });
  });

  it('is bounded, however long it lasts and however often it fails', () => {
    const one = timeline(86_400_000);
    expect(one.stepMs).toBe(144_000);
    for (let minute = 0; minute < 1440; minute++) {
      const at = start + minute * 60_000;
      one.push(tally(0, minute * 60, [1 + (minute % 7)], 1));
      one.push({ kind: 'miss', goal: 0, at, evidence: SILENT });
      one.push({ kind: 'recovery', goal: 0, at: at + 1000, missed: 1, late: 0 });
    }
    const { destinations, outages, events } = one.report(start + 86_400_000);
    expect(destinations[0]?.series).toHaveLength(600);
    expect(outages).toHaveLength(1000);
    expect(events).toHaveLength(1002);
    expect(events.slice(-2).map(({ text }) => text)).toEqual([
      '1880 more events are not kept',
      '440 more outages are not kept',
    ]);
    expect(JSON.stringify(destinations).length).toBeLessThan(60_000);
  });

  it('shows steps of which nothing is known as such', () => {
    const one = timeline();
    one.push(tally(0, 0, [1]));
    one.push(tally(0, 3, [2]));
    expect(one.report(start + 3500).destinations[0]?.series).toEqual([
      { sent: 1, missed: 0, min: 1, median: 1, max: 1 },
      { sent: 0, missed: 0 },
      { sent: 0, missed: 0 },
      { sent: 1, missed: 0, min: 2, median: 2, max: 2 },
    ]);
  });
});
