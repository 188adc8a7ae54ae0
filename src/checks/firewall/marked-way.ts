/**
 * Where marks and routing rules of the target lead a connection besides its plain route: to the target itself, as a
 * transparent proxy (TPROXY) wants it, or another way out. The kernel looks for the route again once a rule of netfilter has
 * changed the mark (ip_route_me_harder of net/ipv4/netfilter.c). Pure.
 */

import type { Evidence } from '../../model/evidence.ts';
import type { Mark, MarkRule, ProxyRule } from '../../parsers/filter-rules.ts';
import { bitsOf, contains, type Prefix, parsePrefix } from '../../parsers/ip-prefix.ts';
import {
  type NumberRange,
  parseRoutes,
  parseRules,
  type Route,
  type RoutingRule,
  routeText,
} from '../../parsers/ip-route.ts';
import type { NextHop } from '../../parsers/reach.ts';
import { parseTransparent, type TransparentListener } from '../../parsers/transparent.ts';
import { inTable, longestMatch } from '../shared/lookup.ts';
import { read } from '../shared/measured.ts';
import { fits, holdsAll, outgoing, type Packet } from '../shared/packet.ts';
import type { Led, RuleSnapshots } from '../shared/rule-hits.ts';

/** What decides of it, besides rules of netfilter; `undefined` for what could not be read. */
export interface WayBooks {
  readonly rules: readonly RoutingRule[] | undefined;
  readonly rules6: readonly RoutingRule[] | undefined;
  readonly routes: readonly Route[] | undefined;
  readonly listeners: readonly TransparentListener[] | undefined;
}

/** Where a connection was led. */
export interface MarkedWay {
  /**
   * `here`: to the target itself. `elsewhere`: out by another route than the plain one. `dead`: to a route or rule that
   * forbids it. `unknown`: it is marked, and where that leads could not be read.
   */
  readonly kind: 'here' | 'elsewhere' | 'dead' | 'unknown';
  /** Rules that marked it; none where a routing rule takes it for something else. */
  readonly marks: readonly Led<MarkRule>[];
  readonly mark: number;
  readonly rule: RoutingRule | undefined;
  readonly route: Route | undefined;
  /** `here`: what takes it there. */
  readonly taker: Taker | undefined;
  /** What counts nothing may have been passed over. */
  readonly isCertain: boolean;
}

/** A proxy, or what listens on the port that is asked for. */
export interface Taker {
  readonly proxy: Led<ProxyRule> | undefined;
  readonly port: number;
  /** What a rule of nft finds no listener for goes on, to the port that was asked for (nft_tproxy.c); TPROXY of iptables drops it. */
  readonly fallsTo?: number;
  /** `plain`: it has not asked for IP_TRANSPARENT, so that it gets nothing of a proxy rule. `undefined`: not known. */
  readonly listener: 'none' | 'plain' | 'transparent' | undefined;
}

export function wayBooks(evidence: Evidence): WayBooks {
  return {
    rules: read(evidence['rules'], 'ip', parseRules).value,
    rules6: read(evidence['rules6'], 'ip', parseRules).value,
    routes: read(evidence['routes'], 'ip', parseRoutes).value,
    listeners: read(evidence['transparent'], 'ss', (text, { code }) =>
      code === 0 ? parseTransparent(text) : undefined,
    ).value,
  };
}

/** What is known of a probe. */
interface Probe {
  /** Connections. */
  readonly sent: number;
  readonly isAnswered: boolean;
  /** Of who sends it; root where rules could be read. */
  readonly uid: number;
  /** The next hop of its plain route. */
  readonly hop: NextHop | undefined;
}

/** `undefined`: it goes its plain way. */
export function markedWay(
  books: WayBooks,
  { marks, proxies }: Pick<RuleSnapshots, 'marks' | 'proxies'>,
  packet: Packet,
  probe: Probe,
): MarkedWay | undefined {
  const address = parsePrefix(packet.address);
  if (address === undefined || /^(127\.|::1$)/.test(packet.address)) return undefined;
  const met = marks.filter((one) => isMet(one, packet, probe));
  const mark = met.reduce((value, { rule }) => marked(value, rule.mark), 0);
  const isCertain = met.every(({ rule, packets }) => packets !== undefined || rule.isCertain);
  const rules = address.family === 'inet' ? books.rules : books.rules6;
  const { routes } = books;
  if (rules === undefined || routes === undefined)
    return met.length === 0
      ? undefined
      : { kind: 'unknown', marks: met, mark, rule: undefined, route: undefined, taker: undefined, isCertain };
  const own = routes.filter(({ family }) => family === address.family);
  const chosen = choose(rules, own, { packet, address, mark, uid: probe.uid });
  if (chosen === undefined) return undefined;
  const { rule, route } = chosen;
  const made = { marks: isOfMark(rule) ? met : [], mark, rule, route, taker: undefined, isCertain };
  if (route === undefined || DEAD.includes(route.type))
    return met.length > 0 && isOfMark(rule) ? { ...made, kind: 'dead' } : undefined;
  if (route.type === 'local')
    return isForOthers(route)
      ? { ...made, kind: 'here', taker: takerOf(books, proxies, packet, mark) }
      : undefined;
  const { hop } = probe;
  const isPlain =
    hop === undefined ||
    (route.devices.includes(hop.device) &&
      (route.gateways.length === 0 || route.gateways.includes(hop.neighbour)));
  // Of an answer it does not matter which way was taken.
  return route.type !== 'unicast' || isPlain || !isOfMark(rule) ? undefined : { ...made, kind: 'elsewhere' };
}

