import { describe, expect, it } from 'vitest';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import type { MeshWay } from '../../../../../src/checks/latency/mesh.ts';
import type { Judgement } from '../../../../../src/model/check.ts';
import type { ProbeResult } from '../../../../../src/model/evidence.ts';
import { named, remedyOf } from '../../results.ts';
import { destination, result, thresholds } from '../build.ts';

const TRIES = 'address 192.0.2.9\ntry 400000\nok 1200\n';
const READY = '000 0.000107 0.000000 0.000000 0.000310\n';

const URL_ASKED = 'http://192.0.2.9:8080/';

function judged(stdout: string, rest: Partial<ProbeResult>, tries = TRIES, url = URL_ASKED): Judgement {
  return judgeLatency(
    { 'to0-tcp': result('to0-tcp', tries), 'to0-http': result('to0-http', stdout, rest) },
    {
      destinations: [destination({ label: url, url })],
      count: 1,
      intervalMs: 50,
      thresholds,
    },
  );
}

describe('NT-HTTP-001', () => {
  it.each([
    [
      'curl: (52) Empty reply from server\n',
      52,
      /takes the connection and closes it 0\.203 ms after the request/,
    ],
    ['curl: (56) Recv failure: Connection reset by peer\n', 56, /takes the connection and resets it/],
    ['curl: (55) Send failure: Broken pipe\n', 55, /takes the connection and resets it/],
  ])('%j', (stderr, code, says) => {
    const judgement = judged(READY, { stderr, code });
    expect(named(judgement)).toEqual(['NT-HTTP-001 critical']);
    expect(judgement.findings[0]?.summary).toMatch(says);
    expect(judgement.findings[0]?.evidence[0]?.excerpt).toContain(stderr.trim());
    // It was measured.
    expect(judgement.findings.filter(({ summary }) => summary.startsWith('HTTP to'))).toEqual([]);
  });

  it.each([
    ['a server that wants a certificate', READY, 'curl: (56) tlsv13 alert certificate required\n', 56],
    ['an answer', '404 0.0001 0 0.0005 0.0006\n', '', 0],
  ])('is silent: %s', (_what, stdout, stderr, code) => {
    expect(named(judged(stdout, { stderr, code }))).toEqual([]);
  });
});

describe('NT-HTTP-001, of a reset before curl looks', () => {
  const NONE = '000 0.000000 0.000000 0.000000 0.0043\n';
  const failed = { stderr: "curl: (7) Failed to connect: Couldn't connect to server\n", code: 7 };

  it.each([
    ['every other connection was made', TRIES],
    [
      'some are reset before connect() returns',
      `${TRIES}try 500000\ntcp-connect: connect: Connection reset by peer\nfailed 100\n`,
    ],
  ])('is told where %s', (_what, tries) => {
    const judgement = judged(NONE, failed, tries);
    expect(named(judgement)).toEqual(['NT-HTTP-001 critical']);
    expect(judgement.findings[0]?.summary).toMatch(
      /takes the connection and resets it at once, before any byte/,
    );
    expect(judgement.findings.filter(({ summary }) => summary.startsWith('HTTP to'))).toEqual([]);
  });

  it.each([
    ['one of them failed', `${TRIES}try 500000\ntcp-connect: connect: Connection refused\nfailed 100\n`],
    ['none was tried', 'address 192.0.2.9\n'],
  ])('is not, where %s', (_what, tries) => {
    expect(named(judged(NONE, failed, tries))).not.toContain('NT-HTTP-001 critical');
  });
});

describe('NT-HTTP-002', () => {
  it.each([
    [499, []],
    [500, ['NT-HTTP-002 warning']],
    [503, ['NT-HTTP-002 warning']],
  ])('HTTP %i', (status, expected) => {
    expect(named(judged(`${status} 0.0001 0 0.0005 0.0006\n`, {}))).toEqual(expected);
  });

  it('says what a proxy means by it', () => {
    expect(judged('503 0.0001 0 0.0005 0.0006\n', {}).summary).toBe(
      'http://192.0.2.9:8080/ answers with HTTP 503 (it is overloaded, or has no backend that works): the connection works, and the server or a proxy before it fails.',
    );
  });
});

