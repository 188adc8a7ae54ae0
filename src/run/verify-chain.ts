/**
 * Whether a program of Go trusts a chain, as the API server does: the rules of crypto/x509 (Certificate.Verify), which are
 * not openssl's. An authority is found by its name and the signature alone, whatever key identifiers say; any certificate
 * of the bundle ends a chain, an intermediate one or the server's own too. Names, the times of the server's own
 * certificate, constraints of names and of length are not looked at here.
 */
import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { ChainQuestion } from '../model/chain.ts';
import type { BundleCertificate } from '../parsers/verified-chain.ts';
import { type DerFields, derFields } from './der-fields.ts';

/** As crypto/x509 (maxChainSignatureChecks). */
const MOST_SIGNATURES = 100;
/** openssl sends no more of one server (max_cert_list), and nobody's chain is as long. */
const MOST_SERVED = 10;
/** A bundle of public authorities has 150; more are not told than fit a report. */
const MOST_TOLD = 6;

/** Extended key usage (RFC 5280, 4.2.1.12): of TLS servers, and any. */
const SERVER_USAGES: readonly string[] = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];

interface Certificate extends DerFields {
  readonly x509: X509Certificate;
}

type Relation = BundleCertificate['relation'];

/**
 * @returns lines for src/parsers/verified-chain.ts: `trusted`, `untrusted`, `not-for-servers` (the server's own), `no-certificate` (in
 *   the bundle) or `unreadable`, then who is in the bundle
 */
export function verifyChain({ chain, authorities, at }: ChainQuestion): readonly string[] {
  const roots = certificatesIn(authorities ?? rootCertificates.join('\n'));
  if (roots.length === 0) return ['no-certificate'];
  const [leaf, ...intermediates] = chain.slice(0, MOST_SERVED).map(certificateOf);
  if (leaf === undefined || intermediates.includes(undefined)) return ['unreadable'];
  const served = intermediates.flatMap((one) => one ?? []);
  if (!isForServers(leaf)) return ['not-for-servers'];
  if (roots.some(({ x509 }) => x509.raw.equals(leaf.x509.raw))) return ['trusted'];
  const search = new Search(roots, served, at);
  if (search.isTrusted([leaf])) return ['trusted'];
  if (search.isOver) return ['unreadable'];
  if (authorities === undefined) return ['untrusted'];
  return ['untrusted', ...[...roots].sort(search.byRelation).slice(0, MOST_TOLD).map(search.told)];
}

class Search {
  readonly #roots: readonly Certificate[];
  readonly #served: readonly Certificate[];
  readonly #at: number;
  readonly #relations = new Map<Certificate, Relation>();
  #signatures = 0;

  constructor(roots: readonly Certificate[], served: readonly Certificate[], at: number) {
    this.#roots = roots;
    this.#served = served;
    this.#at = at;
  }

  /** There were more ways than anybody tries. */
  get isOver(): boolean {
    return this.#signatures > MOST_SIGNATURES;
  }

  isTrusted(way: readonly Certificate[]): boolean {
    const child = way.at(-1);
    if (child === undefined) return false;
    const isNext = (one: Certificate): boolean =>
      one.subject.equals(child.issuer) && !way.some(({ x509 }) => x509.raw.equals(one.x509.raw));
    return (
      this.#roots.filter(isNext).some((root) => this.#vouches(root, child)) ||
      this.#served
        .filter(isNext)
        .some((one) => this.#relation(one, child) === undefined && this.isTrusted([...way, one]))
    );
  }

  #vouches(root: Certificate, child: Certificate): boolean {
    const relation = this.#relation(root, child);
    if (relation !== undefined) this.#relations.set(root, relation);
    return relation === undefined;
  }

  /** `undefined`: it is its authority, and valid. */
  #relation(parent: Certificate, child: Certificate): Relation | undefined {
    this.#signatures += 1;
    if (this.isOver || !isSignedBy(child, parent)) return 'other-key';
    const { x509, version } = parent;
    // One of version 1 has no extensions that could say so.
    if (version !== 1 && !x509.ca) return 'no-authority';
    if (this.#at > seconds(x509.validTo)) return 'expired';
    if (this.#at < seconds(x509.validFrom)) return 'early';
    return isForServers(parent) ? undefined : 'other-use';
  }

  /** What explains most is told first. */
  readonly byRelation = (a: Certificate, b: Certificate): number =>
    Number(this.#relations.has(b)) - Number(this.#relations.has(a));

  /** `other-key 2027-01-01T00:00:00Z CN=old ca` */
  readonly told = (one: Certificate): string =>
    `${this.#relations.get(one) ?? 'other'} ${new Date(seconds(one.x509.validTo) * 1000).toISOString()} ${nameOf(one)}`;
}

/** One that names no use is for any. */
function isForServers({ x509 }: Certificate): boolean {
  const usages: readonly string[] | undefined = x509.keyUsage;
  return usages?.some((one) => SERVER_USAGES.includes(one)) !== false;
}

/** A key of a kind that is not known here signs nothing that anybody could verify. */
function isSignedBy(child: Certificate, parent: Certificate): boolean {
  try {
    return child.x509.verify(parent.x509.publicKey);
  } catch {
    return false;
  }
}

function seconds(time: string): number {
  return Date.parse(time) / 1000;
}

/** In one line, the way that openssl writes it (RFC 2253), and no longer than a report has room for. */
function nameOf({ x509 }: Certificate): string {
  return (x509.subject ?? '').split('\n').reverse().join(',').slice(0, 200) || '(no name)';
}

/** As Go's AppendCertsFromPEM: what is no certificate is passed over. */
function certificatesIn(text: string): Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => certificateOf(block) ?? []);
}

function certificateOf(pem: string): Certificate | undefined {
  try {
    const x509 = new X509Certificate(pem);
    return { x509, ...derFields(x509.raw) };
  } catch {
    return undefined;
  }
}
