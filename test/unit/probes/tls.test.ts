import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseTls } from '../../../src/parsers/tls.ts';
import TLS from '../../../src/probes/tls.sh';
import { runToEnd, SHELLS } from '../shells.ts';

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
    const { stdout } = await runToEnd([...words, '-c', TLS, 'tls', '127.0.0.1', String(port), '', ''], '');
    expect(parseTls(stdout.toString())).toMatchObject({ isConnected: true, protocol: version });
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
    const [keyText, certText] = [key, cert].map((file) => readFileSync(file));
    server = createServer({ key: keyText, cert: certText, ca: certText, ...options });
    server.on('tlsClientError', () => undefined);
    server.on('secureConnection', (socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { stdout } = await runToEnd([...words, '-c', TLS, 'tls', '127.0.0.1', String(port), '', ''], '');
    const answer = parseTls(stdout.toString());
    expect(answer).toMatchObject({ isConnected: true });
    expect(answer, stdout.toString()).toEqual(
      isWanted
        ? expect.objectContaining({ wantsCertificate: expect.stringMatching(/alert/) })
        : expect.not.objectContaining({ wantsCertificate: expect.anything() }),
    );
  });
});