describe('NT-HTTP-002 of a mesh', () => {
  const answered = (status: number, said: string) =>
    judged(`${status} 0.0001 0 0.0005 0.0006 192.0.2.9 ${said}\n`, {});

  it('is of a proxy that answers in place of the server', () => {
    const judgement = answered(404, 'no route found for request');
    expect(named(judgement)).toEqual(['NT-HTTP-002 warning']);
    expect(judgement.summary).toBe(
      'http://192.0.2.9:8080/ answers with HTTP 404, and it is a proxy of the service mesh (Linkerd) that says so, not the server: l5d-proxy-error: no route found for request.',
    );
    expect(judgement.findings[0]?.evidence[0]?.excerpt).toContain('no route found for request');
    expect(remedyOf(judgement.findings[0])).toContain('linkerd-proxy');
  });

  it.each([
    ['it says nothing', 404, ''],
    ['curl does not know of headers', 404, '%header{l5d-proxy-error}'],
    ['it is no error', 200, 'x'],
  ])('is silent where %s', (_what, status, said) => {
    expect(named(answered(status, said))).toEqual([]);
  });
});

describe('NT-HTTP-003', () => {
  const BEGUN = '200 0.0001 0 0.0005 10.004\n';

  it.each([
    [
      28,
      'curl: (28) Operation timed out after 10004 milliseconds with 2 out of 100 bytes received\n',
      /answers with HTTP 200, and the answer stalls: 2 of 100 bytes came in the 10\.00 s after its first byte\.$/,
    ],
    [
      28,
      'curl: (28) Operation timed out after 10004 milliseconds with 0 out of 400000 bytes received\n',
      /0 of 400000 bytes came in the 10\.00 s after its first byte\. What fits into a small packet came, and nothing that fills a large one, as where these are lost on the way back/,
    ],
    [
      28,
      'curl: (28) Operation timed out after 10004 milliseconds with 1280 out of 400000 bytes received\n',
      /1280 of 400000 bytes came in the 10\.00 s after its first byte\.$/,
    ],
    [18, 'curl: (18) end of response with 98 bytes missing\n', /the connection is closed 10\.00 s after/],
    [56, 'curl: (56) Recv failure: Connection reset by peer\n', /the connection is reset 10\.00 s after/],
  ])('code %i', (code, stderr, says) => {
    const judgement = judged(BEGUN, { stderr, code });
    expect(named(judgement)).toEqual(['NT-HTTP-003 critical']);
    expect(judgement.findings[0]?.summary).toMatch(says);
    expect(judgement.findings[0]?.evidence[0]?.excerpt).toContain(stderr.trim());
  });

  it.each([
    [28, 'curl: (28) Operation timed out after 10004 milliseconds with 2 bytes received\n'],
    [
      28,
      'curl: (28) Operation timed out after 10004 milliseconds with 99999 out of 999999999 bytes received\n',
    ],
    [56, 'curl: (56) Too large response headers: 307202 > 307200\n'],
    [92, 'curl: (92) HTTP/2 stream 1 was not closed cleanly\n'],
  ])('is not known: code %i, %j', (code, stderr) => {
    const judgement = judged(BEGUN, { stderr, code });
    expect(named(judgement)).toEqual([]);
    expect(judgement.findings.map(({ summary }) => summary).join()).toContain(
      `the end of the answer of ${URL_ASKED} (NT-HTTP-003): ${stderr.trim()}`,
    );
  });
});

