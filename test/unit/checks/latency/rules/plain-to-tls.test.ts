import { describe, expect, it } from 'vitest';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import type { Judgement } from '../../../../../src/model/check.ts';
import { named, remedyOf } from '../../results.ts';
import { destination, result, thresholds } from '../build.ts';

function judged(status: number, shape: string, url = 'http://192.0.2.9:8443/'): Judgement {
  return judgeLatency(
    {
      'to0-tcp': result('to0-tcp', 'address 192.0.2.9\ntry 400000\nok 1200\n'),
      'to0-http': result('to0-http', `${status} 0.0001 0 0.0005 0.0006 192.0.2.9 \n${shape}\n`),
    },
    { destinations: [destination({ label: url, url })], count: 1, intervalMs: 50, thresholds },
  );
}

describe('NT-HTTP-008', () => {
  // As curl printed them of these servers.
  it.each([
    ['Go', '1 28 48 '],
    ['nginx', '1.1 152 255 nginx/1.22.1'],
    ['nginx', '1.1 145 248 nginx'],
    ['nginx', '1.1 120 248 '],
    ['Tomcat', '1.1 75 62 '],
  ])('knows how %s turns a plain request away: %s', (who, shape) => {
    const judgement = judged(400, shape);
    expect(named(judgement)).toEqual(['NT-HTTP-008 critical']);
    expect(judgement.findings[0]?.summary).toBe(
      `http://192.0.2.9:8443/ is answered with HTTP 400, as ${who} answers a plain request on a port for TLS: the URL has to begin with https.`,
    );
    expect(remedyOf(judgement.findings[0])).toContain('backend-protocol');
  });

  it.each([
    ['another error of nginx', 400, '1.1 152 157 nginx/1.22.1', undefined],
    ['another server', 400, '1.1 152 255 apache', undefined],
    ['it is no error', 200, '1 28 48 ', undefined],
    ['the URL begins with https', 400, '1.1 152 255 nginx/1.22.1', 'https://192.0.2.9:8443/'],
    ['curl does not know of headers', 400, '1.1 152 248 %header{server}', undefined],
    ['it was not asked', 400, '', undefined],
  ])('is silent where %s', (_why, status, shape, url) => {
    expect(named(judged(status, shape, url))).toEqual([]);
  });
});

describe("NT-HTTP-002 of a mesh's rights", () => {
  it.each(['envoy', 'istio-envoy'])('is told where %s denies', (server) => {
    const judgement = judged(403, `1.1 130 19 ${server}`);
    expect(named(judgement)).toEqual(['NT-HTTP-002 warning']);
    expect(judgement.findings[0]?.summary).toMatch(
      /HTTP 403, and it is a proxy of the service mesh \(Envoy, as Istio has it\) that says so, not the server/,
    );
    expect(remedyOf(judgement.findings[0])).toContain('authorizationpolicies');
  });

  it.each([
    ['the server does', 403, '1.1 130 19 nginx'],
    ['it is another text', 403, '1.1 130 20 envoy'],
    ['it is another status', 404, '1.1 130 19 envoy'],
  ])('is silent where %s', (_why, status, shape) => {
    expect(named(judged(status, shape))).toEqual([]);
  });
});
