import { describe, expect, it } from 'vitest';
import { exitCodeOfWatch } from '../../../src/console/watch-text.ts';
import type { Watch } from '../../../src/model/watch.ts';
import { palette } from '../../../src/report/text.ts';
import { liveLines } from '../../../src/report/watch-live.ts';
import { renderWatch } from '../../../src/report/watch-table.ts';

const paint = palette(false);
const row = (destination: string, latest: readonly (number | null)[]) => ({
  destination,
  latest,
  sent: latest.length,
  missed: latest.filter((one) => one === null).length,
  worst: 12.3,
});

describe('the live view', () => {
  const latest = [0.1, 0.1, 0.8, null, 0.1, 0.2];
  it('shows each probe as a block, and a miss as what it is', () => {
    expect(liveLines([row('db:5432', latest)], { width: 70, utf8: true, paint })).toEqual([
      'db:5432                  ▁▁█x▁▃   0.20 ms worst 12.3 ms  lost 17 %',
    ]);
    expect(liveLines([row('db:5432', latest)], { width: 70, utf8: false, paint })).toEqual([
      'db:5432                  __@x_-   0.20 ms worst 12.3 ms  lost 17 %',
    ]);
  });

  it.each([20, 25, 39, 40, 59, 60, 79, 200])('fits into %i columns', (width) => {
    const names = [
      'a',
      'svc/a-service-with-a-very-long-name:5432 → a-pod-with-a-longer-one-7f849b4b8c-5vv84',
    ];
    const rows = names.map((name) =>
      row(
        name,
        Array.from({ length: 400 }, (_one, i) => (i % 7 === 0 ? null : i + 1)),
      ),
    );
    for (const line of liveLines(rows, { width, utf8: true, paint }))
      expect(line.length).toBeLessThanOrEqual(width);
  });

  it('keeps what is hostile from the terminal', () => {
    const [line] = liveLines([row('\u001b[2Jevil\n\u202e', [1])], { width: 60, utf8: true, paint });
    expect(line).not.toMatch(/[\u0000-\u001f\u202e]/);
  });
});

describe('the timeline', () => {
  const hostile = '\u001b]0;owned\u0007\u202e';
  const watch: Watch = {
    apiVersion: 'nettools/v1',
    kind: 'Watch',
    tool: { version: '1' },
    target: { kind: 'pod', namespace: 'shop', name: 'web-0', address: '10.0.0.1', node: 'n1' },
    startedAt: '2026-01-02T03:04:00.000Z',
    durationMs: 7_200_000,
    intervalMs: 1000,
    ended: 'over',
    stepMs: 12_000,
    verdict: 'fail',
    destinations: [
      {
        destination: `svc/db:5432${hostile}`,
        host: '10.0.0.2',
        port: 5432,
        probe: 'tcp',
        sent: 7200,
        missed: 4,
        rtt: { min: 0.1, p50: 0.31, p90: 0.4, p99: 1.2, max: 1040 },
        histogram: [],
        rttSum: 1,
        series: [],
      },
    ],
    gaps: [],
    outages: [
      {
        number: 1,
        destination: `svc/db:5432${hostile}`,
        from: '2026-01-02T04:14:07.000Z',
        to: '2026-01-02T04:14:10.000Z',
        durationMs: 3000,
        missed: 4,
        evidence: { reason: 'silent', error: hostile, address: '10.0.0.2', tries: 1, counters: {} },
        findings: [],
        pcap: 'outage-1.pcap',
        packets: 12,
        diagnosis: {
          at: '2026-01-02T04:14:08.000Z',
          verdict: 'pass',
          findings: [],
          late: true,
          bundle: 'outage-1.json',
        },
      },
    ],
    events: [
      {
        at: '2026-01-02T04:14:07.000Z',
        type: 'cluster',
        outage: 1,
        text: `pod shop/db-0 is not ready${hostile}`,
      },
      { at: '2026-01-02T04:20:00.000Z', type: 'connection', text: `the connection is lost: ${hostile}` },
    ],
    folder: 'watch-web-0-20260102-030400',
  };

  it('tells when, how long, what, and what was seen near it', () => {
    const text = renderWatch(watch, { colour: false, width: 100 });
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(
      text.replaceAll('\\x1b]0;owned\\x07\\u{202e}', '').replace(/^DESTINATION +/m, 'DESTINATION   '),
    ).toBe(
      `pod/web-0 in shop (10.0.0.1 on n1), watched for 2 h 0 min, every 1.0 s

DESTINATION   PROBE   SENT   MISSED     LOSS    MEDIAN       P99      MAX
svc/db:5432   tcp     7200        4   0.06 %   0.31 ms   1.20 ms   1.04 s

outage 1: 04:14:07 until 04:14:10 (3.0 s), svc/db:5432: 4 missed
  cluster: 04:14:07 pod shop/db-0 is not ready
  what was seen in it does not tell the cause
  packets: outage-1.pcap (12 of them)
  diagnosis, before whose end it was over: nothing wrong (outage-1.json)

04:20:00 the connection is lost: 

Bundles and packets are in watch-web-0-20260102-030400.

verdict: fail (1 outage)
`,
    );
  });

  it('says what was not measured, and names that are slow, and passes neither', () => {
    const slow = {
      id: 'NT-DNS-009',
      severity: 'warning' as const,
      title: 'Some name servers fail',
      summary: 'db: name server 10.96.0.10 did not reply.',
      evidence: [],
      remediation: 'Repair it.',
    };
    const [first] = watch.destinations as readonly [Watch['destinations'][number]];
    const names = { server: '10.96.0.10', answer: 'silent', by: '10.96.0.11', findings: [slow] };
    const slowNames = [{ ...names, from: '2026-01-02T03:05:00.000Z' }];
    const gaps = [
      { from: '2026-01-02T03:04:05.000Z', to: '2026-01-02T03:04:09.000Z', reason: 'restarted' as const },
    ];
    const calm: Watch = { ...watch, outages: [], events: [], verdict: 'unknown', gaps };
    expect(renderWatch(calm, { colour: false, width: 100 })).toMatch(
      /^not measured: 03:04:05 until 03:04:09: the far side was gone, and was started anew$[\s\S]*verdict: unknown \(no outage, as long as it was watched; some of the time was not measured\)/m,
    );
    expect(exitCodeOfWatch(calm, 'info')).toBe(3);
    const lame: Watch = { ...calm, gaps: [], verdict: 'warn', destinations: [{ ...first, slowNames }] };
    expect(renderWatch(lame, { colour: false, width: 100 })).toMatch(
      /^slow names: 03:05:00 and it lasts, svc\/db:5432.*\nwarning NT-DNS-009[\s\S]*\(no outage, but names are slow\)/m,
    );
    expect(exitCodeOfWatch(lame, 'warning')).toBe(1);
    expect(exitCodeOfWatch(lame, 'critical')).toBe(0);
    expect(exitCodeOfWatch({ ...calm, gaps: [], verdict: 'pass' }, 'info')).toBe(0);
  });
});
