/** Throwaway certificates for TLS servers on loopback, made by the openssl command. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate, its key and their files, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * Makes a certificate that signs itself, so that it is also the authority that a client has to trust.
 * @param folder where its files are written
 * @param names subject alternative names such as `DNS:kubernetes`
 */
export function makeCertificate(folder: string, name: string, names: readonly string[]): Certificate {
  const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names.join(',')}`];
  execFileSync('openssl', ['req', '-x509', '-days', '1', ...key, ...subject, '-out', certFile], {
    stdio: 'ignore',
  });
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile };
}