describe('NT-HTTP-004', () => {
  const SIX = 'address 2001:db8:61::99\ntry 400000\n';
  const named4 = (stdout: string, tries: string): string[] =>
    named(
      judgeLatency(
        { 'to0-tcp': result('to0-tcp', tries), 'to0-http': result('to0-http', stdout) },
        {
          destinations: [
            destination({ label: 'http://shop.test/', host: 'shop.test', url: 'http://shop.test/' }),
          ],
          count: 1,
          intervalMs: 50,
          thresholds,
        },
      ),
    );
  const answer = (remote: string): string => `200 0.201 0 0.2025 0.203 ${remote}\n`;

  it.each([
    ['is silent', `${SIX}failed 3000000\n`],
    ['refuses', `${SIX}tcp-connect: connect: Connection refused\nfailed 90\n`],
  ])('is said where the first address %s and another one answers', (_what, tries) => {
    expect(named4(answer('192.0.2.9'), tries)[0]).toBe('NT-HTTP-004 critical');
  });

  it.each([
    ['the first one takes connections', answer('192.0.2.9'), `${SIX}ok 900\n`],
    ['nobody answers', '000 0.000000 0.000000 0.000000 3.1 \n', `${SIX}failed 3000000\n`],
    ['it is not known who answered', '200 0.201 0 0.2025 0.203\n', `${SIX}failed 3000000\n`],
    ['it is the same address in other words', answer('2001:db8:61:0::99'), `${SIX}failed 3000000\n`],
  ])('is not said where %s', (_what, stdout, tries) => {
    expect(named4(stdout, tries)).not.toContain('NT-HTTP-004 critical');
  });
});

describe('NT-HTTP-005', () => {
  const proxied = {
    to0: { service: 'svc/ingress', namespace: 'edge', name: 'ingress', annotation: 'x/proxy-protocol: true' },
  };
  const found = (stdout: string, rest: Partial<ProbeResult>, known: object = { proxied }): string[] =>
    named(
      judgeLatency(
        { 'to0-tcp': result('to0-tcp', TRIES), 'to0-http': result('to0-http', stdout, rest) },
        {
          destinations: [destination({ label: URL_ASKED, url: URL_ASKED })],
          count: 1,
          intervalMs: 50,
          thresholds,
          ...known,
        },
      ),
    );
  const EMPTY = { stderr: 'curl: (52) Empty reply from server\n', code: 52 };
  const NO_TLS = { stderr: 'curl: (35) Recv failure: Connection reset by peer\n', code: 35 };

  it.each([
    ['closed', READY, EMPTY],
    ['reset in the handshake', READY, NO_TLS],
  ])('is of a connection that is %s', (_how, stdout, rest) => {
    expect(found(stdout, rest)[0]).toBe('NT-HTTP-005 critical');
  });

  it.each<[string, string, Partial<ProbeResult>, object | undefined]>([
    ['it answers', '200 0.0001 0 0.0005 0.0006\n', {}, undefined],
    ['no Service says so', READY, EMPTY, {}],
    ['TLS itself fails', READY, { stderr: 'curl: (35) tlsv1 alert protocol version\n', code: 35 }, undefined],
  ])('is silent where %s', (_why, stdout, rest, known) => {
    expect(found(stdout, rest, known)).not.toContain('NT-HTTP-005 critical');
  });
});

describe('NT-HTTP-006', () => {
  it('is told of an answer without a status line, and is then not said to be unmeasured', () => {
    const all = judged(READY, {
      stderr: 'curl: (1) Received HTTP/0.9 when not allowed\n',
      code: 1,
    });
    expect(named(all)).toEqual(['NT-HTTP-006 critical']);
    expect(all.status).toBe('fail');
  });

  it('is not told of a protocol that curl does not know', () => {
    const all = judged(READY, { stderr: 'curl: (1) Protocol "x" not supported\n', code: 1 });
    expect(named(all)).toEqual([]);
    expect(all.findings.map(({ id }) => id)).toContain('NT-SYS-001');
  });
});

