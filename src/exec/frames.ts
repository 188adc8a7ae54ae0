/**
 * The frame codec of Kubernetes' remote-command protocol over WebSocket, sub-protocols
 * `v5.channel.k8s.io` and `v4.channel.k8s.io`: each binary message is one channel byte and a payload.
 * Sources: k8s.io/apimachinery/pkg/util/remotecommand/constants.go, KEP-4006 (v5: the close signal).
 * Pure: bytes in, bytes out.
 */

/** Half-close of stdin exists only in v5; both carry the exit code as a `Status` on channel 3. */
export const PROTOCOL_V5 = 'v5.channel.k8s.io';
export const PROTOCOL_V4 = 'v4.channel.k8s.io';

/** The channel byte that leads each message. */
export const Channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

/** Largest payload of one stdin message, in bytes: what kubectl's own copy loop sends. */
export const MAX_STDIN_PAYLOAD = 32 * 1024;

/** One decoded message of the server. */
export type ServerFrame =
  | { readonly channel: 'stdout' | 'stderr'; readonly data: Uint8Array }
  | { readonly channel: 'status'; readonly data: Uint8Array }
  | { readonly channel: 'unknown'; readonly byte: number };

/** Decodes one message. An empty message decodes to `undefined`: servers may send it as a keep-alive. */
export function decodeFrame(message: Uint8Array): ServerFrame | undefined {
  const byte = message[0];
  if (byte === undefined) return undefined;
  const data = message.subarray(1);
  if (byte === Channel.stdout) return { channel: 'stdout', data };
  if (byte === Channel.stderr) return { channel: 'stderr', data };
  if (byte === Channel.status) return { channel: 'status', data };
  return { channel: 'unknown', byte };
}

/** v5 only: tells the server that no more stdin will come. */
export function encodeStdinClose(): Uint8Array {
  return Uint8Array.of(Channel.close, Channel.stdin);
}

/** A terminal's new size in character cells. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Encodes a resize; the payload is client-go's `remotecommand.TerminalSize` as JSON. */
export function encodeResize(size: TerminalSize): Uint8Array {
  const json = new TextEncoder().encode(`{"Width":${size.columns},"Height":${size.rows}}`);
  const frame = new Uint8Array(json.length + 1);
  frame[0] = Channel.resize;
  frame.set(json, 1);
  return frame;
}

/** What the status channel said about the end of the remote process. */
export type ExecOutcome =
  | { readonly kind: 'exit'; readonly code: number }
  /** The process could not be started or awaited; `reason` and `message` are the kubelet's own words. */
  | { readonly kind: 'failure'; readonly reason: string; readonly message: string };

/** Reads the `Status` object of the status channel. Never throws: what it cannot read is a failure that quotes it. */
export function decodeStatus(data: Uint8Array): ExecOutcome {
  const text = new TextDecoder().decode(data);
  const status = parseObject(text);
  if (status === undefined) {
    return { kind: 'failure', reason: 'BadStatus', message: `unreadable exit status: ${text.slice(0, 200)}` };
  }
  if (status.status === 'Success') return { kind: 'exit', code: 0 };
  const code = status.reason === 'NonZeroExitCode' ? exitCode(status.details?.causes) : undefined;
  if (code !== undefined) return { kind: 'exit', code };
  return {
    kind: 'failure',
    reason: typeof status.reason === 'string' ? status.reason : 'Unknown',
    message: typeof status.message === 'string' ? status.message : 'the command ended without a reason',
  };
}

/** The fields of `metav1.Status` that matter here; any of them may have come as something else. */
interface StatusShape {
  readonly status?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly causes?: unknown } | null;
}

function parseObject(text: string): StatusShape | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The code as digits in the cause `ExitCode`. An empty text is no number: read as one, it would mean success. */
function exitCode(causes: unknown): number | undefined {
  if (!Array.isArray(causes)) return undefined;
  const cause = (causes as ({ reason?: unknown; message?: unknown } | null)[]).find(
    (c) => c?.reason === 'ExitCode',
  );
  return typeof cause?.message === 'string' && /^\d+$/.test(cause.message)
    ? Number(cause.message)
    : undefined;
}
