/** NT-MTU-006 of a TLS handshake that does not come to its end. */
import { describe, expect, it } from 'vitest';
import tls from '../../../../src/checks/tls/check.ts';
import type { TlsInput } from '../../../../src/checks/tls/facts.ts';
import { PROBE_SCRIPTS } from '../../../../src/probes/scripts.ts';
import { destination, evidence, named, result } from '../results.ts';

const SILENT = 'now 1800000000\nconnected\nhandshake no answer within 6 s\n';
const input = (host = '192.0.2.9'): TlsInput => ({
  servers: [{ destination: destination({ host }), sni: 'shop.example.com', names: [] }],
  starttls: 'smtp',
  expireDays: 14,
});
const judged = (small: string) =>
  tls.judge(evidence({ 'to0-tls': result(SILENT), 'to0-small': result(small) }), input());

describe('NT-MTU-006', () => {
  it('tells that the way back loses what the server says', () => {
    const tries = ['576 whole', '0 stalled', '1450 whole', '1492 stalled', '1480 stalled'];
    const lines = [...tries, '576 whole', '0 stalled'].map((one) => `packet ${one} 0\n`);
    const judgement = judged(lines.join(''));
    expect(named(judgement)).toEqual(['NT-MTU-006 critical', 'NT-TLS-002 critical']);
    expect(judgement.findings[0]?.summary).toMatch(
      /: its part of the TLS handshake comes whole over connections that take packets of up to 1450 bytes, and stalls over those that take packets of 1480 bytes and more\.$/,
    );
    expect(judgement.findings[1]?.summary).toMatch(/its answer is lost on the way back/);
  });

  it('is silent where the server says nothing in small packets either', () => {
    const judgement = judged('packet 576 stalled 0\n');
    expect(named(judgement)).toEqual(['NT-TLS-002 critical']);
    expect(judgement.findings[0]?.summary).toMatch(/it gets no further: their size is not the cause\.$/);
  });
});

describe('what is asked again', () => {
  const asked = (printed: string, host?: string) =>
    tls
      .followUp?.(evidence({ 'to0-tls': result(printed) }), input(host), PROBE_SCRIPTS)
      .map(({ argv }) => argv.slice(3));

  it('is the handshake, with its name', () => {
    expect(asked(SILENT)).toEqual([
      ['small-segments', '192.0.2.9', '443', 'tls', 'smtp', 'shop.example.com'],
    ]);
  });

  it.each([
    ['a server that takes a small hello', `${SILENT}small-hello\n`],
    ['a refusal', 'now 1800000000\nconnected\nhandshake wrong version number\n'],
    ['no connection', 'now 1800000000\nhandshake no answer within 6 s\n'],
  ])('is nothing of %s', (_what, printed) => {
    expect(asked(printed)).toEqual([]);
  });

  it('is nothing of a host that would be more than a host to socat', () => {
    expect(asked(SILENT, 'a,EXEC:b')).toEqual([]);
  });
});
