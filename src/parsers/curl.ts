/** Parses what curl writes with {@link CURL_FORMAT} or {@link HTTP_FORMAT}. Pure. */

const TIMES =
  '%{http_code} %{time_connect} %{time_appconnect} %{time_starttransfer} %{time_total} %{remote_ip}';

/** The `-w` argument; times in seconds, as curl has them. */
export const CURL_FORMAT = `${TIMES}\\n`;

/**
 * With where the answer leads to, on a line before; the header by which Linkerd's proxy says that an answer is its own
 * (linkerd/linkerd2#9387); on a line behind what the answer was like; and on another how long the connection may rest. A curl before 7.84 prints the words of headers
 * as they stand.
 */
export const HTTP_FORMAT = `%{redirect_url}\\n${TIMES} %header{l5d-proxy-error}\\n%{http_version} %{size_header} %{size_download} %header{server}\\n%header{keep-alive}\\n`;

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
  /** Where the answer leads to (its Location, made whole). */
  readonly redirect?: string;
  /** What a proxy of a mesh says of the answer, which is its own and none of a server. */
  readonly proxyError?: string;
  /** For how many seconds the server says that it keeps the connection at rest (Keep-Alive: timeout=5); absent: it does not say. */
  readonly keepAliveSeconds?: number;
  /** What the answer was like; absent where there was none, or it was not asked. */
  readonly shape?: AnswerShape;
}

/** By what answers of known programs are told, whose text is not kept. Sizes in bytes. */
export interface AnswerShape {
  /** `1.0`, `1.1`, `2` */
  readonly version: string;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** The header Server; empty where there is none. */
  readonly server: string;
}

/** Of a header, which can have any length. */
const MOST_CHARACTERS = 200;
const MOST_OF_URL = 2000;

/** `undefined` when there was no connection to time. */
export function parseCurl(stdout: string): HttpTiming | undefined {
  const lines = stdout.trim().split('\n');
  const at = lines.findIndex((line) => /^\d+ [\d.]+ /.test(line));
  const words = (lines[at] ?? '').trim().split(' ');
  const [status = NaN, connect = NaN, appConnect = NaN, firstByte = NaN, total = NaN] = words
    .slice(0, 5)
    .map(Number);
  const remote = /^[0-9a-f.:]{2,45}$/i.exec(words[5] ?? '')?.[0];
  const redirect = lines[at - 1]?.trim() ?? '';
  const said = words.slice(6).join(' ').trim().slice(0, MOST_CHARACTERS);
  if (![status, connect, appConnect, firstByte, total].every(Number.isFinite) || connect === 0)
    return undefined;
  return {
    status,
    connectMs: connect * 1000,
    readyMs: Math.max(connect, appConnect) * 1000,
    firstByteMs: status === 0 ? null : firstByte * 1000,
    totalMs: total * 1000,
    ...(remote === undefined ? {} : { remote }),
    ...(redirect === '' ? {} : { redirect: redirect.slice(0, MOST_OF_URL) }),
    ...(said === '' || said.startsWith('%header{') ? {} : { proxyError: said }),
    ...shapePart(lines[at + 1] ?? ''),
    ...keepAlivePart(lines[at + 2] ?? ''),
  };
}

function shapePart(line: string): Pick<HttpTiming, 'shape'> {
  // curl writes HTTP/1.0 as 1.
  const [, version, headerBytes, bodyBytes, server = ''] =
    /^([123](?:\.[01])?) (\d+) (\d+)(?: (.*))?$/.exec(line.trim()) ?? [];
  if (version === undefined || server.startsWith('%header{')) return {};
  return {
    shape: {
      version: version === '1' ? '1.0' : version,
      headerBytes: Number(headerBytes),
      bodyBytes: Number(bodyBytes),
      server: server.slice(0, MOST_CHARACTERS),
    },
  };
}

function keepAlivePart(line: string): Pick<HttpTiming, 'keepAliveSeconds'> {
  const seconds = /(?:^|[\s,;])timeout=(\d{1,9})/i.exec(line)?.[1];
  return seconds === undefined ? {} : { keepAliveSeconds: Number(seconds) };
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
