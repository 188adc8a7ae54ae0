/** A kind of drop as a rule: what it is raised for, and what is said of it, in each namespace in which it was seen. Pure. */
import type { FindingMeta, Occurrence } from '../../model/finding.ts';
import type { Quote } from '../../model/report.ts';
import { occurrence, type Rule } from '../shared/rule.ts';
import type { DropsFacts, SeenDrops } from './facts.ts';
import { flowText, packetsText, whereText } from './words.ts';

/** A node has a hundred pods: what is in more namespaces is one finding for the rest of them. */
const MOST_PLACES = 5;
/** In a sentence. */
const MOST_FLOWS = 2;
const MOST_LINES = 6;

/** The names of reasons come from the running kernel; what people make of them comes from here. */
const SOURCE = 'kernel: include/net/dropreason-core.h';

/** A kind of drop that somebody acts on in one way. */
interface DropClass {
  readonly meta: FindingMeta;
  /** What a sentence says of the packets: `were dropped by …`. */
  readonly words: string;
}

export interface DropRule extends DropClass, Rule<DropsFacts> {
  /** As `include/net/dropreason-core.h` has them, without SKB_DROP_REASON_; absent: any. */
  readonly reasons?: readonly string[];
  /** Only where one of these functions dropped it, for a reason that means several things. */
  readonly functions?: readonly string[];
  /** Functions that drop for this and name a reason that elsewhere means something else, or none (NOT_SPECIFIED). */
  readonly alsoIn?: Readonly<Record<string, readonly string[]>>;
}

interface Described extends Pick<DropClass, 'words'> {
  readonly id: FindingMeta['id'];
  readonly title: string;
  readonly meaning: string;
  readonly remedy: FindingMeta['remedy'];
}

/** What a class adds to what all of them have in common. */
interface Entry extends Described {
  readonly reasons: readonly string[];
  readonly functions?: readonly string[];
  readonly alsoIn?: Readonly<Record<string, readonly string[]>>;
  /** `warning`: no sane network has it. `info`: it may be meant; a warning all the same where --to asks for the flow. */
  readonly severity: 'warning' | 'info';
  /** Besides the kernel's list of reasons. */
  readonly source: string;
}

export function dropRule({ id, title, severity, meaning, remedy, source, words, ...fits }: Entry): DropRule {
  const where = (functions?: readonly string[]): string => (functions ? ` in ${functions.join(', ')}` : '');
  const elsewhere = Object.entries(fits.alsoIn ?? {}).map(([reason, names]) => `, ${reason}${where(names)}`);
  const which = `${fits.reasons.join(', ')}${where(fits.functions)}${elsewhere.join('')}`;
  const meta: FindingMeta = {
    id,
    title,
    severities: severity === 'info' ? ['info', 'warning'] : ['warning'],
    meaning,
    rule: `The kernel dropped a packet for one of the reasons ${which}${severity === 'info' ? '; warning where --to asks for its flow, else info' : ''}.`,
    source: `${SOURCE}; ${source}`,
    remedy,
  };
  const one = { meta, words };
  return {
    ...one,
    ...fits,
    judge: (facts) => {
      const groups = [...Map.groupBy(dropsOf(one, facts), ({ namespace }) => namespace).values()];
      const sorted = groups.toSorted((a, b) => packetsOf(b) - packetsOf(a));
      const [shown, rest] = [sorted.slice(0, MOST_PLACES), sorted.slice(MOST_PLACES)];
      return [
        ...shown.map((group) => found(one, facts, group)),
        ...(rest.length === 0 ? [] : [theOthers(one, facts, rest)]),
      ];
    },
  };
}

/** For all that no other rule is for: a reason is looked up once, wherever it was. */
export function otherDrops({ id, title, meaning, remedy, words }: Described): DropRule {
  const rule = 'The kernel dropped a packet for a reason that is in no other finding and not harmless.';
  const one = {
    words,
    meta: { id, title, severities: ['info'], meaning, rule, source: SOURCE, remedy },
  } as const;
  return {
    ...one,
    judge: (facts) => {
      const own = dropsOf(one, facts);
      return own.length === 0 ? [] : [unexplained(one, facts, own)];
    },
  };
}

function dropsOf({ meta }: DropClass, { seen }: DropsFacts): SeenDrops[] {
  return seen.filter(({ finding }) => finding === meta.id);
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
function unexplained(one: DropClass, facts: DropsFacts, own: readonly SeenDrops[]): Occurrence {
  const places = [...new Set(own.map(({ where }) => whereText(where)))];
  const more = places.length - MOST_FLOWS;
  const where = places.slice(0, MOST_FLOWS).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const names = [...new Set(own.map(byWhom))].slice(0, MOST_PLACES).join(', ');
  return raised(one, facts, `${was(packetsOf(own))} dropped ${one.words} (${names}): ${where}.`, own);
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
