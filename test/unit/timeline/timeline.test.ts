import { describe, expect, it } from 'vitest';
import type { FarEvent, MissEvidence, WatchGoal } from '../../../src/model/watch.ts';
import { Timeline } from '../../../src/timeline/timeline.ts';

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

function timeline(forMs = 180_000): Timeline {
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
    iso: (ms) => new Date(ms).toISOString(),
  });
}

const tally = (goal: number, second: number, rtts: readonly number[], missed = 0): FarEvent => ({
  kind: 'tally',
  goal,
  at: start + second * 1000,
  sent: rtts.length + missed,
  missed,
  rtts,
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

  it('makes an outage of a row of misses, and judges it anew when it has ended', () => {
    const one = timeline();
    one.push(tally(0, 1, [1]));
    one.push(tally(1, 1, [1]));
    const at = start + 2000;
    const begun = one.push({ kind: 'miss', goal: 0, at, lastAnswer: at - 1000, evidence: SILENT });
    expect(begun).toMatchObject({ number: 1, missed: 1, findings: [{ summary: '1' }] });
    expect(one.report(at + 1500).outages[0]).toMatchObject({ durationMs: 1500, missed: 1 });
    one.push(tally(0, 5, [], 3));
    const ended = one.push({ kind: 'recovery', goal: 0, at: at + 3000, missed: 3 });
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
    one.push({ kind: 'recovery', goal: 0, at: start + 1000, missed: 2 });
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
      one.push({ kind: 'recovery', goal: 0, at: at + 1000, missed: 1 });
    }
    const { destinations, outages, events } = one.report(start + 86_400_000);
    expect(destinations[0]?.series).toHaveLength(600);
    expect(outages).toHaveLength(1000);
    expect(events).toHaveLength(1001);
    expect(events.at(-1)?.text).toBe('1880 more events are not kept');
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
