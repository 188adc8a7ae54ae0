/** Parses what curl writes with {@link CURL_FORMAT}. Pure. */

/** The `-w` argument; times in seconds, as curl has them. */
export const CURL_FORMAT =
  '%{http_code} %{time_connect} %{time_appconnect} %{time_starttransfer} %{num_connects}\\n';

/** The timing of one HTTP request. Times in milliseconds from its start. */
export interface HttpTiming {
  readonly status: number;
  readonly connectMs: number;
  /** The connection is ready to carry the request: after TLS, where there is TLS. */
  readonly readyMs: number;
  readonly firstByteMs: number;
}

/** `undefined` when there was no answer to time. */
export function parseCurl(stdout: string): HttpTiming | undefined {
  const [status = NaN, connect = NaN, appConnect = NaN, firstByte = NaN] = stdout
    .trim()
    .split(' ')
    .map(Number);
  if (!Number.isFinite(firstByte) || status === 0) return undefined;
  return {
    status,
    connectMs: connect * 1000,
    readyMs: Math.max(connect, appConnect) * 1000,
    firstByteMs: firstByte * 1000,
  };
}
