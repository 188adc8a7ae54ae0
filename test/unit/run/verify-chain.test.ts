/** Chains as Go's crypto/x509 verifies them, with certificates that openssl makes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseVerifiedChain } from '../../../src/parsers/verified-chain.ts';
import { verifiedChains } from '../../../src/run/verified-chains.ts';
import { verifyChain } from '../../../src/run/verify-chain.ts';

const DAY = 86_400;
/** The certificates are made after this line. */
const now = Math.floor(Date.now() / 1000) + 60;
const folder = mkdtempSync(join(tmpdir(), 'nettools-chain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string) => join(folder, name);
const pem = (name: string) => readFileSync(file(`${name}.crt`), 'utf8');
const openssl = (...argv: readonly string[]) =>
  execFileSync('openssl', argv, { stdio: 'ignore', cwd: folder });
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** One that signs itself. */
function root(name: string, subject: string, ...more: readonly string[]): void {
  openssl(
    'req',
    '-x509',
    ...KEY,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.crt`,
    '-subj',
    subject,
    '-days',
    '90',
    ...more,
  );
}

/** One that another signs; without extensions it is of version 1. */
function signed(name: string, by: string, extensions = '', subject = `/CN=${name}`): void {
  openssl('req', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
  writeFileSync(file(`${name}.ext`), extensions);
  const ext = extensions === '' ? [] : ['-extfile', `${name}.ext`];
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${by}.crt`,
    '-CAkey',
    `${by}.key`,
    '-days',
    '90',
    '-out',
    `${name}.crt`,
    ...ext,
  );
}

const HOOK = 'subjectAltName=DNS:hook.shop.svc';

beforeAll(() => {
  for (const name of ['old', 'new']) root(name, '/CN=hook ca');
  root('other', '/CN=other ca');
  signed('leaf', 'new', HOOK);
  signed('inter', 'new', 'basicConstraints=critical,CA:true');
  signed('under', 'inter', HOOK);
  signed('plain', 'new', 'basicConstraints=CA:false');
  signed('under-plain', 'plain', HOOK);
  signed('client', 'new', `${HOOK}\nextendedKeyUsage=clientAuth`);
  root('own', '/CN=own', '-addext', HOOK, '-addext', 'basicConstraints=critical,CA:false');
  root('own-again', '/CN=own', '-addext', HOOK, '-addext', 'basicConstraints=critical,CA:false');
  // The same key with another identifier, as of an authority that a newer program renewed.
  openssl(
    'req',
    '-x509',
    '-key',
    'new.key',
    '-out',
    'renewed.crt',
    '-subj',
    '/CN=hook ca',
    '-days',
    '90',
    '-addext',
    'subjectKeyIdentifier=01:02:03:04',
  );
  // What "openssl x509 -req -signkey" makes.
  openssl('req', ...KEY, '-keyout', 'v1.key', '-out', 'v1.csr', '-subj', '/CN=v1');
  openssl('x509', '-req', '-in', 'v1.csr', '-signkey', 'v1.key', '-days', '90', '-out', 'v1.crt');
  signed('under-v1', 'v1', HOOK);
}, 60_000);

const said = (served: readonly string[], bundle: readonly string[], at = now) =>
  verifyChain({ id: 'x', chain: served.map(pem), authorities: bundle.map(pem).join(''), at });

describe('a chain is trusted', () => {
  it.each([
    ['by who signed it', ['leaf'], ['new']],
    ['by the new one of two of one name, whichever is first', ['leaf'], ['old', 'new']],
    ['by the same in the other order', ['leaf'], ['new', 'old']],
    ['by way of what is served', ['under', 'inter'], ['new']],
    ['by an intermediate authority that is not served', ['under'], ['inter']],
    ['by itself, which is no authority', ['own'], ['own']],
    ['by its own certificate, whoever signed it', ['leaf'], ['leaf']],
    ['by one of the same key with another key identifier', ['leaf'], ['renewed']],
    ['by one of version 1, which cannot say that it is an authority', ['under-v1'], ['v1']],
  ])('%s', (_title, served, bundle) => {
    expect(said(served, bundle)).toEqual(['trusted']);
  });

  it('whatever else is in the bundle', () => {
    const authorities = `# a comment\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${pem('new')}`;
    expect(verifyChain({ id: 'x', chain: [pem('leaf')], authorities, at: now })).toEqual(['trusted']);
  });
});

describe('a chain is not trusted', () => {
  it.each([
    ['by one of the same name', ['leaf'], ['old'], 'other-key', 'CN=hook ca'],
    ['by a self-signed one that was made anew', ['own'], ['own-again'], 'other-key', 'CN=own'],
    ['by somebody else', ['leaf'], ['other'], 'other', 'CN=other ca'],
    ['by who signed what is not served', ['under'], ['new'], 'other', 'CN=hook ca'],
    ['by who may sign nothing', ['under-plain'], ['plain'], 'no-authority', 'CN=plain'],
  ])('%s', (_title, served, bundle, relation, name) => {
    const verified = parseVerifiedChain(`${said(served, bundle).join('\n')}\n`);
    expect(verified).toMatchObject({ verdict: 'untrusted', bundle: [{ relation, name }] });
  });

  it('by way of what may sign nothing', () => {
    expect(said(['under-plain', 'plain'], ['new'])[0]).toBe('untrusted');
  });

  it.each([
    ['expired', now + 91 * DAY],
    ['early', now - DAY],
  ])('by an authority that is %s', (relation, at) => {
    expect(said(['leaf'], ['new'], at)[1]).toMatch(new RegExp(`^${relation} \\S+Z CN=hook ca$`));
  });

  it('as a client', () => {
    expect(said(['client'], ['new'])).toEqual(['not-for-servers']);
  });

  it('by what has no certificate', () => {
    expect(verifyChain({ id: 'x', chain: [pem('leaf')], authorities: '\n', at: now })).toEqual([
      'no-certificate',
    ]);
  });

  it('by the authorities that every machine has', () => {
    expect(verifyChain({ id: 'x', chain: [pem('leaf')], at: now })).toEqual(['untrusted']);
  });

  it('and tells first of what has to do with it', () => {
    expect(said(['leaf'], ['other', 'old'])[1]).toMatch(/^other-key /);
  });
});

it('says that it cannot read what is no certificate', () => {
  expect(verifyChain({ id: 'x', chain: ['no'], authorities: pem('new'), at: now })).toEqual(['unreadable']);
});

it('gives evidence, without the certificates', async () => {
  const question = { id: 'to0-chain0', chain: [pem('leaf')], authorities: pem('old'), at: now };
  const evidence = await verifiedChains([question]);
  expect(evidence['to0-chain0']).toMatchObject({ id: 'to0-chain0', status: 'exited', code: 0 });
  expect(JSON.stringify(evidence)).not.toContain('BEGIN');
  expect(await verifiedChains([])).toEqual({});
});
