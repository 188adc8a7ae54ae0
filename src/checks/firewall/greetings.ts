/** Servers that speak before their client does: how long their first bytes take, through a proxy and past it. Pure. */
import type { ProbeScripts } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { Evidence, ProbeCommand, ProbeResult } from '../../model/evidence.ts';
import { type Greeting, parseGreeting } from '../../parsers/greeting.ts';
import { type Measured, read } from '../shared/measured.ts';

/** A destination whose server speaks first. */
export interface SpeaksFirst {
  /** `MySQL`. */
  readonly protocol: string;
  /** The sidecar of a mesh in the pod behind it, whose proxy the connection comes to first. */
  readonly sidecar?: { readonly container: string; readonly pod: string };
}

/** What is known of one. */
export interface GreetingFacts extends SpeaksFirst {
  readonly greeting: Measured<Greeting>;
  readonly result: ProbeResult | undefined;
}

/**
 * By port: RFC 959 (FTP), 4253 (SSH), 5321 and 6409 (SMTP), 1939 (POP3), 3977 (NNTP), 9051 (IMAP), 6143 (RFB), and MySQL's
 * handshake. In PostgreSQL, Redis, AMQP and in everything that begins with TLS the client speaks first.
 */
const PORTS: Readonly<Record<string, string>> = {
  '21': 'FTP',
  '22': 'SSH',
  '25': 'SMTP',
  '110': 'POP3',
  '119': 'NNTP',
  '143': 'IMAP',
  '587': 'SMTP',
  '3306': 'MySQL',
  '5900': 'VNC',
};

const PROTOCOLS = new Map(Object.values(PORTS).map((name) => [name.toLowerCase(), name]));
const ALIASES: Readonly<Record<string, string>> = { submission: 'SMTP', mariadb: 'MySQL', rfb: 'VNC' };

/** Of the port of something beside the server, or of one to which the client speaks first: TLS, or the PROXY protocol. */
const OTHERS =
  /^(metrics|exporter|prom|prometheus|http|https|web|ws|wss|tls|ssl|secure|proxy|data|pasv|passive)$/;

/**
 * Whose server speaks first: by what the Service's port says of its protocol, else by the number.
 * @param says appProtocol, and the name of the port, of which the first word counts: `mysql-primary`, not `mysql-metrics`
 */
export function speaksFirst(port: string, says: readonly (string | undefined)[] = []): string | undefined {
  for (const one of says) {
    const [word = '', ...rest] = one?.toLowerCase().replace(/^.*\//, '').split('-') ?? [];
    const protocol = PROTOCOLS.get(word) ?? ALIASES[word];
    if (protocol !== undefined) return rest.some((more) => OTHERS.test(more)) ? undefined : protocol;
  }
  return PORTS[port];
}

/** Longer than the 10 s that Linkerd's proxy waits. */
const WAIT_SECONDS = 11;
/** It takes up to 3.5 s to connect, and that again where it is tried past a proxy, beside the wait. */
const LIMIT_SECONDS = WAIT_SECONDS + 5;

function greetingId({ id }: Pick<Destination, 'id'>): string {
  return `${id}-greeting`;
}

export function greetingProbes(
  destinations: readonly Destination[],
  greets: Readonly<Record<string, SpeaksFirst>> | undefined,
  scripts: ProbeScripts,
): ProbeCommand[] {
  return destinations
    .filter(({ id }) => greets?.[id] !== undefined)
    .map((one) => ({
      id: greetingId(one),
      argv: ['bash', '-c', scripts.greeting, 'greeting', one.host, one.port, String(WAIT_SECONDS)],
      timeoutSeconds: LIMIT_SECONDS,
      display: ['greeting', one.host, one.port],
    }));
}

export function greetingFacts(
  evidence: Evidence,
  destination: Pick<Destination, 'id'>,
  speaks: SpeaksFirst | undefined,
): GreetingFacts | undefined {
  if (speaks === undefined) return undefined;
  const result = evidence[greetingId(destination)];
  return { ...speaks, greeting: read(result, 'bash', parseGreeting), result };
}

/** A server greets as fast as it takes a connection; what takes longer waits for something. */
const LATE_MS = 1000;
/** What Linkerd's proxy waits for the client (DetectHttp), and what goes on top of it on a busy machine. */
const LINKERD_MS = { least: 9500, most: 10_900 } as const;

/** Why the first bytes are late. */
export interface LateGreeting {
  readonly ms: number;
  /** None came in that time. */
  readonly isSilent: boolean;
  /** Past the proxy they came at once; absent: it was not tried, or they did not. */
  readonly around?: { readonly uid: number; readonly ms: number };
  /** It was tried past the proxy, and they were late there too. */
  readonly isServers: boolean;
  /** As late as Linkerd's proxy is. */
  readonly isAsLinkerd: boolean;
}

/** `undefined`: they are not, or it is not known. */
export function lateGreeting(facts: GreetingFacts | undefined): LateGreeting | undefined {
  const greeting = facts?.greeting.value;
  const { outcome, ms = 0, around } = greeting ?? {};
  if ((outcome !== 'first' && outcome !== 'silent') || ms < LATE_MS) return undefined;
  const isPrompt = around?.outcome === 'first' && (around.ms ?? 0) < LATE_MS;
  return {
    ms,
    isSilent: outcome === 'silent',
    ...(isPrompt ? { around: { uid: around.uid, ms: around.ms ?? 0 } } : {}),
    isServers: !isPrompt && around?.outcome !== undefined,
    isAsLinkerd: outcome === 'first' && ms >= LINKERD_MS.least && ms <= LINKERD_MS.most,
  };
}
