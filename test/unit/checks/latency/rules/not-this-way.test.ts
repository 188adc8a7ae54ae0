import { describe, expect, it } from 'vitest';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import { named, remedyOf } from '../../results.ts';
import { destination, result, thresholds } from '../build.ts';

const URL_OF = 'https://192.0.2.9/';

function judged(status: number) {
  return judgeLatency(
    {
      'to0-tcp': result('to0-tcp', 'address 192.0.2.9\ntry 400000\nok 1200\n'),
      'to0-http': result('to0-http', `${status} 0.0001 0 0.0005 0.0006 192.0.2.9 \n1.1 141 141 \n`),
    },
    { destinations: [destination({ label: URL_OF, url: URL_OF })], count: 1, intervalMs: 50, thresholds },
  );
}

describe('NT-HTTP-011', () => {
  it('is an info of 426, as WebSocket servers that are well answer', () => {
    const told = judged(426).findings.map(({ id, severity }) => `${id} ${severity}`);
    expect(told).toContain('NT-HTTP-011 info');
    expect(named(judged(426))).toEqual([]);
  });

  it.each([407, 421, 505, 511])('is of status %s, and of no other finding', (status) => {
    const judgement = judged(status);
    expect(named(judgement)).toEqual(['NT-HTTP-011 warning']);
    expect(judgement.findings[0]?.summary).toContain(`${URL_OF} answers with HTTP ${status}, `);
  });

  it('tells a reverse proxy of 421 to send the name', () => {
    expect(remedyOf(judged(421).findings[0])).toContain('proxy_ssl_server_name on');
  });

  it.each([200, 204, 301, 401, 403, 404, 405, 409, 410, 418, 429])('is not of %s', (status) => {
    expect(named(judged(status))).toEqual([]);
  });

  it.each([500, 502, 503, 504])('leaves %s to NT-HTTP-002', (status) => {
    expect(named(judged(status))).toEqual(['NT-HTTP-002 warning']);
  });
});
