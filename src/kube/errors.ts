/** What the API server, or the way to it, said no with. */

/** An HTTP error answer of the API server; `message` is the server's own sentence. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** The machine-readable reason, such as `NotFound` or `Forbidden`. */
  readonly reason: string | undefined;
  constructor(status: number, reason: string | undefined, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** No answer at all: name resolution, connection, TLS or proxy. `message` is one sentence that names the server. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** Turns a socket's error into a sentence. The original stays as the cause, for `-v`. */
export function unreachable(server: URL, error: unknown): UnreachableError {
  return new UnreachableError(`cannot reach the API server at ${server.origin}: ${networkReason(error)}.`, {
    cause: error,
  });
}

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
  CERT_HAS_EXPIRED: 'its certificate has expired',
  EPROTO: 'it does not speak TLS on that port',
};

/** The part after "cannot reach …:"; an unknown error keeps its own message's first line. */
export function networkReason(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  const { code, message } = inner as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : REASONS[code];
  const [line = ''] = (message ?? String(inner)).split('\n');
  return known ?? line.replace(/\.$/, '');
}
