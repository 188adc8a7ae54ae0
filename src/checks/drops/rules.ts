/** Each class of drops is a finding, for each namespace in which it was seen. Pure. */
import type { Occurrence } from '../../model/finding.ts';
import type { Quote } from '../../model/report.ts';
import { occurrence, type Rule } from '../shared/rule.ts';
import { CLASSES, classOf, type DropClass, OTHER } from './catalogue.ts';
import type { DropsFacts, SeenDrops } from './facts.ts';
import { flowText, packetsText, whereText } from './words.ts';

/** A node has a hundred pods: what is in more namespaces is one finding for the rest of them. */
const MOST_PLACES = 5;
/** In a sentence. */
const MOST_FLOWS = 2;
const MOST_LINES = 6;

function ruleOf(one: DropClass): Rule<DropsFacts> {
  return {
    meta: one.meta,
    judge: (facts) => {
      const own = facts.seen.filter((drops) => classOf(drops.reason, drops.function) === one);
      if (own.length > 0 && one === OTHER) return [unexplained(facts, own)];
      const groups = [...Map.groupBy(own, ({ namespace }) => namespace).values()];
      const sorted = groups.toSorted((a, b) => packetsOf(b) - packetsOf(a));
      const [shown, rest] = [sorted.slice(0, MOST_PLACES), sorted.slice(MOST_PLACES)];
      return [
        ...shown.map((group) => found(one, facts, group)),
        ...(rest.length === 0 ? [] : [theOthers(one, facts, rest)]),
      ];
    },
  };
}

function found(one: DropClass, facts: DropsFacts, group: readonly SeenDrops[]): Occurrence {
  const where = group[0] && whereText(group[0].where);
  const names = [...new Set(group.map(byWhom))].join(', ');
  const flows = group.flatMap((drops) => drops.flows).toSorted((a, b) => b.packets - a.packets);
  const texts = [...new Set(flows.map((flow) => flowText(flow, facts.input.names)))];
  const more = texts.length - MOST_FLOWS;
  const which = texts.slice(0, MOST_FLOWS).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return raised(
    one,
    facts,
    `${was(packetsOf(group))} dropped in ${where} ${one.words} (${names})${which === '' ? '' : `: ${which}`}.`,
    group,
  );
}

/** One for all of them: a reason that is not explained is looked up once, wherever it was. */
function unexplained(facts: DropsFacts, own: readonly SeenDrops[]): Occurrence {
  const places = [...new Set(own.map(({ where }) => whereText(where)))];
  const more = places.length - MOST_FLOWS;
  const where = places.slice(0, MOST_FLOWS).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const names = [...new Set(own.map(byWhom))].slice(0, MOST_PLACES).join(', ');
  return raised(OTHER, facts, `${was(packetsOf(own))} dropped ${OTHER.words} (${names}): ${where}.`, own);
}

function theOthers(one: DropClass, facts: DropsFacts, rest: readonly (readonly SeenDrops[])[]): Occurrence {
  const all = rest.flat();
  return raised(
    one,
    facts,
    `${was(packetsOf(all))} dropped in ${rest.length} other namespaces ${one.words}.`,
    all,
  );
}

function raised(
  { meta }: DropClass,
  facts: DropsFacts,
  summary: string,
  drops: readonly SeenDrops[],
): Occurrence {
  // Who asks for a flow wants to know what becomes of it.
  const isAsked = facts.input.peers.length > 0 && meta.severities.includes('warning');
  const severity = isAsked ? 'warning' : (meta.severities[0] ?? 'info');
  return occurrence(meta, severity, summary, evidenceOf(drops, facts));
}

function evidenceOf(drops: readonly SeenDrops[], { result, input }: DropsFacts): Quote[] {
  const lines = drops.flatMap((one) => [
    `${packetsText(one.packets)} ${byWhom(one)} in ${whereText(one.where)} (net:[${one.namespace}])`,
    ...one.flows
      .slice(0, 2)
      .map(
        (flow) =>
          `  ${packetsText(flow.packets)} ${flowText(flow, input.names)}${atInterface(flow.interface, one)}`,
      ),
  ]);
  return [{ command: result?.command ?? [], excerpt: lines.slice(0, MOST_LINES).join('\n') }];
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

export const DROP_RULES: readonly Rule<DropsFacts>[] = [...CLASSES, OTHER].map(ruleOf);
