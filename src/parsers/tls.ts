/** Parses the output of src/probes/tls.sh. Pure. */
import type { Reason } from '../model/reason.ts';

/** One certificate of a chain. Times in seconds since 1970, UTC. */
export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Alternative names without their kind: `example.com`, `192.0.2.1`. */
  readonly names: readonly string[];
  /** How its issuer has signed it, in openssl's words: `RSA-SHA256`, since 3.2 `sha256WithRSAEncryption`; absent: it does not say. */
  readonly signature?: string;
  /** Where its issuer's certificate is to be had (Authority Information Access); absent: it does not say. */
  readonly caIssuers?: string;
  /** The certificate itself; absent: it was not asked for. */
  readonly pem?: string;
}

/**
 * Why a handshake came to nothing: `not-tls` the port speaks something else, `no-name` the server does not know the name
 * that was asked for, `no-version` it takes no version of the client's, `refused` it refuses the rest of what the client
 * offers, `client-certificate` it wants one, `closed` it ends the connection, `no-answer` it says nothing.
 */
export type HandshakeFailure =
  | 'not-tls'
  | 'no-name'
  | 'no-version'
  | 'refused'
  | 'client-certificate'
  | 'closed'
  | 'no-answer';

/** What a TLS server presented. */
export interface TlsAnswer {
  /** The target's clock, in seconds since 1970, UTC. */
  readonly now: number;
  /** A TCP connection was made. */
  readonly isConnected: boolean;
  /** What openssl complained of, shortest words first; empty when there is a certificate. */
  readonly problems: readonly string[];
  /** What the complaints amount to; absent where there are none, or none that is known. */
  readonly failure?: HandshakeFailure;
  /** It failed, and succeeds where the client offers classical groups alone. */
  readonly takesSmallHello?: true;
  /** A certificate came, and the handshake failed after it; openssl's words. */
  readonly unfinished?: string;
  /** It asks for a certificate of its clients, whatever becomes of those that have none. */
  readonly asksCertificate?: true;
  readonly protocol: string | undefined;
  /**
   * What it takes of the protocols that were offered by ALPN; `none`: it does not say, `refused`: it ends a handshake with
   * such a list (RFC 7301, 3.2), and all else is of one without; absent: none were offered, or it is not known.
   */
  readonly alpn?: string;
  /** openssl's own verdict with the trust store of the image, such as `21 (unable to verify the first certificate)`. */
  readonly verified: string | undefined;
  /** It wants a certificate of its clients, and ended the connection of one without; openssl's words. */
  readonly wantsCertificate?: string;
  /** The server's own first. */
  readonly chain: readonly Certificate[];
  /** For each name that clients use, whether the server's certificate is for it. */
  readonly names: readonly { readonly name: string; readonly matches: boolean }[];
}

/** The first of them is the probe's own word, the others are openssl's; one may print several. */
const FAILURES: readonly (readonly [RegExp, HandshakeFailure])[] = [
  [/^no answer within \d+ s$/, 'no-answer'],
  [/wrong version number|packet length too long|record layer failure/, 'not-tls'],
  [/unrecognized name|alert unrecognized/, 'no-name'],
  [/protocol version|unsupported protocol|no protocols/, 'no-version'],
  [/handshake failure/, 'refused'],
  [/certificate required|bad certificate/, 'client-certificate'],
  [/unexpected eof|Connection reset|errno=104/, 'closed'],
];

