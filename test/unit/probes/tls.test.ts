import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseTls } from '../../../src/parsers/tls.ts';
import TLS from '../../../src/probes/tls.sh';
import { runToEnd, SHELLS } from '../shells.ts';

/** The real one, whatever is first on PATH. */
const SLEEP = '/bin/sleep';

describe.each(SHELLS.filter((s) => s.available))('tls.sh in $name', ({ words }) => {
  let folder: string;
  let server: Server | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nettools-test-'));
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  });

  // With an RSA key: the ciphers that exist since TLS 1.0 are for these.
  it.each([
    ['ECDHE-RSA-AES128-SHA', 'TLSv1.2'],
    ['AES128-SHA', 'TLSv1.2'],
    ['ECDHE-RSA-AES128-GCM-SHA256', 'TLSv1.2'],
    [undefined, 'TLSv1.3'],
  ] as const)('tells the version of the connection, whatever cipher it has: %s', async (ciphers, version) => {
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    const subject = ['-subj', '/CN=localhost', '-days', '1'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, ...subject, '-out', cert],
      { stdio: 'ignore' },
    );
    const [keyText, certText] = [key, cert].map((file) => readFileSync(file));
    server = createServer({
      key: keyText,
      cert: certText,
      ...(ciphers === undefined ? {} : { ciphers, maxVersion: 'TLSv1.2' }),
    });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { stdout } = await runToEnd(
      [...words, '-c', TLS, 'tls', '127.0.0.1', String(port), '', '', '', 'whole'],
      '',
    );
    expect(parseTls(stdout.toString())).toMatchObject({
      isConnected: true,
      protocol: version,
      chain: [{ pem: certText?.toString().trim() }],
    });
  });

  // What s_client of OpenSSL 3.0 says of alerts by which servers turn a client without a certificate away.
  it.each(['certificate unknown', 'access denied', 'no certificate', 'bad certificate'])(
    'takes the alert "%s" for the certificate that is missing',
    async (alert) => {
      const error = `40B7:error:0A000416:SSL routines:ssl3_read_bytes:sslv3 alert ${alert}:rec_layer_s3.c:1605:SSL alert number 46`;
      const said = `CONNECTED(00000003)\n-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\nClient Certificate Types: RSA sign\n${error}\nNew, (NONE), Cipher is (NONE)\n    Protocol  : TLSv1.2\n`;
      writeFileSync(join(folder, 'said'), said);
      const lines = '#!/bin/sh\n[ "$1" = s_client ] && exec cat "$(dirname "$0")/said"\n';
      writeFileSync(join(folder, 'openssl'), lines, { mode: 0o755 });
      const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
      const { stdout } = await runToEnd(
        [...words, '-c', TLS, 'tls', '192.0.2.9', '443', '', '', '', ''],
        '',
        {
          env,
        },
      );
      expect(stdout.toString()).toContain('\nasks-certificate\n');
      expect(stdout.toString()).toMatch(new RegExp(`^wants-certificate .*${alert}`, 'm'));
    },
  );

  it.each([
    ['the large hello fails each time', '[ "$large" = 0 ]', true],
    ['the large hello failed once', '[ "$large" = 0 ] || [ "$(wc -l <"$calls")" -ge 3 ]', false],
    ['the small hello fails too', 'false', false],
  ])('tells of the size of the hello where %s', async (_why, condition, isTold) => {
    // A server in the place of openssl, which takes what the condition says.
    const lines = `#!/bin/sh
calls=$(dirname "$0")/calls large=1
[ "$1" = list ] && { echo X25519MLKEM768:X25519; exit; }
[ "$1" = s_client ] || exit 1
case "$*" in *-groups*) large=0 ;; esac
echo "$*" >>"$calls"
echo 'CONNECTED(00000003)'
if ${condition}; then printf '%s\n' '-----BEGIN CERTIFICATE-----' AA== '-----END CERTIFICATE-----'; else echo write:errno=104; fi
`;
    writeFileSync(join(folder, 'openssl'), lines, { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const { stdout } = await runToEnd([...words, '-c', TLS, 'tls', '192.0.2.9', '443', '', '', '', ''], '', {
      env,
    });
    expect(parseTls(stdout.toString())).toMatchObject({ isConnected: true, failure: expect.anything() });
    expect(/^small-hello$/m.test(stdout.toString())).toBe(isTold);
  });

  it.each([
    [{ requestCert: true, rejectUnauthorized: true }, true],
    [{ requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' }, true],
    [{ requestCert: true, rejectUnauthorized: false }, false],
    [{}, false],
  ] as const)('hears that a server wants a certificate of its clients: %j', async (options, isWanted) => {
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    const subject = ['-subj', '/CN=localhost', '-days', '1'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, ...subject, '-out', cert],
      { stdio: 'ignore' },
    );
    // The word of the server ends it, and no time limit does: it would be longer than the test's here.
    for (const [name, rest] of [
      ['sleep', ''],
      ['timeout', 'shift; exec "$@"'],
    ]) {
      writeFileSync(join(folder, name ?? ''), `#!/bin/sh\n${rest || `exec ${SLEEP} 100`}\n`, { mode: 0o755 });
    }
    const [keyText, certText] = [key, cert].map((file) => readFileSync(file));
    server = createServer({ key: keyText, cert: certText, ca: certText, ...options });
    server.on('tlsClientError', () => undefined);
    server.on('secureConnection', (socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const argv = [...words, '-c', TLS, 'tls', '127.0.0.1', String(port), '', '', '', ''];
    const { stdout } = await runToEnd(argv, '', { env });
    const answer = parseTls(stdout.toString());
    expect(answer).toMatchObject({ isConnected: true });
    expect(answer, stdout.toString()).toEqual(
      isWanted
        ? expect.objectContaining({ wantsCertificate: expect.stringMatching(/alert/) })
        : expect.not.objectContaining({ wantsCertificate: expect.anything() }),
    );
  });

  it.each([
    ['h2,http/1.1', ['h2', 'http/1.1'], 'h2'],
    ['h2,http/1.1', ['http/1.1'], 'http/1.1'],
    ['h2', ['h2', 'http/1.1'], 'h2'],
    // Node's server ends a handshake that offers none of its own.
    ['h2', ['http/1.1'], 'refused'],
    ['h2,http/1.1', undefined, 'none'],
    ['', ['h2'], undefined],
  ] as const)('tells what becomes of an offer of %s to a server of %j', async (offer, own, taken) => {
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    const subject = ['-subj', '/CN=localhost', '-days', '1'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, ...subject, '-out', cert],
      { stdio: 'ignore' },
    );
    const [keyText, certText] = [key, cert].map((file) => readFileSync(file));
    server = createServer({
      key: keyText,
      cert: certText,
      ...(own === undefined ? {} : { ALPNProtocols: [...own] }),
    });
    server.on('tlsClientError', () => undefined);
    server.on('secureConnection', (socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const argv = [...words, '-c', TLS, 'tls', '127.0.0.1', String(port), '', '', offer, '', 'localhost'];
    const answer = parseTls((await runToEnd(argv, '')).stdout.toString());
    expect(answer).toMatchObject({
      isConnected: true,
      protocol: 'TLSv1.3',
      names: [{ name: 'localhost', matches: true }],
    });
    expect(answer).toEqual(
      taken === undefined
        ? expect.not.objectContaining({ alpn: expect.anything() })
        : expect.objectContaining({ alpn: taken }),
    );
  });
});
