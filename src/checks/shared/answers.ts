/**
 * Whether what the target answers somebody who connects to it gets back, judged by its own routes, routing rules and
 * filters alone: nobody has to connect. Whatever of them asks for what is not known of an answer makes it unknown. Pure.
 */

import { contains, type Prefix, parsePrefix } from '../../parsers/ip-prefix.ts';
import { type Route, type RoutingRule, routeText } from '../../parsers/ip-route.ts';
import type { IptablesTable } from '../../parsers/iptables-tables.ts';
import { inTable, longestMatch } from './lookup.ts';
import { type Outcome, type WalkedPacket, walk } from './walk.ts';

/** One kind of iptables. */
export interface AnswerBook {
  readonly tool: 'iptables' | 'iptables-legacy';
  readonly tables: ReadonlyMap<string, IptablesTable>;
  readonly command: readonly string[];
}

/** What decides of the target's answers. */
export interface AnswerWays {
  readonly rules: readonly RoutingRule[];
  readonly routes: readonly Route[];
  readonly books: readonly AnswerBook[];
}

/** Somebody connects. */
export interface Asker {
  /** An IPv4 address. */
  readonly client: string;
  /** The target's own, which was asked. */
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

/** Why an answer does not get back. */
export type Fate =
  /** It leaves by another interface than the one that has the address. */
  | {
      readonly kind: 'elsewhere';
      readonly device: string;
      readonly own: string;
      readonly rule: string;
      readonly route: string;
    }
  /** A rule of OUTPUT stops it. */
  | { readonly kind: 'stopped'; readonly text: string; readonly book: AnswerBook };

/** `undefined`: it gets back as far as the target decides, or nobody can tell. */
export function fateOf(ways: AnswerWays, asker: Asker): Fate | undefined {
  const client = parsePrefix(asker.client);
  const address = parsePrefix(asker.address);
  if (client === undefined || address === undefined) return undefined;
  const own = ways.routes.find(
    ({ type, destination }) =>
      type === 'local' && destination.length === 32 && contains(destination, address),
  )?.devices[0];
  // A packet whose mark somebody sets may be led in any way.
  if (own === undefined || marksAnswers(ways, asker)) return undefined;
  const way = routeOf(ways, client, address);
  const [device] = way?.route.devices ?? [];
  if (way === undefined || device === undefined) return undefined;
  const packet: WalkedPacket = {
    protocol: asker.protocol,
    source: asker.address,
    destination: asker.client,
    sourcePort: asker.port,
    out: { is: device },
    isToHost: false,
    isAnswer: true,
    mark: 0,
  };
  for (const book of ways.books)
    for (const table of ['raw', 'mangle', 'filter']) {
      const ends = walk(book.tables, table, 'OUTPUT', packet);
      if (ends.length > 0 && ends.every(isStop)) return { kind: 'stopped', text: ends[0]?.text ?? '', book };
    }
  return device === own
    ? undefined
    : { kind: 'elsewhere', device, own, rule: way.rule.text, route: routeText(way.route) };
}

function isStop({ verdict }: Outcome): boolean {
  return verdict === 'drop' || verdict === 'reject';
}

/** Sets a mark, or restores that of the connection, where answers pass: on their way out, or with the request. */
function marksAnswers({ books }: AnswerWays, { protocol }: Asker): boolean {
  return books.some(({ tables }) =>
    [...tables].some(([, table]) =>
      [...table.values()].some(({ rules }) =>
        rules.some(
          ({ target, matches }) =>
            (target === 'MARK' || target === 'CONNMARK') &&
            matches.every(
              ({ option, values, negated }) => option !== '-p' || (values[0] === protocol) !== negated,
            ),
        ),
      ),
    ),
  );
}

/**
 * As the kernel looks for it, of a packet of the target's own without a mark.
 * @param source `undefined`: it may come from any address
 */
export function routeOf(
  { rules, routes }: Pick<AnswerWays, 'rules' | 'routes'>,
  client: Prefix,
  source: Prefix | undefined,
): { readonly rule: RoutingRule; readonly route: Route } | undefined {
  const own = routes.filter(({ family }) => family === 'inet');
  for (const rule of [...rules].sort((a, b) => a.priority - b.priority)) {
    const holds = ruleHolds(rule, client, source);
    if (holds === undefined) return undefined;
    if (!holds) continue;
    if (rule.action !== undefined) return undefined;
    const route = longestMatch(client, inTable(own, rule.table ?? ''));
    if (route === undefined || route.type === 'throw' || isSuppressed(rule, route)) continue;
    return route.type === 'unicast' ? { rule, route } : undefined;
  }
  return undefined;
}

/** `lookup main suppress_prefixlength 0`: what is no better than a default route does not count. */
function isSuppressed({ text }: RoutingRule, { destination }: Route): boolean {
  const least = /suppress_prefixlen(?:gth)? (\d+)/.exec(text)?.[1];
  return least !== undefined && destination.length <= Number(least);
}

const KNOWN = new Set(['fwmark', 'fwmask', 'iif', 'suppress_prefixlen']);

/** `undefined`: it asks for what is not known of the packet. */
function ruleHolds(rule: RoutingRule, client: Prefix, source: Prefix | undefined): boolean | undefined {
  if (source === undefined && rule.source !== undefined && rule.source.length > 0) return undefined;
  if (rule.vrf || rule.conditions.some((condition) => !KNOWN.has(condition))) return undefined;
  const mark = /\bfwmark (\S+)/.exec(rule.text)?.[1];
  const all =
    (rule.source === undefined || source === undefined || contains(rule.source, source)) &&
    (rule.destination === undefined || contains(rule.destination, client)) &&
    (mark === undefined || Number(mark.replace(/\/.*/, '')) === 0) &&
    (!rule.conditions.includes('iif') || /\biif lo\b/.test(rule.text));
  return all !== rule.inverted;
}

/** What becomes of it, in words that follow "what it answers". */
export function fateText(fate: Fate): string {
  return fate.kind === 'stopped'
    ? `is stopped by a rule of its own network: ${fate.book.tool} ${fate.text}`
    : `leaves by ${fate.device} and not by ${fate.own}, by routing rule "${fate.rule}" and its route "${fate.route}"`;
}

/** What shows it. */
export function fateQuote(fate: Fate): { readonly command: readonly string[]; readonly excerpt: string } {
  return fate.kind === 'stopped'
    ? { command: fate.book.command, excerpt: fate.text }
    : { command: ['ip', 'rule', 'show'], excerpt: `${fate.rule}\n${fate.route}` };
}