const DEAD: readonly string[] = ['blackhole', 'unreachable', 'prohibit'];

function isMet({ rule, packets }: Led<MarkRule>, packet: Packet, { sent, isAnswered }: Probe): boolean {
  const fields = outgoing(packet);
  const other = packet.address.includes(':') ? 'ip' : 'ip6';
  if (rule.family === other || !fits(rule.matches, fields)) return false;
  if (rule.spared.some((matches) => holdsAll(matches, fields))) return false;
  return packets === undefined ? rule.isCertain || isAnswered : packets >= sent;
}

function marked(mark: number, { value, mask }: Mark): number {
  return ((mark & ~mask) ^ value) >>> 0;
}

function has(mark: number, { value, mask }: Mark): boolean {
  return (mark & mask) >>> 0 === value;
}

/** A routing rule that asks for something that `ip route get` does not say of a probe. */
function isOfMark(rule: RoutingRule | undefined): boolean {
  return (rule?.conditions ?? []).some(
    (condition) => condition !== 'iif' && !condition.startsWith('suppress'),
  );
}

/** A local route for addresses that are not the target's own: for all, or for a range. */
function isForOthers({ destination, family, table }: Route): boolean {
  const isLoopback = family === 'inet' && destination.value >> 24n === 127n;
  return !isLoopback && (table !== 'local' || destination.length < bitsOf(family));
}

interface Sent {
  readonly packet: Packet;
  readonly address: Prefix;
  readonly mark: number;
  readonly uid: number;
}

/** As the kernel looks for it; `undefined`: a rule asks for what is not known. */
function choose(
  rules: readonly RoutingRule[],
  routes: readonly Route[],
  sent: Sent,
): { readonly rule: RoutingRule; readonly route: Route | undefined } | undefined {
  for (const rule of [...rules].sort((a, b) => a.priority - b.priority)) {
    const isTaken = takes(rule, sent);
    if (isTaken === undefined) return undefined;
    if (!isTaken) continue;
    if (rule.action !== undefined) return { rule, route: undefined };
    const route = longestMatch(sent.address, inTable(routes, rule.table ?? ''));
    if (route === undefined || route.type === 'throw' || isSuppressed(rule, route)) continue;
    return { rule, route };
  }
  return undefined;
}

/** `lookup main suppress_prefixlength 0`: what is no better than a default route does not count. */
function isSuppressed({ text }: RoutingRule, { destination }: Route): boolean {
  const least = /suppress_prefixlen(?:gth)? (\d+)/.exec(text)?.[1];
  return least !== undefined && destination.length <= Number(least);
}

const KNOWN: readonly string[] = [
  'fwmark',
  'fwmask',
  'iif',
  'suppress_prefixlen',
  'suppress_prefixlength',
  'uid_start',
  'uid_end',
  'ipproto',
  'dport_mask',
  'dport',
  'dport_start',
  'dport_end',
];

function takes(rule: RoutingRule, { packet, address, mark, uid }: Sent): boolean | undefined {
  if (rule.vrf || rule.conditions.some((condition) => !KNOWN.includes(condition))) return undefined;
  // iproute2 6.15 shows a mask of each port, of all bits mostly.
  if (/\bdport_mask (?!0xffff\b)/i.test(rule.text)) return undefined;
  const source = packet.source === undefined ? undefined : parsePrefix(packet.source);
  const all =
    (rule.source === undefined || (source !== undefined && contains(rule.source, source))) &&
    (rule.destination === undefined || contains(rule.destination, address)) &&
    (rule.mark === undefined || has(mark, rule.mark)) &&
    (rule.users === undefined || isWithin(rule.users, uid)) &&
    (rule.ipProtocol === undefined || rule.ipProtocol === packet.protocol) &&
    (rule.destinationPorts === undefined || isWithin(rule.destinationPorts, packet.port)) &&
    (rule.from === undefined || rule.from === 'lo');
  return all !== rule.inverted;
}

