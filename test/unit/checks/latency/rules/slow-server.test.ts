import { describe, expect, it } from 'vitest';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import { slowServer } from '../../../../../src/checks/latency/rules/slow-server.ts';
import { runRecording } from '../../../../recordings/recordings.ts';
import { facts, path } from '../build.ts';

const judge = (connectMs: number, readyMs: number, firstByteMs: number | null, totalMs = 20_000) =>
  slowServer.judge(
    facts({
      paths: [
        path({
          destination: { url: 'http://192.0.2.9/' },
          http: { status: firstByteMs === null ? 0 : 200, connectMs, readyMs, firstByteMs, totalMs },
        }),
      ],
    }),
  );

describe('NT-LAT-006 slow server', () => {
  it.each([
    { connect: 1, ready: 1, first: 1000.9, raised: false, why: 'just below 1 s' },
    { connect: 1, ready: 1, first: 1001, raised: true, why: 'at 1 s' },
    { connect: 150, ready: 150, first: 1649, raised: false, why: 'just below 10 times the connect' },
    { connect: 150, ready: 150, first: 1650, raised: true, why: 'at 10 times the connect' },
    { connect: 1, ready: 900, first: 1800, raised: false, why: 'TLS took the time' },
    { connect: 1, ready: 1000, first: 2000, raised: true, why: 'after TLS' },
  ])(
    '$raised: connected after $connect, ready after $ready, first byte after $first ms: $why',
    ({ connect, ready, first, raised }) => {
      expect(judge(connect, ready, first).map((f) => f.severity)).toEqual(raised ? ['warning'] : []);
    },
  );

  it('keeps to the limit that it is given', () => {
    const http = { status: 200, connectMs: 1, readyMs: 1, firstByteMs: 501, totalMs: 600 };
    const paths = [path({ destination: { url: 'http://192.0.2.9/' }, http })];
    expect(slowServer.judge(facts({ paths, thresholds: { slowServerMs: 500 } }))).toHaveLength(1);
    expect(slowServer.judge(facts({ paths, thresholds: { slowServerMs: 501 } }))).toEqual([]);
  });

  it('is silent where nobody asked for a request', () => {
    expect(slowServer.judge(facts())).toEqual([]);
  });

  it('is silent where the request failed', () => {
    expect(
      slowServer.judge(
        facts({ paths: [{ ...path(), http: { skipped: { code: 'other', text: 'curl: (7) refused' } } }] }),
      ),
    ).toEqual([]);
  });

  it('is raised where no byte came at all, and says so', () => {
    expect(judge(1, 1, null, 10_001)[0]).toMatchObject({
      severity: 'warning',
      subject: 'svc/web',
      summary:
        'http://192.0.2.9/ connected in 1.000 ms, but no byte of an answer came in 10.00 s: the server is silent, or its answer gets lost on the way back.',
      // That acquits the network of nothing.
      remediation: expect.not.stringContaining('not the cause'),
    });
    expect(judge(1, 1, 10_001, 10_002)[0]?.remediation).toContain('The network is not the cause.');
  });

  it('is raised for a server that really thinks', () => {
    const { evidence, input } = runRecording('slow-server');
    const { status, findings } = judgeLatency(evidence, input);
    expect(status).toBe('warn');
    expect(findings).toMatchObject([
      { id: 'NT-LAT-006', summary: expect.stringMatching(/another 1\.5\d s \(HTTP 200\)/) },
    ]);
  });

  it('is raised for a server that really never answers: that is no pass', () => {
    const { evidence, input } = runRecording('no-answer');
    const { status, findings } = judgeLatency(evidence, input);
    expect(status).toBe('warn');
    expect(findings).toMatchObject([
      { id: 'NT-LAT-006', summary: expect.stringContaining('no byte of an answer came in 10.00 s') },
    ]);
  });
});
