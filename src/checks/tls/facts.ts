/** What the tls check knows once its evidence is parsed; the rules judge this and nothing else. Pure. */
import type { Destination } from '../../model/destination.ts';
import type { ProbeResult } from '../../model/evidence.ts';
import type { Certificate, TlsAnswer } from '../../parsers/tls.ts';
import type { VerifiedChain } from '../../parsers/verified-chain.ts';
import type { Measured } from '../shared/measured.ts';
import type { SmallSegments } from '../shared/small-segments.ts';
import type { MaybeUnread } from '../shared/unread.ts';

/** A server, and what it is called. */
export interface TlsServer {
  readonly destination: Destination;
  /** The name to ask for (SNI); empty where none is known. */
  readonly sni: string;
  /** The certificate has to be for one of these; none: any name will do. */
  readonly names: readonly string[];
  /** By what it is known that clients speak HTTP/2 to it: `port 443 of Service shop/api is called grpc`; absent: it is not. */
  readonly http2?: string;
  /** Of the API server's own configurations, those that lead to it; absent: none is known. */
  readonly callers?: readonly Caller[];
}

/** An object by which the API server calls a Service, under the name `NAME.NAMESPACE.svc`. */
export interface Caller {
  /** Such as `ValidatingWebhookConfiguration`. */
  readonly kind: string;
  readonly name: string;
  /** The one of the object's webhooks; absent: the object is no list of them. */
  readonly webhook?: string;
  /** What it cannot call is passed over. */
  readonly isIgnored?: true;
  /** Its caBundle, decoded; absent: it has none, and the authorities of the API server's machine count. */
  readonly bundle?: string;
  /** Who is told by an annotation to fill the caBundle in. */
  readonly injector?: 'cert-manager' | 'OpenShift';
}

/** What the check gets before it runs; plain JSON. */
export interface TlsInput extends MaybeUnread {
  readonly servers: readonly TlsServer[];
  /** The protocol that openssl begins in plain text, as its -starttls has it; empty: TLS from the first byte. */
  readonly starttls: string;
  /** A certificate that expires within so many days is worth telling. */
  readonly expireDays: number;
}

/** One server's answer. */
export interface TlsPath {
  readonly server: TlsServer;
  readonly answer: Measured<TlsAnswer>;
  readonly result: ProbeResult | undefined;
  /** What became of a handshake without an answer in smaller segments; absent: there was none, or it was not asked again. */
  readonly small?: SmallSegments;
  /** Of each of the server's callers, whether its caBundle leads to what the server presented; empty: nothing was presented. */
  readonly verified: readonly VerifiedCaller[];
}

export interface VerifiedCaller {
  readonly caller: Caller;
  readonly chain: Measured<VerifiedChain>;
  readonly result: ProbeResult | undefined;
}

export interface TlsFacts {
  readonly paths: readonly TlsPath[];
  readonly expireDays: number;
}

/** openssl found a way to an authority that it trusts, on which all is valid: what else the chain has, clients need not look at. */
export function isTrusted({ verified = '' }: Pick<TlsAnswer, 'verified'>): boolean {
  return verified.startsWith('0 ');
}

/** openssl's verify errors for an issuer that was neither sent nor is trusted. */
const NO_ISSUER = /^2[01] /;

/** The server's certificate, where it sends no other and its issuer's would be needed. */
export function issuerNotSent({ answer: { value } }: TlsPath): Certificate | undefined {
  const [leaf, ...others] = value?.chain ?? [];
  const isAlone = leaf !== undefined && others.length === 0 && leaf.subject !== leaf.issuer;
  return isAlone && NO_ISSUER.test(value?.verified ?? '') ? leaf : undefined;
}

/** openssl's verify errors for a chain that ends at an authority that nobody vouches for. */
const UNKNOWN_ROOT = /^(2|19|20) /;

/** The authority at the end of a chain of more than one certificate, where the image does not know it. */
export function unknownAuthority({ answer: { value } }: TlsPath): string | undefined {
  const chain = value?.chain ?? [];
  return chain.length > 1 && UNKNOWN_ROOT.test(value?.verified ?? '') ? chain.at(-1)?.issuer : undefined;
}

const DAY = 86_400;

/** A span in days as people write it. @param seconds not negative */
export function formatDays(seconds: number): string {
  if (seconds < DAY) return `${Math.floor(seconds / 3600)} h`;
  const days = Math.floor(seconds / DAY);
  return days === 1 ? '1 day' : `${days} days`;
}

/** A moment as RFC 3339 has it, to the minute. @param time seconds since 1970 */
export function formatTime(time: number): string {
  const days = Math.floor(time / DAY);
  // The days of an era of 400 years are always as many; years begin in March.
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const inEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365,
  );
  const dayOfYear = inEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const seconds = time - days * DAY;
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
  return `${year}-${two(month)}-${two(day)}T${two(seconds / 3600)}:${two((seconds % 3600) / 60)}Z`;
}
