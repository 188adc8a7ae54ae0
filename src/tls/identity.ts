/**
 * Whether a certificate is for the server that was meant, where that is an address of IPv6.
 *
 * Node 22.23 puts what it checks through domainToASCII() first, which makes an empty text of such an address: every certificate
 * is "for other names" then, and no server is reached by one.
 */
import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** An option of tls.connect, as Node's own checkServerIdentity. @param host the name or the address that is expected */
export function checkIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  // Node asks by a regular expression that takes V8 4 ms to compile; no other host has a colon.
  if (!host.includes(':') || !isIPv6(host)) return checkServerIdentity(host, certificate);
  if (new X509Certificate(certificate.raw).checkIP(host) !== undefined) return undefined;
  const words = `IP: ${host} is not in the cert's list: ${certificate.subjectaltname ?? ''}`;
  return Object.assign(new Error(words), { code: 'ERR_TLS_CERT_ALTNAME_INVALID', host, cert: certificate });
}
