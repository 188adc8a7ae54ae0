/** Why a connection failed, as text. Pure. */

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is unreachable',
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name could not be resolved (the name server did not answer)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that the kubeconfig does not trust',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and not trusted by the kubeconfig',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is signed by an authority that the kubeconfig does not trust',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is signed by an authority that the kubeconfig does not trust',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is signed by an authority that the kubeconfig does not trust',
  CERT_SIGNATURE_FAILURE: 'its certificate is signed by an authority that the kubeconfig does not trust',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet (is the clock of this machine right?)',
  EPROTO: 'it does not speak TLS on that port',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on that port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS on that port',
  ERR_OSSL_PEM_NO_START_LINE: 'a certificate or key of the kubeconfig is not in PEM format',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'the client certificate and the client key do not belong together',
};

/** The part after "cannot reach …:"; an unknown error keeps its own message's first line. */
export function networkReason(error: unknown): string {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { code, message, cert } = inner as NodeJS.ErrnoException & { cert?: { subjectaltname?: string } };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = cert?.subjectaltname ?? 'no name at all';
    return `its certificate is for other names (${names}); tls-server-name says which one to expect`;
  }
  const known = code === undefined ? undefined : REASONS[code];
  if (known !== undefined) return known;
  const [line = ''] = (message ?? String(inner)).split('\n');
  // The words of hpagent, which connects through proxies.
  if (line === 'Proxy timeout') return 'the proxy did not answer';
  const proxyStatus = /^Bad response: (\d+)$/.exec(line)?.[1];
  return proxyStatus === undefined ? line.replace(/\.$/, '') : `the proxy answered HTTP ${proxyStatus}`;
}
