/** A kind of drop as a rule: what it is raised for, and what is said of it, in each namespace in which it was seen. Pure. */
import type { Occurrence } from '../../model/finding.ts';
import type { Quote } from '../../model/report.ts';
import { sameAddress } from '../../parsers/ip-prefix.ts';
import { isMoreThanBurst } from '../shared/burst.ts';
import type { DropKind } from '../shared/drops/kind.ts';
import { netfilter } from '../shared/drops/kinds/netfilter.ts';
import { type RuleOf, ruleOf, ruleOfText } from '../shared/drops/rule-of.ts';
import { occurrence, type Rule } from '../shared/rule.ts';
import type { DropsFacts, DropsInput, SeenDrops } from './facts.ts';
import { flowText, isPodName, packetsText, whereText } from './words.ts';

/** A node has a hundred pods: what is in more namespaces is one finding for the rest of them. */
const MOST_PLACES = 5;
/** In a sentence. */
const MOST_FLOWS = 2;
const MOST_LINES = 6;

export interface DropRule extends DropKind, Rule<DropsFacts> {}

/** One finding for each namespace in which it was seen. */
export function dropRule(kind: DropKind): DropRule {
  return {
    ...kind,
    judge: (facts) => {
      const groups = [...Map.groupBy(dropsOf(kind, facts), ({ namespace }) => namespace).values()];
      const sorted = groups.toSorted((a, b) => packetsOf(b) - packetsOf(a));
      const [shown, rest] = [sorted.slice(0, MOST_PLACES), sorted.slice(MOST_PLACES)];
      return [
        ...shown.map((group) => found(kind, facts, group)),
        ...(rest.length === 0 ? [] : [theOthers(kind, facts, rest)]),
      ];
    },
  };
}

/** For all that no other rule is for: a reason is looked up once, wherever it was. */
export function otherRule(kind: DropKind): DropRule {
  return {
    ...kind,
    judge: (facts) => {
      const own = dropsOf(kind, facts);
      return own.length === 0 ? [] : [unexplained(kind, facts, own)];
    },
  };
}

function dropsOf({ meta }: DropKind, { seen }: DropsFacts): SeenDrops[] {
  return seen.filter(({ finding }) => finding === meta.id);
}

function found(one: DropKind, facts: DropsFacts, group: readonly SeenDrops[]): Occurrence {
  const where = group[0] && whereText(group[0].where);
  const names = [...new Set(group.map(byWhom))].join(', ');
  const flows = group.flatMap((drops) => drops.flows).toSorted((a, b) => b.packets - a.packets);
  const texts = [...new Set(flows.map((flow) => flowText(flow, facts.input.names)))];
  const more = texts.length - MOST_FLOWS;
  const isAll = flows.reduce((sum, flow) => sum + flow.packets, 0) === packetsOf(group);
  const which = `${texts.slice(0, MOST_FLOWS).join(', ')}${more > 0 ? ` and ${more} more` : ''}${isAll || texts.length === 0 ? '' : ', besides flows that are not told apart'}`;
  return raised(
    one,
    facts,
    `${was(packetsOf(group))} dropped in ${where} ${one.words} (${names})${which === '' ? '' : `: ${which}`}${byRules(one, facts, group)}.`,
    group,
  );
}

/** Of the flows that are told of, which rules of netfilter it were, or why that is not known. */
function byRules(kind: DropKind, facts: DropsFacts, group: readonly SeenDrops[]): string {
  if (kind !== netfilter) return '';
  return [...new Set(answersOf(facts, group).map(ruleOfText))].join('');
}

function answersOf({ received }: DropsFacts, group: readonly SeenDrops[]): RuleOf[] {
  return group.flatMap(({ rules, where, flows }): RuleOf[] =>
    rules === undefined
      ? [{ unknown: whyUnread(where, received !== undefined) }]
      : flows.slice(0, MOST_FLOWS).map((flow) => ruleOf(flow, rules)),
  );
}

function whyUnread(where: SeenDrops['where'], isDiagnosis: boolean): string {
  return isDiagnosis
    ? 'its rules are read by "drops" of that node'
    : `the rules of ${whereText(where)} are read where it is the TARGET`;
}