function isWithin({ from, to }: NumberRange, value: number): boolean {
  return value >= from && value <= to;
}

function takerOf(
  { listeners }: WayBooks,
  proxies: RuleSnapshots['proxies'],
  packet: Packet,
  mark: number,
): Taker {
  const other = packet.address.includes(':') ? 'ip' : 'ip6';
  const proxy = proxies.find(
    ({ rule }) =>
      rule.family !== other &&
      (rule.asks === undefined || has(mark, rule.asks)) &&
      fits(rule.matches, { ...outgoing(packet), ctstate: undefined }),
  );
  const port = Number(proxy?.rule.port || packet.port);
  const there = listeners?.filter(
    (one) => one.protocol === packet.protocol && one.port === port && one.family !== OTHER[other],
  );
  const listener =
    there === undefined
      ? undefined
      : there.length === 0
        ? 'none'
        : there.some(({ isTransparent }) => isTransparent)
          ? 'transparent'
          : 'plain';
  const isPassedOn =
    proxy?.rule.source === 'nft' &&
    listener !== undefined &&
    listener !== 'transparent' &&
    port !== packet.port;
  return { proxy, port, listener, ...(isPassedOn ? { fallsTo: packet.port } : {}) };
}

/** A socket of IPv6 may take IPv4 too, and not the other way round. */
const OTHER = { ip: 'inet', ip6: undefined } as const;

/** `marks it 0x1 (RULE), and routing rule "…" leads it by "…"`, in words that follow "a rule of the target". */
export function markedText({ marks, mark, rule, route }: MarkedWay): string {
  const by = marks.map((one) => one.rule.text).join(' and ');
  const routed = rule === undefined ? '' : `routing rule "${rule.text}"`;
  const where = route === undefined ? 'forbids it' : `leads it by its route "${routeText(route)}"`;
  if (rule === undefined) return `a rule of the target marks it 0x${mark.toString(16)} (${by})`;
  return marks.length === 0
    ? `${routed} of the target ${where}`
    : `a rule of the target marks it 0x${mark.toString(16)} (${by}), and ${routed} ${where}`;
}

/** What shows it. */
export function quoteMarked({ marks, rule, route, taker }: MarkedWay) {
  const counted = [...marks, ...(taker?.proxy === undefined ? [] : [taker.proxy])];
  return [
    ...counted.map(({ rule: { text, source }, packets }) => ({
      command: source === 'nft' ? ['nft', 'list', 'ruleset'] : ['iptables-save', '-c'],
      excerpt: `${text}\n(${packets === undefined ? 'it counts nothing' : `+${packets} packets`})`,
    })),
    ...(rule === undefined
      ? []
      : [
          {
            command: ['ip', 'rule', 'show'],
            excerpt: [rule.text, ...(route === undefined ? [] : [routeText(route)])].join('\n'),
          },
        ]),
  ];
}

/** The next hop of another way out. */
export function hopOf(
  { route }: MarkedWay,
  plain: NextHop | undefined,
  address: string,
): NextHop | undefined {
  const [device] = route?.devices ?? [];
  const [gateway] = route?.gateways ?? [];
  return device === undefined
    ? plain
    : { neighbour: gateway ?? address, viaGateway: gateway !== undefined, device, source: plain?.source };
}

/** It was led to the target itself for certain, so that what it came to says nothing of the destination. */
export function isLedHere({ marked }: { readonly marked: MarkedWay | undefined }): boolean {
  return marked?.kind === 'here' && marked.isCertain;
}

/** `; a rule of the target marks it …`, of what went another way out; else empty. */
export function wayClause({ marked }: { readonly marked: MarkedWay | undefined }): string {
  return marked?.kind === 'elsewhere' || marked?.kind === 'dead' ? `; ${markedText(marked)}` : '';
}

/**
 * What tells of a proxy where rules may not be read; `undefined`: nothing does.
 * @param sidecar the container of a service mesh
 */
export function signOfProxy(
  { rules, rules6, routes = [], listeners = [] }: WayBooks,
  sidecar: string | undefined,
): string | undefined {
  const rule = [...(rules ?? []), ...(rules6 ?? [])].find(
    ({ mark, table }) =>
      mark !== undefined &&
      inTable(routes, table ?? '').some(
        ({ type, destination }) => type === 'local' && destination.length === 0,
      ),
  );
  if (rule !== undefined) return `routing rule "${rule.text}" leads what somebody marks to the target itself`;
  const listener = listeners.find(({ isTransparent, protocol }) => isTransparent && protocol === 'tcp');
  if (listener !== undefined)
    return `port ${listener.port} of the target is listened on as a transparent proxy does (IP_TRANSPARENT)`;
  return sidecar && `the pod has the proxy of a service mesh (container ${sidecar})`;
}
