/** Which rules of the target's own network stopped packets in the run, by their counters. Pure. */

import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { Reason } from '../../model/reason.ts';
import type {
  Detour,
  FilterChain,
  FilterRule,
  FilterRules,
  MarkRule,
  ProxyRule,
} from '../../parsers/filter-rules.ts';
import { parseIptablesSave } from '../../parsers/iptables-save.ts';
import { parseNftRuleset } from '../../parsers/nft-ruleset.ts';
import { grown } from './grown-rules.ts';
import { cutReason, firstLine, type Measured, read, seenOf } from './measured.ts';
import { fits, holdsAll, incoming, outgoing, type Packet } from './packet.ts';
import { noRight, noTool } from './reason.ts';

/** A counter that grew. */
export interface RuleHit {
  readonly rule: FilterRule;
  readonly packets: number;
  /** `output`: it stopped what was sent. `input`: it stopped the answer. */
  readonly direction: 'output' | 'input' | 'unknown';
  readonly result: ProbeResult | undefined;
}

/** What filters of the target's own network were read. */
export interface RuleBooks {
  /** Rules of any verdict by kind: whether both kinds of iptables are in use. */
  readonly totals: { readonly nft: number; readonly iptablesNft: number; readonly legacy: number };
  /** Rules that lead to a port of the target itself, of what it sends or of what it gets. */
  readonly redirects: number;
  readonly quotes: { readonly nft: ProbeResult | undefined; readonly legacy: ProbeResult | undefined };
}

/** A rule that led, or may have led, packets elsewhere: to a port of the target itself, as `Detour` does. */
export interface Led<Rule = Detour> {
  readonly rule: Rule;
  /** `undefined`: it counts nothing. */
  readonly packets: number | undefined;
}

/** Both snapshots of all tools. */
export interface RuleSnapshots {
  readonly books: Measured<RuleBooks>;
  /** Counters that grew, whoever's packets it was. */
  readonly grown: readonly Omit<RuleHit, 'direction'>[];
  /** Rules, and policies of chains, that stop packets and count none. */
  readonly uncounted: readonly FilterRule[];
  /** Rules that lead to a port of the target itself, and whose counter grew, or that count nothing. */
  readonly detours: readonly Led[];
  /** The same of rules that set a mark on the way out, in their order. */
  readonly marks: readonly Led<MarkRule>[];
  /** The same of rules that hand what comes in to a transparent proxy. */
  readonly proxies: readonly Led<ProxyRule>[];
}

interface Book {
  readonly before: FilterRules;
  readonly after: FilterRules;
  readonly result: ProbeResult | undefined;
}

/** What one tool shows, as far as it could be read: where `skipped` says why not all, rules may be missing. */
interface Shown {
  readonly book: Book | undefined;
  readonly skipped: Reason | undefined;
}

export function ruleSnapshots(evidence: Evidence): RuleSnapshots {
  const nft = evidence['nft-after'];
  const legacy = evidence['legacy-after'];
  const iptables = evidence['iptables-after'];
  const isShown = (r: ProbeResult | undefined): boolean =>
    r !== undefined &&
    (cutReason(r) !== undefined || r.status === 'timeout' || (r.status === 'exited' && r.code === 0));
  if (![nft, iptables, legacy].some(isShown)) {
    const refused = [nft, legacy].some((r) => r !== undefined && r.status !== 'missing');
    const skipped = refused ? noRight('reading rules needs NET_ADMIN') : noTool('nft and no iptables');
    return { books: { skipped }, grown: [], uncounted: [], detours: [], marks: [], proxies: [] };
  }
  const shown = {
    nft: show(evidence, 'nft', 'nft', parseNftRuleset),
    iptables: show(evidence, 'iptables', 'iptables-save', (text) => parseIptablesSave(text, 'iptables-nft')),
    legacy: show(evidence, 'legacy', 'iptables-legacy-save', (text) =>
      parseIptablesSave(text, 'iptables-legacy'),
    ),
    iptables6: show(evidence, 'iptables6', 'ip6tables-save', (text) =>
      parseIptablesSave(text, 'iptables-nft', 'ip6'),
    ),
    legacy6: show(evidence, 'legacy6', 'ip6tables-legacy-save', (text) =>
      parseIptablesSave(text, 'iptables-legacy', 'ip6'),
    ),
  };
  const tablesOf = ({ book }: Shown): ReadonlySet<string> => new Set(book?.after.chains.map((c) => c.table));
  const tables: Readonly<Record<string, ReadonlySet<string>>> = {
    ip: tablesOf(shown.iptables),
    ip6: tablesOf(shown.iptables6),
  };
  // iptables-nft and nft show the same rules; iptables writes them as they were made.
  const own = ({ family, table }: Pick<FilterRule, 'family' | 'table'>): boolean =>
    tables[family]?.has(table) !== true;
  const nftOnly = shown.nft.book && {
    ...shown.nft.book,
    after: {
      chains: shown.nft.book.after.chains.filter(own),
      rules: shown.nft.book.after.rules.filter(own),
      detours: shown.nft.book.after.detours.filter(own),
      marks: shown.nft.book.after.marks.filter(own),
      proxies: shown.nft.book.after.proxies.filter(own),
    },
  };
  const books = [
    certain(shown.iptables),
    certain(shown.iptables6),
    certain(shown.legacy),
    certain(shown.legacy6),
    certain({ ...shown.nft, book: nftOnly }),
  ].filter((b) => b !== undefined);
  const value: RuleBooks = {
    totals: {
      nft: nftOnly?.after.rules.length ?? 0,
      iptablesNft: total(iptables),
      legacy: total(legacy),
    },
    redirects: books.reduce((sum, { after }) => sum + after.detours.length + after.proxies.length, 0),
    quotes: { nft: iptables, legacy },
  };
  // What iptables shows of nftables' rules, nft shows too.
  const skipped =
    shown.nft.skipped ?? shown.legacy.skipped ?? shown.legacy6.skipped ?? shown.iptables.skipped;
  return {
    books: skipped === undefined ? { value } : { skipped, part: value },
    grown: books.flatMap(grownOf),
    detours: books.flatMap(({ before, after }) => led(before.detours, after.detours)),
    marks: books.flatMap(({ before, after }) => led(before.marks, after.marks)),
    proxies: books.flatMap(({ before, after }) => led(before.proxies, after.proxies)),
    uncounted: books.flatMap(({ after }) => [
      ...after.rules.filter((rule) => rule.packets === undefined),
      ...after.chains.filter((c) => c.packets === undefined).flatMap(policyRule),
    ]),
  };
}

