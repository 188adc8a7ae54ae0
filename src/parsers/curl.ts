/** Parses what curl writes with {@link CURL_FORMAT}. Pure. */

/** The `-w` argument; times in seconds, as curl has them. */
export const CURL_FORMAT =
  '%{http_code} %{time_connect} %{time_appconnect} %{time_starttransfer} %{time_total} %{remote_ip}\\n';

/** The timing of one HTTP request. Times in milliseconds from its start. */
export interface HttpTiming {
  /** 0: no answer came. */
  readonly status: number;
  readonly connectMs: number;
  /** The connection is ready to carry the request: after TLS, where there is TLS. */
  readonly readyMs: number;
  /** `null`: none came, to the end of the request. */
  readonly firstByteMs: number | null;
  readonly totalMs: number;
  /** Whom curl was connected to: of the addresses of a name the one that took it first. */
  readonly remote?: string;
}

/** `undefined` when there was no connection to time. */
export function parseCurl(stdout: string): HttpTiming | undefined {
  const words = stdout.trim().split(' ');
  const [status = NaN, connect = NaN, appConnect = NaN, firstByte = NaN, total = NaN] = words
    .slice(0, 5)
    .map(Number);
  const remote = /^[0-9a-f.:]{2,45}$/i.exec(words[5] ?? '')?.[0];
  if (![status, connect, appConnect, firstByte, total].every(Number.isFinite) || connect === 0)
    return undefined;
  return {
    status,
    connectMs: connect * 1000,
    readyMs: Math.max(connect, appConnect) * 1000,
    firstByteMs: status === 0 ? null : firstByte * 1000,
    totalMs: total * 1000,
    ...(remote === undefined ? {} : { remote }),
  };
}

/** How an answer ended that had begun. Bytes are those of its body. */
export type CutAnswer =
  | {
      /** By the time limit, with more announced than came. */
      readonly how: 'stalled';
      readonly received: number;
      readonly expected: number;
    }
  | { readonly how: 'closed' | 'reset' };

/** Of a known length, so that a stream that never ends is not taken for one that stalls. */
const STALLED = /timed out after \d+ milliseconds with (\d+) out of (\d+) bytes received/;

/**
 * What curl's exit code and message say of an answer whose status line came: CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT
 * and CURLE_RECV_ERROR. `undefined`: it was whole, or it is not known how it ended.
 */
export function parseCutAnswer(code: number, stderr: string): CutAnswer | undefined {
  if (code === 18) return { how: 'closed' };
  if (code === 56) return /reset by peer/i.test(stderr) ? { how: 'reset' } : undefined;
  const [, received, expected] = (code === 28 ? STALLED.exec(stderr) : undefined) ?? [];
  return received === undefined || expected === undefined
    ? undefined
    : { how: 'stalled', received: Number(received), expected: Number(expected) };
}
