/** Why a connection failed, as text. Pure. */
import { withoutFullStop } from './sentence.ts';

/** A text, or one that is made for what says whom to trust. */
type Words = string | ((trust: string) => string);

const unknownAuthority: Words = (trust) =>
  `its certificate is signed by an authority that ${trust} does not trust`;

const REASONS: Readonly<Record<string, Words>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is unreachable',
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name could not be resolved (the name server did not answer)',
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: (trust) => `its certificate is self-signed and not trusted by ${trust}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  CERT_SIGNATURE_FAILURE: unknownAuthority,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet (is the clock of this machine right?)',
  EPROTO: 'it does not speak TLS on that port',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on that port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS on that port',
  ERR_OSSL_PEM_NO_START_LINE: (trust) => `a certificate or key of ${trust} is not in PEM format`,
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the client certificate and the client key do not belong together',
};

/**
 * The part after "cannot reach …:"; an unknown error keeps its own message's first line.
 * @param trust what names the authorities that are trusted, for this connection
 */
export function networkReason(error: unknown, trust = 'the kubeconfig'): string {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { code, message, cert } = inner as NodeJS.ErrnoException & { cert?: { subjectaltname?: string } };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = cert?.subjectaltname ?? 'no name at all';
    return `its certificate is for other names (${names}); tls-server-name says which one to expect`;
  }
  const known = code === undefined ? undefined : REASONS[code];
  if (known !== undefined) return typeof known === 'string' ? known : known(trust);
  const [line = ''] = (message ?? String(inner)).split('\n');
  // The words of hpagent, which connects through proxies.
  if (line === 'Proxy timeout') return 'the proxy did not answer';
  const proxyStatus = /^Bad response: (\d+)$/.exec(line)?.[1];
  return proxyStatus === undefined ? withoutFullStop(line) : `the proxy answered HTTP ${proxyStatus}`;
}
