/** What the Docker daemon, or the way to it, said no with. */
import { networkReason } from '../model/network-reason.ts';
import type { DockerHost } from './host.ts';

/** An HTTP error answer of the daemon; `message` is the daemon's own sentence. */
export class DockerApiError extends Error {
  override readonly name = 'DockerApiError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** No answer at all. `message` is one sentence that names the address, `hint` says what to do about it. */
export class DockerUnreachableError extends Error {
  override readonly name = 'DockerUnreachableError';
  readonly hint: string | undefined;
  constructor(message: string, options: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
  }
}

/** What to do where a daemon on TCP wants TLS. */
export const TLS_HINT =
  'Set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem.';

/** Turns a socket's error into a sentence. The original stays as the cause, for `-v`. */
export function unreachable(host: DockerHost, error: unknown): DockerUnreachableError {
  const { code } = error as NodeJS.ErrnoException;
  const place = `the Docker daemon at ${host.name}`;
  if (host.kind === 'socket') {
    if (code === 'ENOENT') {
      return new DockerUnreachableError(`cannot reach ${place}: the socket does not exist.`, {
        hint: host.isChosen
          ? `Its address comes from ${host.source}; is the daemon running?`
          : 'Start Docker, or name its address with DOCKER_HOST or a Docker context.',
        cause: error,
      });
    }
    if (code === 'EACCES' || code === 'EPERM') {
      return new DockerUnreachableError(`permission denied on the Docker daemon's socket ${host.path}.`, {
        hint: "Run as root, or as a member of the socket's group (often docker).",
        cause: error,
      });
    }
    if (code === 'ECONNREFUSED') {
      return new DockerUnreachableError(`cannot reach ${place}: nothing listens on the socket.`, {
        hint: 'Start Docker (or podman.socket).',
        cause: error,
      });
    }
  }
  return new DockerUnreachableError(`cannot reach ${place}: ${tlsReason(host, error)}.`, {
    hint: `The address comes from ${host.source}.`,
    cause: error,
  });
}

function tlsReason(host: DockerHost, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ECONNRESET' && host.kind === 'tcp' && host.tls === undefined) {
    return 'it closed the connection (does it expect TLS? DOCKER_TLS_VERIFY=1 switches it on)';
  }
  if (/alert (certificate required|bad certificate|unknown ca)/.test(message ?? '')) {
    return "it does not accept the client's certificate";
  }
  return networkReason(error, "Docker's ca.pem");
}
