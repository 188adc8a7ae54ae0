import { describe, expect, it } from 'vitest';
import { formatTime } from '../../../../src/checks/tls/facts.ts';
import { judgeTls } from '../../../../src/checks/tls/judge.ts';
import type { Judgement } from '../../../../src/model/check.ts';
import { parseTls } from '../../../../src/parsers/tls.ts';
import { recording } from '../../../recordings/recordings.ts';
import { destination, evidence, named, result } from '../results.ts';

const DAY = 86_400;
const good = recording('tls-good').stdout;
const parsed = parseTls(good);
if (typeof parsed === 'string' || 'code' in parsed || !parsed.chain[0])
  throw new Error('the recording has no certificate');
const [{ notBefore, notAfter }] = parsed.chain;

/** Judges one server by what the script printed. */
function judged(stdout: string, expireDays = 14): Judgement {
  const servers = [{ destination: destination(), sni: 'shop.example.com', names: ['shop.example.com'] }];
  return judgeTls(evidence({ 'to0-tls': result(stdout) }), { servers, starttls: '', expireDays });
}

const at = (now: number) => good.replace(/^now \d+$/m, `now ${now}`);

describe('NT-TLS-001', () => {
  it.each([
    { when: 'the last second', now: notAfter, expected: 'info' },
    { when: 'one later', now: notAfter + 1, expected: 'critical' },
    { when: 'the first second', now: notBefore, expected: undefined },
    { when: 'one earlier', now: notBefore - 1, expected: 'critical' },
    { when: '14 days before the end', now: notAfter - 14 * DAY, expected: 'info' },
    { when: 'a second before that', now: notAfter - 14 * DAY - 1, expected: undefined },
  ])('$when', ({ now, expected }) => {
    expect(judged(at(now)).findings[0]?.severity).toBe(expected);
  });

  it('says since when', () => {
    expect(judged(at(notAfter + 3 * DAY)).summary).toContain(
      `its certificate expired 3 days ago (${formatTime(notAfter)})`,
    );
  });

  it('says by which clock it is not valid yet', () => {
    const now = notBefore - 400 * DAY;
    expect(judged(at(now)).summary).toContain(
      `in 400 days by the clock of the target (${formatTime(now)}): either it is too new, or that clock is behind`,
    );
  });

  it('tells of an intermediate certificate too', () => {
    const pieces = good.split(/^(?=certificate 0$)/m);
    const old = pieces[1]
      ?.replace('certificate 0', 'certificate 1')
      .replace(/^subject=.*$/m, 'subject=CN=old ca')
      .replace(/^notAfter=.*$/m, 'notAfter=Jan  1 00:00:00 2020 GMT')
      .replace(/^name .*\n/m, '');
    const judgement = judged(`${good}${old}`);
    expect(named(judgement)).toEqual(['NT-TLS-001 critical']);
    expect(judgement.summary).toContain('the CN=old ca certificate of its chain expired');
  });

  it('has an info of one that has expired and that a trusted chain goes without', () => {
    const crossed = good
      .split(/^(?=certificate 0$)/m)[1]
      ?.replace('certificate 0', 'certificate 1')
      .replace(/^subject=.*$/m, 'subject=CN=cross-signed root')
      .replace(/^notAfter=.*$/m, 'notAfter=Jan  1 00:00:00 2020 GMT')
      .replace(/^name .*\n/m, '');
    const trusted = good.replace(/^verify .*$/m, 'verify 0 (ok)');
    const { status, findings } = judged(`${trusted}${crossed}`);
    expect([status, findings.map(({ id, severity }) => [id, severity])]).toEqual([
      'pass',
      [['NT-TLS-001', 'info']],
    ]);
    expect(findings[0]?.summary).toMatch(
      /CN=cross-signed root certificate of its chain expired \d+ days ago/,
    );
    // Nor does it hide one that is about to.
    const soon = trusted.replace(/^now .*$/m, `now ${notAfter - 3 * DAY}`);
    expect(judged(`${soon}${crossed}`).findings[0]?.summary).toMatch(
      /: a certificate of its chain expires in 3 days \(.*; the CN=cross-signed root /,
    );
    // The server's own is always needed.
    expect(named(judged(trusted.replace(/^now \d+$/m, `now ${notAfter + DAY}`)))).toEqual([
      'NT-TLS-001 critical',
    ]);
  });

  it('shows the beginning of a name that is long', () => {
    const long = parseTls(good.replace(/^subject=.*$/m, `subject=CN=${'x'.repeat(60_000)}`));
    expect(typeof long === 'object' && 'chain' in long && long.chain[0]?.subject.length).toBe(300);
  });

  it('tells of another name, and not when one of several matches', () => {
    expect(judged(recording('tls-other-name').stdout).summary).toMatch(
      /for shop\.example\.com, \*\.shop\.example\.com, 192\.0\.2\.9 and not for pay\.example\.com or 192\.0\.2\.7/,
    );
    expect(judged(good.replace(/^(name .* match)$/m, 'name a.example mismatch\n$1')).findings).toEqual([]);
  });
});

describe('the certificate that an ingress controller has for any other name', () => {
  it('is named', () => {
    const fake = recording('tls-other-name').stdout.replace(
      /^subject=.*$/m,
      'subject=O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate',
    );
    expect(judged(fake).summary).toMatch(/it is the one that ingress-nginx presents where it has none/);
  });
});

describe('NT-TLS-003', () => {
  const alone = (verify: string, more = '') =>
    good.replace(/^verify .*$/m, `verify ${verify}`).replace(/^issuer=.*$/m, `issuer=CN=Inter${more}`);
  const AIA = '\nAuthority Information Access: \n    CA Issuers - URI:http://ca.example/inter.crt';

  it('is the missing certificate of an issuer that says where it is to be had', () => {
    const judgement = judged(alone('21 (unable to verify the first certificate)', AIA));
    expect(named(judgement)).toEqual(['NT-TLS-003 critical']);
    expect(judgement.summary).toMatch(
      /sends one certificate, signed by CN=Inter, and not that of its issuer/,
    );
  });

  it('may be a private root that signs by itself: then it is an info, and the summary says so', () => {
    const judgement = judged(alone('20 (unable to get local issuer certificate)'));
    expect(judgement.findings).toMatchObject([{ id: 'NT-TLS-003', severity: 'info' }]);
    expect(judgement.status).toBe('pass');
    expect(judgement.summary).toMatch(
      /It does not send that of the issuer \(CN=Inter\), which clients must then have already\.$/,
    );
  });

  it('is a chain that ends at a root of somebody: an info, and the summary says so', () => {
    const root = good
      .slice(good.indexOf('certificate 0'))
      .replace('certificate 0', 'certificate 1')
      .replace(/^(subject|issuer)=.*$/gm, '$1=CN=Corp Root CA');
    const judgement = judged(`${alone('19 (self-signed certificate in certificate chain)')}${root}`);
    expect(judgement.findings).toMatchObject([{ id: 'NT-TLS-003', severity: 'info' }]);
    expect(judgement.findings[0]?.summary).toMatch(
      /sends a chain that ends at CN=Corp Root CA, which is not among/,
    );
    expect(judgement.summary).toMatch(/does not know \(CN=Corp Root CA\)\.$/);
  });

  it.each([
    ['that is trusted', alone('0 (ok)', AIA)],
    ['that signed itself', good.replace(/^verify .*$/m, 'verify 18 (self-signed certificate)')],
    [
      'that is sent',
      `${alone('21 (x)', AIA)}${good.slice(good.indexOf('certificate 0')).replace('certificate 0', 'certificate 1')}`,
    ],
  ])('is not said of one %s', (_what, stdout) => {
    expect(judged(stdout).findings.filter(({ id }) => id === 'NT-TLS-003')).toEqual([]);
  });
});

describe('NT-TLS-002', () => {
  it('is a connection without a handshake', () => {
    const judgement = judged(recording('tls-plain-http').stdout);
    expect(named(judgement)).toEqual(['NT-TLS-002 critical']);
    expect(judgement.findings[0]?.summary).toMatch(
      /does not speak TLS on this port \(plain HTTP\?\), openssl says "wrong version number"\.$/,
    );
  });

  it('quotes nobody where nothing came', () => {
    const { findings } = judged('now 1\nconnected\nhandshake no answer within 6 s\n');
    expect(findings[0]?.summary).toMatch(/but it does not answer at all; [^"]*\.$/);
  });

  it("is none without a connection, which is another check's", () => {
    const judgement = judged(recording('tls-refused').stdout);
    expect(judgement).toMatchObject({ status: 'error', findings: [{ id: 'NT-SYS-001' }] });
    expect(judgement.summary).toContain('no connection (Connection refused)');
  });
});

describe('what could not be measured', () => {
  it('is skipped without openssl', () => {
    expect(judged(recording('tls-missing').stdout).status).toBe('skip');
  });

  it('never passes with no evidence', () => {
    const servers = [{ destination: destination(), sni: '', names: [] }];
    expect(judgeTls({}, { servers, starttls: '', expireDays: 14 }).status).toBe('skip');
  });
});

describe('formatTime', () => {
  it.each(['1970-01-01T00:00Z', '2000-02-29T23:59Z', '2026-11-24T09:20Z', '2099-12-31T12:00Z'])(
    '%s',
    (text) => {
      expect(formatTime(Date.parse(text) / 1000)).toBe(text);
    },
  );
});

describe('NT-TLS-005', () => {
  const signed = (...algorithms: readonly string[]): string =>
    good
      .replace(/^signature .*\n/gm, '')
      .replace(/^certificate 0$/m, `${algorithms.map((one) => `signature ${one}\n`).join('')}certificate 0`)
      .replace(/^issuer=.*$/m, 'issuer=CN=corp ca');

  it.each([
    'RSA-SHA1',
    'ecdsa-with-SHA1',
    'RSA-MD5',
    // openssl since 3.2, which the image has.
    'sha1WithRSAEncryption',
    'md5WithRSAEncryption',
  ])('%s', (algorithm) => {
    const judgement = judged(signed(algorithm));
    expect(named(judgement)).toContain('NT-TLS-005 critical');
    expect(judgement.summary).toContain(
      `its certificate is signed with ${algorithm}, which clients no longer accept`,
    );
  });

  it('is told of the certificates of the chain too', () => {
    const second = good.split(/^(?=certificate 0$)/m)[1]?.replace('certificate 0', 'certificate 1');
    const chain = `${signed('RSA-SHA256', 'RSA-SHA1')}${second?.replace(/^issuer=.*$/m, 'issuer=CN=x')}`;
    expect(judged(chain).summary).toContain('certificate of its chain is signed with RSA-SHA1');
  });

  it('is not told of a cross-signed authority that openssl does not need', () => {
    const second = good.split(/^(?=certificate 0$)/m)[1]?.replace('certificate 0', 'certificate 1');
    const crossed = `${signed('RSA-SHA256', 'RSA-SHA1')}${second?.replace(/^issuer=.*$/m, 'issuer=CN=x')}`;
    expect(named(judged(crossed.replace(/^verify .*$/m, 'verify 0 (ok)')))).not.toContain(
      'NT-TLS-005 critical',
    );
  });

  it('knows whose signature is whose where openssl has several words for one', () => {
    const second = good.split(/^(?=certificate 0$)/m)[1]?.replace('certificate 0', 'certificate 1');
    const two = `${signed('GOST R 34.11-2012 with GOST R 34.10-2012 (256 bit)', 'RSA-SHA1')}${second?.replace(/^issuer=.*$/m, 'issuer=CN=x')}`;
    expect(
      judged(two.replace(/^verify .*$/m, 'verify 20 (unable to get local issuer certificate)')).summary,
    ).toContain('certificate of its chain is signed with RSA-SHA1');
  });

  it.each([
    ['with SHA-256', signed('RSA-SHA256')],
    ['with SHA-256, as openssl 3.2 has it', signed('sha256WithRSAEncryption')],
    ['with SHA-512', signed('sha512WithRSAEncryption')],
    ['of which nothing is known', signed()],
    [
      'that signs itself',
      signed('RSA-SHA1').replace(
        /^issuer=.*$/m,
        /^subject=.*$/m.exec(good)?.[0].replace('subject', 'issuer') ?? '',
      ),
    ],
  ])('is silent of one %s', (_what, stdout) => {
    expect(named(judged(stdout))).not.toContain('NT-TLS-005 critical');
  });
});