describe('NT-HTTP-007', () => {
  const sidecar = { pod: 'pod web-0', sign: 'its container istio-proxy', namespace: 'shop' };
  const by = { name: 'default', namespace: 'istio-system', level: 'mesh' as const };
  const EMPTY = { stderr: 'curl: (52) Empty reply from server\n', code: 52 };

  function asked(mesh: MeshWay, rest: Partial<ProbeResult> = EMPTY, stdout = READY): Judgement {
    return judgeLatency(
      { 'to0-tcp': result('to0-tcp', TRIES), 'to0-http': result('to0-http', stdout, rest) },
      {
        destinations: [destination({ label: URL_ASKED, url: URL_ASKED })],
        count: 1,
        intervalMs: 50,
        thresholds,
        mesh: { to0: mesh },
      },
    );
  }

  it('names the policy that the proxy keeps to', () => {
    const judgement = asked({ ...sidecar, mode: 'STRICT', by });
    expect(named(judgement)).toEqual(['NT-HTTP-007 critical', 'NT-HTTP-001 critical']);
    expect(judgement.findings[0]?.summary).toBe(
      'http://192.0.2.9:8080/ takes the connection and closes it before any byte of an answer, as PeerAuthentication istio-system/default asks of the proxy of pod web-0 (its container istio-proxy): mutual TLS is STRICT for the whole mesh, and the target is not of the mesh.',
    );
    expect(remedyOf(judgement.findings[0])).toMatch(
      /kubectl get peerauthentications\.security\.istio\.io -n istio-system default -o yaml$/,
    );
  });

  it('says what is not known where policies may not be read', () => {
    const judgement = asked({ ...sidecar, mode: 'unknown', unread: 'you may not read them' });
    expect(named(judgement)).toEqual(['NT-HTTP-001 critical']);
    expect(judgement.findings.find(({ id }) => id === 'NT-HTTP-007')?.summary).toMatch(
      /its PeerAuthentications say, which could not be read: you may not read them\.$/,
    );
  });

  it('is silent where the proxy takes both, and where it answers', () => {
    expect(named(asked({ ...sidecar, mode: 'PERMISSIVE' }))).toEqual(['NT-HTTP-001 critical']);
    const answer = '200 0.0001 0 0.0005 0.0006\n';
    expect(named(asked({ ...sidecar, mode: 'STRICT', by }, {}, answer))).toEqual([]);
  });
});

describe('NT-HTTP-009', () => {
  const led = (url: string, to: string, status = 308) =>
    judged(`${to}\n${status} 0.0001 0 0.0005 0.0006 192.0.2.9 \n`, {}, TRIES, url);

  it.each([
    ['https://shop.example/', 'https://shop.example/', 308],
    ['https://shop.example', 'https://shop.example:443/', 301],
    ['http://shop.example/a?b', 'http://SHOP.example/a?b', 302],
  ])('%s leads to %s', (url, to, status) => {
    const judgement = led(url, to, status);
    expect(named(judgement)).toEqual(['NT-HTTP-009 warning']);
    expect(judgement.summary).toContain(`answers with HTTP ${status} and leads to itself: `);
  });

  it.each([
    ['to https', 'http://shop.example/', 'https://shop.example/', 308],
    ['to another path', 'https://shop.example/', 'https://shop.example/login', 302],
    ['to another query', 'https://shop.example/?a=1', 'https://shop.example/', 302],
    [
      'to a query whose values nobody keeps',
      'https://shop.example/?step=[redacted]',
      'https://shop.example/?step=[redacted]',
      302,
    ],
    ['to another port', 'http://shop.example:8080/', 'http://shop.example/', 302],
    ['with another status', 'https://shop.example/', 'https://shop.example/', 201],
    ['to what is no URL', 'https://shop.example/', 'x', 302],
  ])('is silent where it leads %s', (_where, url, to, status) => {
    expect(named(led(url, to, status))).toEqual([]);
  });
});

describe('NT-HTTP-010', () => {
  const answered = (url: string, status: number) =>
    judged(`${status} 0.0001 0 0.0005 0.0006 192.0.2.9 \n`, {}, TRIES, url);

  it('is of a 400 to a name with an underscore', () => {
    expect(named(answered('http://shop_web:8080/a', 400))).toEqual(['NT-HTTP-010 warning']);
  });

  it.each([
    ['http://shop_web:8080/', 404],
    ['http://shop_web:8080/', 200],
    ['http://shop-web:8080/a_b', 400],
  ])('is silent: %s with %i', (url, status) => {
    expect(named(answered(url, status))).toEqual([]);
  });
});
