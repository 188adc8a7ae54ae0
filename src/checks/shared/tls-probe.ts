/** One handshake with a TLS server; checks share it, so that a diagnosis makes it once. Pure. */

import type { ProbeScripts } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { ProbeCommand } from '../../model/evidence.ts';
import { socketAddress } from '../../model/socket-address.ts';

/** The script's own limits are 6 s for a handshake, and 2 s for each of two more where that failed without an answer. */
const LIMIT_SECONDS = 11;

export interface TlsQuestion {
  /** The name to ask for (SNI); empty where none is known. */
  readonly sni: string;
  /** The certificate is compared with each. */
  readonly names: readonly string[];
  /** The protocol that openssl begins in plain text, as its -starttls has it; empty: TLS from the first byte. */
  readonly starttls: string;
  /** The protocols to offer by ALPN, as openssl has them: `h2,http/1.1`; empty: none. */
  readonly alpn: string;
  /** The certificates themselves are wanted as well. */
  readonly isWhole?: boolean;
}

export function tlsProbe(
  id: string,
  { host, port }: Pick<Destination, 'host' | 'port'>,
  { sni, names, starttls, alpn, isWhole = false }: TlsQuestion,
  scripts: ProbeScripts,
): ProbeCommand {
  return {
    id,
    argv: ['sh', '-c', scripts.tls, 'tls', host, port, starttls, sni, alpn, isWhole ? 'whole' : '', ...names],
    timeoutSeconds: LIMIT_SECONDS,
    display: [
      ...['openssl', 's_client', '-connect', socketAddress(host, port), '-showcerts'],
      ...(sni === '' ? [] : ['-servername', sni]),
      ...(starttls === '' ? [] : ['-starttls', starttls]),
      ...(alpn === '' ? [] : ['-alpn', alpn]),
    ],
  };
}
