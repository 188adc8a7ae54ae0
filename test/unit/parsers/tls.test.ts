import { describe, expect, it } from 'vitest';
import { type HandshakeFailure, parseTls, type TlsAnswer } from '../../../src/parsers/tls.ts';
import { recording } from '../../recordings/recordings.ts';

function parsed(stdout: string): TlsAnswer {
  const answer = parseTls(stdout);
  if (typeof answer === 'string' || 'code' in answer) throw new Error(JSON.stringify(answer));
  return answer;
}

describe('parseTls', () => {
  it('takes the version of the connection, and not the first one that has its cipher', () => {
    const printed = (...versions: string[]): string =>
      `now 1\nconnected\n${versions.map((version) => `protocol ${version}\n`).join('')}verify 0 (ok)\n`;
    const versionOf = (text: string): unknown => {
      const answer = parseTls(text);
      return typeof answer === 'string' || 'code' in answer ? answer : answer.protocol;
    };
    expect(versionOf(printed('TLSv1.0', 'TLSv1.2'))).toBe('TLSv1.2');
    expect(versionOf(printed('TLSv1.2', 'TLSv1.0'))).toBe('TLSv1.2');
    expect(versionOf(printed('TLSv1.3', 'TLSv1.3'))).toBe('TLSv1.3');
    expect(versionOf(printed('SSLv3', 'TLSv1'))).toBe('TLSv1');
    expect(versionOf(printed())).toBeUndefined();
  });

  it('reads a certificate and whom it is for', () => {
    const answer = parsed(recording('tls-good').stdout);
    expect(answer).toMatchObject({
      isConnected: true,
      problems: [],
      protocol: 'TLSv1.3',
      names: [{ name: 'shop.example.com', matches: true }],
      chain: [{ subject: 'CN=test', issuer: 'CN=test' }],
    });
    expect(answer.verified).toMatch(/^18 /);
    expect(answer.chain[0]?.names).toEqual(['shop.example.com', '*.shop.example.com', '192.0.2.9']);
    const [leaf] = answer.chain;
    expect((leaf?.notAfter ?? 0) - (leaf?.notBefore ?? 0)).toBe(90 * 86_400);
    expect(answer.now).toBeGreaterThanOrEqual(leaf?.notBefore ?? Number.POSITIVE_INFINITY);
  });

  it('reads names that do not match', () => {
    expect(parsed(recording('tls-other-name').stdout).names).toEqual([
      { name: 'pay.example.com', matches: false },
      { name: '192.0.2.7', matches: false },
    ]);
  });

  it("reads openssl's complaint", () => {
    const http = parsed(recording('tls-plain-http').stdout);
    expect(http).toMatchObject({ isConnected: true, chain: [] });
    expect(http.problems[0]).toBe('wrong version number');
    const refused = parsed(recording('tls-refused').stdout);
    expect(refused).toMatchObject({ isConnected: false, chain: [] });
    expect(refused.problems[0]).toBe('Connection refused');
  });

  it.each<[string, HandshakeFailure | undefined]>([
    ['no answer within 6 s', 'no-answer'],
    ['40A7:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:file:77:', 'not-tls'],
    ['40A7:error:0A000458:SSL routines:f:tlsv1 unrecognized name:file:1:SSL alert number 112', 'no-name'],
    [
      '40A7:error:0A00042E:SSL routines:f:tlsv1 alert protocol version:file:1:SSL alert number 70',
      'no-version',
    ],
    [
      '40A7:error:0A000410:SSL routines:f:sslv3 alert handshake failure:file:1:SSL alert number 40',
      'refused',
    ],
    ['40A7:error:0A00045C:SSL routines:f:tlsv13 alert certificate required:file:1:', 'client-certificate'],
    ['40A7:error:0A000126:SSL routines:f:unexpected eof while reading:file:1:', 'closed'],
    ['write:errno=104', 'closed'],
    ['the server said no answer within 6 s, in words of its own', undefined],
  ])('knows what %j amounts to', (words, failure) => {
    expect(parsed(`now 1\nconnected\nhandshake ${words}\n`).failure).toBe(failure);
  });

  it('tells why there is nothing', () => {
    expect(parseTls(recording('tls-missing').stdout)).toEqual({ code: 'no-tool', text: 'openssl' });
    expect(parseTls('')).toBe('the TLS test did not start');
  });

  it.each(['1970-01-01T00:00:00Z', '2000-02-29T12:34:56Z', '2026-12-31T23:59:59Z', '2100-03-01T00:00:00Z'])(
    'knows the time of %s',
    (time) => {
      const date = new Date(time);
      const month = date.toLocaleString('en', { month: 'short', timeZone: 'UTC' });
      const day = String(date.getUTCDate()).padStart(2);
      const text = `${month} ${day} ${time.slice(11, 19)} ${date.getUTCFullYear()} GMT`;
      const stdout = `now 1\ncertificate 0\nsubject=CN=a\nissuer=CN=b\nnotBefore=${text}\nnotAfter=${text}\n`;
      expect(parsed(stdout).chain[0]?.notAfter).toBe(date.getTime() / 1000);
    },
  );
});
