/**
 * Which roots a TLS connection trusts that names none itself.
 *
 * Node parses its own 145 roots, and those of NODE_EXTRA_CA_CERTS, as soon as node:tls is loaded, in a thread that the first
 * connection waits for: 9 ms of CPU, 14 with the roots of a Debian in that variable. Most clusters name an authority of
 * their own, for which none of them is looked at. So the binary runs with --use-openssl-ca (scripts/build/executable.ts),
 * with which that thread is not started, and who connects says here whether Node's roots are needed.
 */
import { getCACertificates, rootCertificates, setDefaultCACertificates } from 'node:tls';

let chosen: 'none' | 'all' | undefined;

/**
 * To be called before each connection by TLS.
 * @param areNeeded whether something of it may be verified by roots that it does not name itself. Once true for one connection of a
 * process, it stays so for all.
 */
export function trustNodesRoots(areNeeded: boolean): void {
  const wanted = areNeeded || chosen === 'all' ? 'all' : 'none';
  if (wanted === chosen) return;
  chosen = wanted;
  // An empty list is taken as it is; without it OpenSSL's own would be read, and those of NODE_EXTRA_CA_CERTS.
  setDefaultCACertificates(wanted === 'all' ? [...rootCertificates, ...getCACertificates('extra')] : []);
}
