/** Why a stream came to nothing: the server said no, or the connection is gone. */

/** The server refused the upgrade; `status` and `message` are the server's own. */
export class ExecRefusedError extends Error {
  override readonly name = 'ExecRefusedError';
  readonly status: number;
  readonly reason: string | undefined;
  constructor(status: number, reason: string | undefined, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** The connection could not be made, or broke before the remote command's exit status came. */
export class ExecLostError extends Error {
  override readonly name = 'ExecLostError';
  /** False when it never opened. */
  readonly opened: boolean;
  constructor(message: string, opened: boolean, cause?: unknown) {
    super(message, { cause });
    this.opened = opened;
  }
}

/** Reads a refused upgrade's body: a `Status` object, or whatever a proxy on the way put there. */
export function refusal(status: number, body: string): ExecRefusedError {
  try {
    const parsed = JSON.parse(body) as { message?: unknown; reason?: unknown };
    if (typeof parsed.message === 'string') {
      return new ExecRefusedError(
        status,
        typeof parsed.reason === 'string' ? parsed.reason : undefined,
        parsed.message,
      );
    }
  } catch {
    // Not JSON: quote its first line below.
  }
  const line = body
    .split('\n')
    .find((l) => l.trim() !== '')
    ?.trim()
    .slice(0, 200);
  return new ExecRefusedError(
    status,
    undefined,
    line ? `HTTP ${status}: ${line}` : `HTTP ${status} without a reason`,
  );
}

/** What the end of a connection says. 1006 is no code that came: nothing did (RFC 6455, 7.1.5). */
export function closeText(code: number, reason: string): string {
  if (code === 1006) {
    return "it was cut off without a word; the API server, the node's kubelet or a proxy on the way may have stopped or restarted";
  }
  return reason === '' ? `close code ${code}` : `close code ${code}: ${reason}`;
}
