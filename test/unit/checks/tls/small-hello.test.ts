/** NT-TLS-002 of a server that takes a hello of one segment, and none of two. */
import { describe, expect, it } from 'vitest';
import { judgeTls } from '../../../../src/checks/tls/judge.ts';
import { parseTls } from '../../../../src/parsers/tls.ts';
import { destination, evidence, remedyOf, result } from '../results.ts';

const CLOSED = 'now 1800000000\nconnected\nhandshake write:errno=104\n';
const SILENT = 'now 1800000000\nconnected\nhandshake no answer within 6 s\n';

function first(stdout: string) {
  const servers = [{ destination: destination(), sni: 'shop.example.com', names: [] }];
  return judgeTls(evidence({ 'to0-tls': result(stdout) }), { servers, starttls: '', expireDays: 14 })
    .findings[0];
}

describe('NT-TLS-002', () => {
  it.each([
    [CLOSED, 'openssl says "write:errno=104" of the first'],
    [SILENT, 'the first gets no answer within 6 s'],
  ])('tells that a small hello is taken: %j', (printed, what) => {
    const found = first(`${printed}small-hello\n`);
    expect(found).toMatchObject({ id: 'NT-TLS-002', severity: 'critical' });
    expect(found?.summary).toContain(
      `fails when the client offers post-quantum groups (X25519MLKEM768), whose hello takes more than one segment, and succeeds without them: ${what}.`,
    );
    expect(remedyOf(found)).toContain('tldr.fail');
  });

  it.each([CLOSED, SILENT])('says nothing of it where that fails too: %j', (printed) => {
    expect(first(printed)?.summary).not.toContain('post-quantum');
    expect(parseTls(printed)).not.toHaveProperty('takesSmallHello');
  });
});