/** A reason, or a text that is one: why there is nothing to read. */
export function parseTls(stdout: string): TlsAnswer | Reason | string {
  if (stdout.startsWith('no-openssl')) return { code: 'no-tool', text: 'openssl' };
  const now = Number(/^now (\d+)$/m.exec(stdout)?.[1] ?? Number.NaN);
  if (Number.isNaN(now)) return 'the TLS test did not start';
  const [head = '', ...certificates] = stdout.split(/^certificate \d+$/m);
  const signatures = [...head.matchAll(/^signature (.+)$/gm)].map(([, algorithm = '']) => algorithm);
  const problems = [...head.matchAll(/^handshake (.+)$/gm)].map(([, words = '']) => reasonOf(words));
  const failure = FAILURES.find(([pattern]) => problems.some((words) => pattern.test(words)))?.[1];
  return {
    now,
    isConnected: /^connected$/m.test(head),
    problems,
    ...(failure === undefined ? {} : { failure }),
    ...(/^small-hello$/m.test(head) ? { takesSmallHello: true } : {}),
    protocol: protocolOf(head),
    verified: /^verify (.+)$/m.exec(head)?.[1],
    ...alpnPart(head),
    ...unfinishedPart(head),
    ...(/^asks-certificate$/m.test(head) ? { asksCertificate: true } : {}),
    ...wantsPart(head),
    chain: certificates.flatMap((text, i) => certificate(text, signatures[i]) ?? []),
    names: [...stdout.matchAll(/^name (\S+) (match|mismatch)$/gm)].map(([, name = '', word]) => ({
      name,
      matches: word === 'match',
    })),
  };
}

function alpnPart(head: string): Pick<TlsAnswer, 'alpn'> {
  const alpn = /^alpn (\S+)$/m.exec(head)?.[1];
  return alpn === undefined ? {} : { alpn };
}

function unfinishedPart(head: string): Pick<TlsAnswer, 'unfinished'> {
  const words = /^unfinished (.+)$/m.exec(head)?.[1];
  return words === undefined ? {} : { unfinished: reasonOf(words) };
}

function wantsPart(head: string): Pick<TlsAnswer, 'wantsCertificate'> {
  const words = /^wants-certificate (.+)$/m.exec(head)?.[1];
  return words === undefined ? {} : { wantsCertificate: reasonOf(words) };
}

/**
 * openssl names the version twice: of the connection, and in "New, TLSv1.0, Cipher is …" the first one that has the
 * cipher, which is never higher. (SSLv3 sorts before TLSv1.)
 */
function protocolOf(head: string): string | undefined {
  return Array.from(head.matchAll(/^protocol (.+)$/gm), ([, version = '']) => version)
    .sort()
    .at(-1);
}

/** `40A7…:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:file:77:` → its fifth part. */
function reasonOf(words: string): string {
  const parts = words.split(':');
  const at = parts.indexOf('error');
  return (at < 0 ? words : parts[at + 4] || words).trim();
}

/** Of a name that somebody has made as long as a certificate may be. */
const MOST_CHARACTERS = 300;

function certificate(text: string, signature: string | undefined): Certificate | undefined {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}=\\s*(.*)$`, 'm').exec(text)?.[1]?.trim().slice(0, MOST_CHARACTERS);
  const notBefore = opensslTime(field('notBefore'));
  const notAfter = opensslTime(field('notAfter'));
  if (notBefore === undefined || notAfter === undefined) return undefined;
  const names = /^X509v3 Subject Alternative Name:.*\n\s*(.+)$/m.exec(text)?.[1] ?? '';
  const caIssuers = /^\s*CA Issuers - URI:(\S+)/m.exec(text)?.[1];
  const pem = /^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----$/m.exec(text)?.[0];
  return {
    subject: field('subject') ?? '',
    issuer: field('issuer') ?? '',
    notBefore,
    notAfter,
    names: [...names.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, name = '']) => name),
    ...(signature === undefined ? {} : { signature }),
    ...(caIssuers === undefined ? {} : { caIssuers }),
    ...(pem === undefined ? {} : { pem }),
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Nov 24 08:25:07 2026 GMT` in seconds since 1970. */
function opensslTime(text: string | undefined): number | undefined {
  const parts = /^(\w{3})\s+(\d+) (\d+):(\d+):(\d+) (\d+) GMT$/.exec(text ?? '');
  const month = MONTHS.indexOf(parts?.[1] ?? '');
  if (!parts || month < 0) return undefined;
  const [day, hours, minutes, seconds, year] = parts.slice(2).map(Number);
  const days = daysSince1970(year ?? 0, month + 1, day ?? 1);
  return ((days * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
}

/** In the Gregorian calendar, with a year that begins in March, so that the leap day is its last. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return y * 365 + leaps + dayOfYear - 719_468;
}
