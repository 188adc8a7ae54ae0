/** NT-HTTP-013: a port for gRPC whose server speaks HTTP/1. */
import { describe, expect, it } from 'vitest';
import type { LatencyInput } from '../../../../../src/checks/latency/facts.ts';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import { planLatency } from '../../../../../src/checks/latency/plan.ts';
import { PROBE_SCRIPTS } from '../../../../../src/probes/scripts.ts';
import { named } from '../../results.ts';
import { destination, result, thresholds } from '../build.ts';

const REASON = 'port 80 of Service shop/web is called grpc';
const inputOf = (http2: string | undefined, grpc?: 'plain'): LatencyInput => ({
  destinations: [destination(grpc === undefined ? {} : { grpc })],
  count: 1,
  intervalMs: 50,
  thresholds,
  ...(http2 === undefined ? {} : { http2: { to0: http2 } }),
});
const judged = (printed: string, http2: string | undefined, grpc?: 'plain') =>
  judgeLatency(
    {
      'to0-tcp': result('to0-tcp', 'address 192.0.2.9\ntry 400000\nok 1200\n'),
      'to0-http2': result('to0-http2', `address 192.0.2.9\nconnected\n${printed}\n`),
    },
    inputOf(http2, grpc),
  );
const HTTP1 = 'http1 HTTP/1.1 400 Bad Request';

describe('NT-HTTP-013', () => {
  it.each([
    [HTTP1, undefined, ['NT-HTTP-013 warning']],
    [HTTP1, 'plain', ['NT-HTTP-013 critical']],
    ['other', 'plain', []],
    ['closed', 'plain', []],
    ['silent', 'plain', []],
  ] as const)('%s (%s): %j', (printed, grpc, expected) => {
    expect(named(judged(printed, REASON, grpc))).toEqual(expected);
  });

  it('says by what it is known', () => {
    expect(judged(HTTP1, REASON).summary).toBe(
      'svc/web (192.0.2.9:80) answers HTTP/2 with "HTTP/1.1 400 Bad Request": it speaks HTTP/1 alone, and clients of gRPC get nothing from it, which are to be expected, since port 80 of Service shop/web is called grpc.',
    );
  });

  it('is not asked where nothing says so', () => {
    const ids = (http2?: string) => planLatency(inputOf(http2), PROBE_SCRIPTS).probe.map(({ id }) => id);
    expect(ids()).not.toContain('to0-http2');
    expect(ids(REASON)).toContain('to0-http2');
    expect(named(judged(HTTP1, undefined))).toEqual([]);
  });
});
