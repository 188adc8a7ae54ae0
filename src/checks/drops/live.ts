/** What the watch for drops has seen while it goes on. */
import type { Evidence } from '../../model/evidence.ts';
import type { LiveView, LiveWatch } from '../../model/live.ts';
import {
  type DropFlow,
  type DropNow,
  type DropPlace,
  parseDropNews,
  parseDrops,
} from '../../parsers/drops.ts';
import { left, right } from '../shared/cells.ts';
import { findingOf } from './classify.ts';
import type { DropsInput } from './facts.ts';
import { DROP_RULES } from './rules/index.ts';
import { type KnownPlaces, knownPlaces } from './where.ts';
import { flowText, packetsText } from './words.ts';

/** Of one place; the watcher tells no more at a time (image/drops/live.c), and others as they come and go. */
const FLOWS_OF_PLACE = 3;
/** No screen has more rows. */
const MOST_ROWS = 200;
/** The watcher's own limit is far below. */
const MOST_PLACES = 1000;

const COLUMNS = [right('PACKETS'), right('RATE'), left('REASON'), left('PLACE'), left('FLOW')];

/** What is counted, as it was when it was last told. */
interface Counted<Drops extends DropPlace> {
  readonly drops: Drops;
  /** A second, in the last one that was told of. */
  readonly rate: number;
  /** When it changed last, in seconds of the watch. */
  readonly at: number;
}

interface SeenPlace extends Counted<DropPlace> {
  flows: readonly Counted<DropFlow>[];
}

export class LiveDrops implements LiveWatch {
  readonly probe = 'drops';
  readonly words = ['--live'];
  readonly naming = ['namespaces'];
  readonly #input: DropsInput;
  readonly #seen = new Map<string, SeenPlace>();
  readonly #lookedFor = new Set<string>();
  /** Without their namespaces: a row has room for both ends of a flow; the report has them in full. */
  readonly #names: DropsInput['names'];
  #places: KnownPlaces;
  #own: string | undefined;
  #seconds = 0;

  constructor(input: DropsInput) {
    this.#input = input;
    this.#names = Object.fromEntries(
      Object.entries(input.names).map(([address, name]) => [address, name.replace(/[^\s/]+\//, '')]),
    );
    this.#places = knownPlaces(undefined, undefined, input);
  }

  take(line: string): boolean {
    const news = parseDropNews(line);
    if (news === undefined) {
      this.#own ??= parseDrops(line)?.own;
      return false;
    }
    const since = this.#seconds;
    this.#seconds = news.seconds;
    for (const one of news.places) {
      const key = keyOf(one);
      const before = this.#seen.get(key);
      if (before === undefined && this.#seen.size >= MOST_PLACES) continue;
      this.#seen.set(key, { ...this.#counted(one.drops, before, since), flows: before?.flows ?? [] });
    }
    for (const one of news.flows) {
      const place = this.#seen.get(keyOf(one));
      if (place === undefined) continue;
      const key = flowKey(one.drops);
      const isSame = ({ drops }: Counted<DropFlow>): boolean => flowKey(drops) === key;
      const flow = this.#counted(one.drops, place.flows.find(isSame), since);
      place.flows = [flow, ...place.flows.filter((other) => !isSame(other))]
        .toSorted((a, b) => b.drops.packets - a.drops.packets)
        .slice(0, FLOWS_OF_PLACE);
    }
    return true;
  }

  #counted<Drops extends DropPlace>(
    drops: Drops,
    before: Counted<Drops> | undefined,
    since: number,
  ): Counted<Drops> {
    const [packets, at] = [drops.packets - (before?.drops.packets ?? 0), this.#seconds];
    return { drops, rate: at > since ? Math.max(0, packets) / (at - since) : 0, at };
  }

  learn(evidence: Evidence): void {
    const list = evidence['namespaces'];
    if (list === undefined) return;
    this.#places = knownPlaces(list, undefined, this.#input);
    // Who is in none of them now has left.
    for (const { drops } of this.#seen.values()) this.#lookedFor.add(drops.namespace);
  }

  get lacksNames(): boolean {
    return (
      this.#input.scope === 'machine' &&
      [...this.#seen.values()].some(
        ({ drops: { namespace } }) => !this.#places.has(namespace) && !this.#lookedFor.has(namespace),
      )
    );
  }

  get view(): LiveView | undefined {
    if (this.#own === undefined) return undefined;
    const all = [...this.#seen.values()].map((one) => ({ ...one, finding: findingOf(one.drops) }));
    const telling = all.filter(({ finding }) => finding !== undefined);
    const count = (places: readonly SeenPlace[]): number =>
      places.reduce((sum, { drops }) => sum + drops.packets, 0);
    return {
      seconds: this.#seconds,
      ofSeconds: this.#input.durationMs / 1000,
      summary: `${packetsText(count(telling))} that may matter, ${count(all) - count(telling)} harmless`,
      table: {
        columns: COLUMNS,
        rows: telling
          .flatMap((one) => this.#rowsOf(one).map((row) => ({ ...row, weight: weightOf(one.finding) })))
          .toSorted((a, b) => b.weight - a.weight || b.packets - a.packets)
          .slice(0, MOST_ROWS)
          .map(({ cells }) => cells),
      },
    };
  }

  /** One for each flow that is known, and one for the rest. */
  #rowsOf({ flows, ...place }: SeenPlace): { readonly packets: number; readonly cells: readonly string[] }[] {
    const { kind, name } = this.#places.whereOf(place.drops.namespace, this.#own ?? '');
    const isNamed = kind === 'pod' || kind === 'container';
    const where = isNamed ? `${kind} ${name}` : name;
    const rowOf = (packets: number, rate: number, flow: string) => ({
      packets,
      cells: [String(packets), rateText(rate), place.drops.reason, where, flow],
    });
    const rates = flows.map((flow) => this.#rateNow(flow));
    const rest = flows.reduce((left, { drops }) => left - drops.packets, place.drops.packets);
    const restRate = rates.reduce((left, rate) => left - rate, this.#rateNow(place));
    return [
      ...flows.map(({ drops }, i) => rowOf(drops.packets, rates[i] ?? 0, flowText(drops, this.#names))),
      ...(rest > 0 ? [rowOf(rest, Math.max(0, restRate), flows.length > 0 ? 'other flows' : '')] : []),
    ];
  }

  /** What was not told of has not changed. */
  #rateNow({ rate, at }: Counted<DropPlace>): number {
    return at === this.#seconds ? rate : 0;
  }
}

/** What no sane network has stands above what may be meant. */
function weightOf(finding: string | undefined): number {
  const rule = DROP_RULES.find(({ meta }) => meta.id === finding);
  return rule?.meta.severities[0] === 'warning' ? 1 : 0;
}

function keyOf({ site, drops: { reason, function: name, namespace } }: DropNow<DropPlace>): string {
  return `${site} ${reason} ${name} ${namespace}`;
}

function flowKey({ packets: _, ...flow }: DropFlow): string {
  return JSON.stringify(flow);
}

function rateText(rate: number): string {
  const rounded = Math.round(rate);
  if (rounded === 0) return rate > 0 ? '<1/s' : '';
  return rounded < 10_000 ? `${rounded}/s` : `${Math.round(rounded / 1000)}k/s`;
}
