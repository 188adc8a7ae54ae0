/** Parses the output of src/probes/next-hop.sh: a route as the kernel chooses it, and what arping says. Pure. */
import type { Reason } from '../model/reason.ts';
import { type ArpAnswers, parseArping } from './arping.ts';

/** The way that packets to one host take. */
export type ChosenRoute =
  | {
      readonly outcome: 'route';
      /** The host is the target itself. */
      readonly local: boolean;
      /** `undefined`: on the link. */
      readonly gateway: string | undefined;
      readonly device: string;
      readonly source: string | undefined;
      /** A router has told the kernel so (ICMP redirect), for this host alone. */
      readonly isRedirected: boolean;
      /** ip's line. */
      readonly line: string;
    }
  | {
      readonly outcome: 'error';
      /** By errno: EINVAL, EHOSTUNREACH, EACCES, ENETUNREACH. */
      readonly error: 'blackhole' | 'unreachable' | 'prohibit' | 'none' | 'other';
      readonly line: string;
    };

/** What is known of the way to a host. */
export interface NextHop {
  readonly address: string;
  readonly route: ChosenRoute;
  /** The hop that was asked by ARP, when one was. */
  readonly asked:
    | { readonly address: string; readonly device: string; readonly answers: ArpAnswers }
    | undefined;
}

/** errno texts (glibc, musl): fib_props in the kernel's net/ipv4/fib_semantics.c says which route type gives which. */
const ERRORS = {
  'Invalid argument': 'blackhole',
  'No route to host': 'unreachable',
  'Host is unreachable': 'unreachable',
  'Permission denied': 'prohibit',
  'Network is unreachable': 'none',
  'Network unreachable': 'none',
} as const;

/** The parsed way, or why there is none; a text ends a sentence. */
export function parseNextHop(stdout: string): NextHop | Reason | string {
  const lines = stdout.split('\n').map((line) => line.trim());
  const address = /^address (\S+)$/.exec(lines[0] ?? '')?.[1];
  if (address === undefined) {
    return lines[0] === 'unresolved'
      ? 'the name does not resolve on the target'
      : lines[0] || 'the route could not be queried';
  }
  if (lines[1] === 'no ip') return { code: 'no-tool', text: 'ip' };
  const askedAt = lines.findIndex((line) => line.startsWith('asked '));
  const about = lines.slice(1, askedAt < 0 ? undefined : askedAt);
  const route = chosenRoute(about);
  if (route === undefined) return about.find((line) => line !== '') ?? 'ip said nothing about the route';
  const [, hop = '', device = ''] = askedAt < 0 ? [] : (lines[askedAt] ?? '').split(' ');
  const answers = askedAt < 0 ? undefined : parseArping(lines.slice(askedAt + 1).join('\n'));
  return { address, route, asked: answers && { address: hop, device, answers } };
}

function chosenRoute(lines: readonly string[]): ChosenRoute | undefined {
  const refused = lines.find((line) => line.includes('RTNETLINK answers: '));
  if (refused !== undefined) {
    const said = refused.slice(refused.indexOf('answers: ') + 'answers: '.length);
    const error = Object.entries(ERRORS).find(([text]) => text === said)?.[1] ?? 'other';
    return { outcome: 'error', error, line: refused };
  }
  const line = lines.find((l) => / dev \S/.test(` ${l}`));
  if (line === undefined) return undefined;
  const after = (word: string): string | undefined =>
    new RegExp(` ${word} (?:inet6 )?(\\S+)`).exec(line)?.[1];
  return {
    outcome: 'route',
    local: line.startsWith('local '),
    gateway: after('via'),
    device: after('dev') ?? '',
    source: after('src'),
    isRedirected: lines.some((l) => /^cache .*<(?:[^>]*,)?redirected[,>]/.test(l)),
    line,
  };
}
