/** Parses the output of src/probes/http2.bash. Pure. */

/** How a server answers a client that begins HTTP/2 without TLS. */
export interface Http2Answer {
  /** `http1`: by an answer of HTTP/1; `other`: by other bytes, as those of HTTP/2 are. */
  readonly outcome: 'http1' | 'other' | 'closed' | 'silent';
  /** `HTTP/1.1 400 Bad Request` */
  readonly line?: string;
}

/** A text: why it is not known. */
export function parseHttp2(stdout: string): Http2Answer | string {
  if (!/^connected$/m.test(stdout)) return 'no connection';
  const [, word, line] = /^(http1|other|closed|silent)(?: (.+))?$/m.exec(stdout) ?? [];
  if (word === undefined) return 'the test of HTTP/2 did not come to its end';
  const outcome = word as Http2Answer['outcome'];
  return line === undefined ? { outcome } : { outcome, line };
}