/** Those whose counter grew, and those that count nothing. */
function led<Rule extends Pick<Detour, 'key' | 'packets'>>(
  before: readonly Rule[],
  after: readonly Rule[],
): Led<Rule>[] {
  return [
    ...grown(before, after),
    ...after.filter((rule) => rule.packets === undefined).map((rule) => ({ rule, packets: undefined })),
  ];
}

/** Of a part, the rules: what comes to the end of a chain, and so to its policy, is not known from it. */
function certain({ book, skipped }: Shown): Book | undefined {
  if (book === undefined || skipped === undefined) return book;
  const rules = (one: FilterRules): FilterRules => ({ ...one, chains: [] });
  return { ...book, before: rules(book.before), after: rules(book.after) };
}

function total(result: ProbeResult | undefined): number {
  return seenOf(read(result, 'iptables-save', (text) => parseIptablesSave(text, 'iptables-nft')))?.total ?? 0;
}

function show(
  evidence: Evidence,
  name: string,
  tool: string,
  parse: (text: string) => FilterRules | undefined,
): Shown {
  const result = evidence[`${name}-after`];
  // A tool that failed and printed nothing has not said that there is nothing.
  const printed = (text: string, { code, stderr }: ProbeResult): FilterRules | string | undefined =>
    code !== 0 && text === '' ? (firstLine(stderr) ?? `${tool} ended with code ${code}`) : parse(text);
  const before = read(evidence[`${name}-before`], tool, printed);
  const after = read(result, tool, printed);
  const [past, now] = [seenOf(before), seenOf(after)];
  // What iptables-save shows of nftables' rules nft shows too, and whoever has iptables-legacy has it for IPv6.
  const reasons = [before, after].flatMap(({ skipped }, i) => {
    const one = i === 0 ? evidence[`${name}-before`] : result;
    const isNeeded = name === 'nft' || name === 'legacy';
    return skipped === undefined || one === undefined || (one.status === 'missing' && !isNeeded)
      ? []
      : [skipped];
  });
  return { book: past && now && { before: past, after: now, result }, skipped: reasons[0] };
}

function grownOf({ before, after, result }: Book): Omit<RuleHit, 'direction'>[] {
  const all = ({ rules, chains }: FilterRules): FilterRule[] => [...rules, ...chains.flatMap(policyRule)];
  return grown(all(before), all(after)).map((one) => ({ ...one, result }));
}

/** A chain's policy as the rule that it is: what comes to its end is dropped. */
function policyRule(chain: FilterChain): FilterRule[] {
  if (chain.policy !== 'drop') return [];
  const { source, family, table, name, hook, packets } = chain;
  const text =
    source === 'nft' ? `table ${family} ${table} chain ${name}: policy drop` : `-t ${table} -P ${name} DROP`;
  const key = `policy ${source} ${family} ${table} ${name}`;
  const { spared, maySpare } = chain;
  const rest = { verdict: 'drop', matches: [], isUnderstood: true, spared, maySpare } as const;
  return [{ ...rest, source, family, table, chain: name, hook, key, packets, text }];
}

/** The way in which a rule may have met the probe's packets or their answers; `undefined`: in none. */
export function meets(rule: FilterRule, packet: Packet): 'output' | 'input' | 'unknown' | undefined {
  const isV6 = packet.address.includes(':');
  if (rule.family === 'arp' || (isV6 ? rule.family === 'ip' : rule.family === 'ip6')) return undefined;
  const [sent, back] = [outgoing(packet), incoming(packet)];
  const out = fits(rule.matches, sent) && !rule.spared.some((matches) => holdsAll(matches, sent));
  // Connection tracking takes an answer for one, unless it did not see the question.
  const answer =
    fits(rule.matches, { ...back, ctstate: ['established', 'invalid', 'untracked'] }) &&
    !rule.spared.some((matches) => holdsAll(matches, back));
  switch (rule.hook) {
    case 'output':
    case 'postrouting':
    case 'egress':
      return out ? 'output' : undefined;
    case 'input':
    case 'prerouting':
    case 'ingress':
      return answer ? 'input' : undefined;
    case undefined:
      return out || answer ? 'unknown' : undefined;
    default:
      return undefined;
  }
}

/** Whether a rule on the packet's way out is certain to stop it: all that it asks for is known, and so. */
export function surelyStops(rule: FilterRule, packet: Packet): boolean {
  return (
    rule.isUnderstood &&
    meets(rule, packet) === 'output' &&
    holdsAll(rule.matches, outgoing(packet)) &&
    // What else may accept it before is not known.
    rule.hook === 'output'
  );
}
