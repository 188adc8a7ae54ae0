/** NT-TLS-008: a server that does not take HTTP/2, where clients need it. */
import { describe, expect, it } from 'vitest';
import { judgeTls } from '../../../../src/checks/tls/judge.ts';
import { planTls } from '../../../../src/checks/tls/plan.ts';
import { tlsTables } from '../../../../src/checks/tls/tables.ts';
import { PROBE_SCRIPTS } from '../../../../src/probes/scripts.ts';
import { recording } from '../../../recordings/recordings.ts';
import { destination, evidence, named, result } from '../results.ts';

const REASON = 'port 443 of Service shop/api is called grpc';
const good = recording('tls-good').stdout;

const inputOf = (http2: string | undefined, starttls = '') => ({
  servers: [
    {
      destination: destination(),
      sni: 'shop.example.com',
      names: ['shop.example.com'],
      ...(http2 === undefined ? {} : { http2 }),
    },
  ],
  starttls,
  expireDays: 14,
});
const judged = (alpn: string, http2?: string, more = '') =>
  judgeTls(
    evidence({ 'to0-tls': result(good.replace(/^verify /m, `${alpn}${more}verify `)) }),
    inputOf(http2),
  );

describe('NT-TLS-008', () => {
  it.each([
    ['alpn none\n', REASON, ['NT-TLS-008 warning']],
    ['alpn refused\n', REASON, ['NT-TLS-008 warning']],
    ['alpn http/1.1\n', REASON, ['NT-TLS-008 warning']],
    ['alpn h2\n', REASON, []],
    // Of an older bundle, or of an openssl that does not say.
    ['', REASON, []],
    // Nobody is known to need it.
    ['alpn none\n', undefined, []],
    ['alpn refused\n', undefined, []],
  ] as const)('%j, %s: %j', (alpn, http2, expected) => {
    expect(named(judged(alpn, http2))).toEqual(expected);
  });

  it('is silent where the handshake did not come to its end', () => {
    expect(
      named(judged('alpn none\n', REASON, 'unfinished 40:error:0A:SSL routines:f:dh key too small:x:1\n')),
    ).toEqual(['NT-TLS-007 critical']);
  });

  it('says by what it is known', () => {
    expect(judged('alpn none\n', REASON).summary).toMatch(
      /does not take HTTP\/2 by ALPN, it answers an offer of it with none: clients of gRPC refuse it .*, since port 443 of Service shop\/api is called grpc\.$/,
    );
  });
});

describe('what is offered', () => {
  const offered = (http2?: string, starttls = '') =>
    planTls(inputOf(http2, starttls), PROBE_SCRIPTS).probe.map(({ argv }) => argv[8]);

  it.each([
    [undefined, '', 'h2,http/1.1'],
    // A server may prefer the other one where both are offered.
    [REASON, '', 'h2'],
    // PostgreSQL 17 ends a handshake that offers what is not its own.
    [undefined, 'postgres', ''],
  ])('to a server of %s, starting by %j, is %j', (http2, starttls, expected) => {
    expect(offered(http2, starttls)).toEqual([expected]);
  });
});

describe('the table', () => {
  it('tells what is taken', () => {
    const [table] = tlsTables(judged('alpn h2\n').measurements);
    const at = table?.columns.findIndex(({ head }) => head === 'ALPN') ?? -1;
    expect(table?.rows[0]?.[at]).toBe('h2');
  });
});