/** One for all of them: a reason that is not explained is looked up once, wherever it was. */
function unexplained(one: DropKind, facts: DropsFacts, own: readonly SeenDrops[]): Occurrence {
  const places = [...new Set(own.map(({ where }) => whereText(where)))];
  const more = places.length - MOST_FLOWS;
  const where = places.slice(0, MOST_FLOWS).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const names = [...new Set(own.map(byWhom))].slice(0, MOST_PLACES).join(', ');
  return raised(one, facts, `${was(packetsOf(own))} dropped ${one.words} (${names}): ${where}.`, own);
}

function theOthers(one: DropKind, facts: DropsFacts, rest: readonly (readonly SeenDrops[])[]): Occurrence {
  const all = rest.flat();
  return raised(
    one,
    facts,
    `${was(packetsOf(all))} dropped in ${rest.length} other namespaces ${one.words}.`,
    all,
  );
}

function raised(
  { meta, comesWithPods }: DropKind,
  facts: DropsFacts,
  summary: string,
  drops: readonly SeenDrops[],
): Occurrence {
  // Who asks for a flow wants to know what becomes of it.
  const isAlarm =
    facts.received === undefined || (!comesWithPods && isMoreThanBurst(packetsOf(drops), facts.received));
  const isAsked = drops.some((one) => isAskedFor(one, facts.input)) && meta.severities.includes('warning');
  const severity = isAsked ? 'warning' : isAlarm ? (meta.severities[0] ?? 'info') : 'info';
  return occurrence(meta, severity, summary, evidenceOf(drops, facts));
}

/** In its node's network a pod's flows have the node's address; those of other pods pass there, and nobody asked for them. */
function isAskedFor({ flows }: SeenDrops, { peers, hostPod, names }: DropsInput): boolean {
  if (peers.length === 0 || hostPod === undefined || flows.length === 0) return peers.length > 0;
  const isPeer = (address: string): boolean => peers.some(({ host }) => sameAddress(host, address));
  const isPod = (address: string): boolean =>
    isPodName(Object.hasOwn(names, address) ? names[address] : undefined);
  const isOther = (one = '', other = ''): boolean =>
    isPod(one) && !isPeer(one) && (isPod(other) || isPeer(other));
  return flows.some(
    ({ source, destination }) => !isOther(source, destination) && !isOther(destination, source),
  );
}

function evidenceOf(drops: readonly SeenDrops[], facts: DropsFacts): Quote[] {
  const { result, input } = facts;
  const lines = drops.flatMap((one) => [
    `${packetsText(one.packets)} ${byWhom(one)} in ${whereText(one.where)} (net:[${one.namespace}])`,
    ...one.flows
      .slice(0, 2)
      .map(
        (flow) =>
          `  ${packetsText(flow.packets)} ${flowText(flow, input.names)}${atInterface(flow.interface, one)}`,
      ),
  ]);
  const byRule = drops.some(({ finding }) => finding === netfilter.meta.id) ? answersOf(facts, drops) : [];
  const quotes = byRule.flatMap((one) =>
    'unknown' in one || one.result === undefined
      ? []
      : [
          {
            command: one.result.command,
            excerpt: `${one.rule.text}\n${one.packets} more packets than before`,
          },
        ],
  );
  const unique = new Map(quotes.map((quote) => [quote.excerpt, quote]));
  return [
    { command: result?.command ?? [], excerpt: lines.slice(0, MOST_LINES).join('\n') },
    ...[...unique.values()].slice(0, MOST_FLOWS),
  ];
}

function atInterface(index: number, { where }: SeenDrops): string {
  return index === 0 ? '' : ` at ${where.interfaces.get(index) ?? `interface ${index}`}`;
}

/** `NETFILTER_DROP in nft_do_chain` */
function byWhom(drops: SeenDrops): string {
  return `${drops.reason} in ${drops.function || 'a function that is not known'}`;
}

function packetsOf(drops: readonly SeenDrops[]): number {
  return drops.reduce((sum, { packets }) => sum + packets, 0);
}

function was(count: number): string {
  return `${packetsText(count)} ${count === 1 ? 'was' : 'were'}`;
}
