/** Parses the lines of the prober's watch (image/prober/watch.c). Pure. */
import type { MissEvidence, MissReason, NameFallback } from '../model/watch.ts';

/** A record of the far side. `ms` is its own clock: milliseconds since it booted. */
export type WatchRecord =
  | { readonly kind: 'begun'; readonly ms: number; readonly hears: boolean }
  | {
      readonly kind: 'tally';
      readonly ms: number;
      readonly goal: number;
      readonly sent: number;
      readonly missed: number;
      /** In milliseconds. */
      readonly rtts: readonly number[];
      /** Were due, and never sent: the far side had no processor. */
      readonly unsent: number;
    }
  | {
      readonly kind: 'miss';
      readonly ms: number;
      readonly goal: number;
      readonly lastMs?: number;
      readonly evidence: MissEvidence;
    }
  | {
      readonly kind: 'recovery';
      readonly ms: number;
      readonly goal: number;
      readonly missed: number;
      readonly late: number;
    }
  | ({ readonly kind: 'fallback'; readonly ms: number; readonly goal: number } & NameFallback)
  | { readonly kind: 'fallback-end'; readonly ms: number; readonly goal: number; readonly count: number }
  /** So many bytes of a pcap file follow the line. */
  | {
      readonly kind: 'packets';
      readonly ms: number;
      readonly goals: readonly number[];
      readonly packets: number;
      readonly bytes: number;
    }
  | { readonly kind: 'end'; readonly ms: number; readonly reason: 'over' | 'away' | 'asked' };

const REASONS: ReadonlySet<string> = new Set<MissReason>([
  'silent',
  'refused',
  'unreachable',
  'prohibited',
  'reset',
  'no-route',
  'not-permitted',
  'no-port',
  'no-name',
  'dns-silent',
  'dns-failed',
  'other',
]);

/** One line, without its end; `undefined`: it is none that this version knows. */
export function parseWatchLine(line: string): WatchRecord | undefined {
  const [verb = '', at = '', ...rest] = line.split(' ');
  const ms = count(at);
  if (ms === undefined) return undefined;
  switch (verb) {
    case 'b':
      return { kind: 'begun', ms, hears: rest[0] === '1' };
    case 't':
      return tally(ms, rest);
    case 'm':
      return miss(ms, rest);
    case 'r': {
      // An older image does not say which answers were late.
      const [goal, missed, late = 0] = rest.map(count);
      return goal === undefined || missed === undefined
        ? undefined
        : { kind: 'recovery', ms, goal, missed, late };
    }
    case 's': {
      const goal = count(rest[0]);
      const [server = '', answer = '', by = ''] = rest.slice(1).map(plain);
      if (goal === undefined || server === '' || by === '') return undefined;
      return { kind: 'fallback', ms, goal, server, answer, by };
    }
    case 'f': {
      const [goal, times] = rest.map(count);
      return goal === undefined || times === undefined
        ? undefined
        : { kind: 'fallback-end', ms, goal, count: times };
    }
    case 'p': {
      const goals = (rest[0] ?? '').split(',').map(count);
      const [packets, bytes] = rest.slice(1).map(count);
      const known = goals.flatMap((goal) => (goal === undefined ? [] : [goal]));
      if (known.length < goals.length || packets === undefined || bytes === undefined) return undefined;
      return { kind: 'packets', ms, goals: known, packets, bytes };
    }
    case 'e': {
      const [reason] = rest;
      return reason === 'over' || reason === 'away' || reason === 'asked'
        ? { kind: 'end', ms, reason }
        : undefined;
    }
    default:
      return undefined;
  }
}

function tally(ms: number, rest: readonly string[]): WatchRecord | undefined {
  const [goal, sent, missed] = rest.map(count);
  const times = (rest[3] ?? '') === '' ? [] : (rest[3] ?? '').split(',').map(count);
  const rtts = times.flatMap((us) => (us === undefined ? [] : [us / 1000]));
  // An older image does not tell how many were not sent.
  const unsent = count(rest[4]) ?? 0;
  if (goal === undefined || sent === undefined || missed === undefined || rtts.length < times.length)
    return undefined;
  return { kind: 'tally', ms, goal, sent, missed, rtts, unsent };
}

function miss(ms: number, rest: readonly string[]): WatchRecord | undefined {
  const [goal, lastMs] = rest.map(count);
  const words = new Map(
    rest.slice(2).flatMap((word): [string, string][] => {
      const at = word.indexOf('=');
      return at < 0 ? [] : [[word.slice(0, at), word.slice(at + 1)]];
    }),
  );
  if (goal === undefined || lastMs === undefined) return undefined;
  const evidence = evidenceIn(words);
  return { kind: 'miss', ms, goal, ...(lastMs === 0 ? {} : { lastMs }), evidence };
}

function evidenceIn(words: ReadonlyMap<string, string>): MissEvidence {
  const text = (key: string): string => plain(words.get(key) ?? '');
  const parts = (key: string): string[] | undefined => words.get(key)?.split('/').map(plain);
  const reason = text('reason');
  const [sender, type, code] = parts('icmp') ?? [];
  const icmpType = count(type);
  const icmpCode = count(code);
  const route = parts('rt');
  const [hop, state, mac] = parts('nb') ?? [];
  const link = parts('link');
  const [server, name, answer] = parts('dns') ?? [];
  const [earlier, earlierAnswer] = parts('dnsbefore') ?? [];
  const [tracked, most] = (parts('ct') ?? []).map(count);
  const [out, back, arp] = (parts('seen') ?? []).map(count);
  return {
    reason: REASONS.has(reason) ? (reason as MissReason) : 'other',
    error: text('error'),
    address: text('address'),
    tries: count(text('tries')) ?? 0,
    ...(sender === undefined || icmpType === undefined || icmpCode === undefined
      ? {}
      : { icmp: { sender, type: icmpType, code: icmpCode } }),
    ...(route === undefined ? {} : { route: routeIn(route) }),
    ...(hop === undefined || state === undefined
      ? {}
      : { neighbour: { address: hop, state, ...(mac === undefined || mac === '' ? {} : { mac }) } }),
    ...(link === undefined ? {} : { link: { up: link[0] === '1', carrier: link[1] === '1' } }),
    ...(server === undefined || name === undefined || answer === undefined
      ? {}
      : {
          dns: {
            server,
            name,
            answer,
            ...(earlier === undefined || earlierAnswer === undefined
              ? {}
              : { before: { server: earlier, answer: earlierAnswer } }),
          },
        }),
    counters: countersIn(words.get('c') ?? ''),
    ...(tracked === undefined || most === undefined ? {} : { conntrack: { count: tracked, max: most } }),
    ...(out === undefined || back === undefined || arp === undefined
      ? {}
      : { seen: { out, in: back, arp, ...(text('left') === '1' ? { before: true as const } : {}) } }),
  };
}

function routeIn([device, gateway, source, type, error]: readonly string[]): NonNullable<
  MissEvidence['route']
> {
  const found = Object.entries({ device, gateway, source, type, error }).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  return Object.fromEntries(found);
}

function countersIn(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    text.split(',').flatMap((one): [string, number][] => {
      const [name, by] = one.split(':');
      const grown = count(by);
      return name === undefined || !/^[A-Za-z0-9]+$/.test(name) || grown === undefined ? [] : [[name, grown]];
    }),
  );
}

/** What was %XX. A byte that is no UTF-8 by itself stays as it was written. */
function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
