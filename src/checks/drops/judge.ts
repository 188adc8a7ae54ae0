/** From the evidence of a watch to its result: pure, so that saved evidence gives the same result again. */

import type { Judgement } from '../../model/check.ts';
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import type { PlaceWords } from '../../model/place-words.ts';
import type { Reason } from '../../model/reason.ts';
import type { Json } from '../../model/report.ts';
import { type DropFlow, type DropPlace, type DropWatch, parseDrops } from '../../parsers/drops.ts';
import { growth, parseCounters } from '../../parsers/proc-net.ts';
import { counterSnapshots } from '../shared/counters.ts';
import { missedBy } from '../shared/drops/missed.ts';
import { conclude, type Outcome } from '../shared/judgement.ts';
import { firstLine, type Measured, read, seenOf } from '../shared/measured.ts';
import { POD_WORDS } from '../shared/place-words.ts';
import { because, noTool, tell } from '../shared/reason.ts';
import { Skips } from '../shared/skipped.ts';
import { findingOf } from './classify.ts';
import type { DropsFacts, DropsInput, SeenDrops } from './facts.ts';
import { DROP_RULES } from './rules/index.ts';
import { rulesIn } from './rules-read.ts';
import { knownPlaces } from './where.ts';
import { flowText, packetsText, protocolOf } from './words.ts';

/** What the watcher exits with where it cannot watch. */
const CANNOT = 3;
/** In the report; a table of more is read by nobody. */
const MOST_ROWS = 200;
/** Somebody who floods one place would hide all others. */
const MOST_FLOWS_OF_PLACE = 100;

const TOOL = "nettools-drops, which the project's own image has";

export function judgeDrops(evidence: Evidence, input: DropsInput, words: PlaceWords = POD_WORDS): Judgement {
  const facts = dropsFacts(evidence, input);
  const skips = new Skips(words);
  skips.add(facts.watch.skipped, 'what the kernel drops');
  for (const { what, why } of missedBy(seenOf(facts.watch)?.end)) skips.add(why, what);
  if (facts.seen.length > 0) skips.add(input.namesSkipped, 'names of some addresses');
  if (input.hostPod !== undefined && facts.seen.some(({ finding }) => finding !== undefined))
    skips.add(
      "it is in its node's network, whose drops are told, whoever's they are",
      `which drops are of pod ${input.hostPod} alone`,
    );
  return conclude(evidence, {
    found: DROP_RULES.flatMap((rule) => rule.judge(facts)),
    skips,
    measurements: measurementsOf(facts),
    otherwise: () => outcome(facts, words),
    // Without these, places have no names and drops no rule.
    explains: /^(?:namespaces|links)$|-(?:before|after)$/,
  });
}

function dropsFacts(evidence: Evidence, input: DropsInput): DropsFacts {
  const result = evidence['drops'];
  const watch: Measured<DropWatch> =
    input.unwatched === undefined ? watchOf(result) : { skipped: because(input.unwatched) };
  const counters = counterSnapshots(evidence, 'counters', parseCounters);
  const places = knownPlaces(evidence['namespaces'], evidence['links'], input);
  const seen = seenOf(watch);
  const own = seen?.own ?? '';
  const books = rulesIn(evidence);
  const flowsOf = Map.groupBy(seen?.flows ?? [], keyOf);
  return {
    watch,
    input,
    result,
    received:
      input.durationMs === 0
        ? Math.max(0, growth(counters.before, counters.after, 'Ip.InReceives') ?? 0)
        : undefined,
    seen: [...Map.groupBy(seen?.places ?? [], keyOf).values()].flatMap(([place, ...more]): SeenDrops[] => {
      if (place === undefined) return [];
      const flows = flowsOf.get(keyOf(place)) ?? [];
      const where = places.whereOf(place.namespace, own);
      const rules = place.namespace === own ? books.own : input.scope === 'own' ? books.outer : undefined;
      const all = more.reduce(added, place);
      return [{ ...all, finding: findingOf(place), where, rules, flows: alike(flows) }];
    }),
  };
}

/** A function may drop in several places, and the watcher tells them apart. */
function keyOf({ reason, function: name, namespace }: DropPlace): string {
  return `${reason} ${name} ${namespace}`;
}

function added<Drops extends DropPlace>(one: Drops, { packets }: DropPlace): Drops {
  return { ...one, packets: one.packets + packets };
}

function alike(flows: readonly DropFlow[]): DropFlow[] {
  const key = ({ packets: _, ...rest }: DropFlow): string => JSON.stringify(rest);
  return [...Map.groupBy(flows, key).values()]
    .flatMap(([first, ...more]) => (first === undefined ? [] : [more.reduce(added, first)]))
    .sort((a, b) => b.packets - a.packets);
}

function watchOf(result: ProbeResult | undefined): Measured<DropWatch> {
  return read(result, TOOL, (text, { code, stderr }): DropWatch | Reason | undefined => {
    if (code === CANNOT) return because(refusal(stderr));
    if (/not found|No such file/.test(stderr)) return noTool(TOOL);
    const watch = parseDrops(text);
    if (watch === undefined) return undefined;
    return watch.end === undefined ? because('the watch was ended before its time') : watch;
  });
}

/** `CODE: WORDS`, as the watcher prints it. */
function refusal(stderr: string): string {
  return (firstLine(stderr) ?? 'it could not watch').replace(/^[a-z-]+: /, '');
}

function outcome({ watch, seen, input }: DropsFacts, words: PlaceWords): Outcome {
  if (watch.value === undefined) {
    // A diagnosis is of much else.
    const isMissing = watch.skipped.code === 'no-tool' || input.durationMs === 0;
    return {
      status: isMissing ? 'skip' : 'error',
      summary: `What the kernel drops was not measured: ${tell(watch.skipped, words)}.`,
    };
  }
  const count = (drops: readonly SeenDrops[]): number => drops.reduce((sum, { packets }) => sum + packets, 0);
  const told = count(seen.filter(({ finding }) => finding !== undefined));
  const harmless = count(seen) - told;
  const seconds = (watch.value.end?.seconds ?? 0).toFixed(0);
  const summary = `In ${seconds} s the kernel dropped ${packetsText(told)}${watchedWords(input)} that may matter, and ${harmless} for harmless reasons${elsewhere(input)}.`;
  const gap = missedBy(watch.value.end).find(({ isBlind }) => isBlind);
  return gap === undefined
    ? { status: 'pass', summary }
    : {
        status: 'error',
        summary: `Not all could be judged (${gap.what}: ${gap.why}). What was seen: ${summary}`,
      };
}

/** Of a pod, where it was watched; empty for a machine, of which it was everywhere. */
function watchedWords({ pod, hostPod, own }: DropsInput): string {
  if (hostPod !== undefined) return " in its node's network";
  if (pod === undefined) return '';
  return own.length > 0 ? " in its own network and its node's" : ' in its own network';
}

/** Who asks for a flow is not to take what was not watched for what has arrived. */
function elsewhere({ scope, peers, pod, hostPod }: DropsInput): string {
  if (scope !== 'own' || peers.length === 0) return '';
  const who = (pod ?? hostPod) === undefined ? '' : ' (diagnose --deep does)';
  return `; what is dropped elsewhere on the way was not watched${who}`;
}

function measurementsOf({ watch, seen, input }: DropsFacts): Judgement['measurements'] {
  const all = seenOf(watch);
  const rows = seen.flatMap((one) => rowsOf(one, input)).toSorted((a, b) => b.packets - a.packets);
  return {
    seconds: all?.end?.seconds ?? null,
    kernel: all?.kernel ?? null,
    namespaces: all?.end?.namespaces ?? null,
    ...listed(
      'drops',
      'moreDrops',
      rows.filter(({ isHarmless }) => !isHarmless),
    ),
    ...listed(
      'harmless',
      'moreHarmless',
      rows.filter(({ isHarmless }) => isHarmless),
    ),
  };
}

/** The first ones, and how many others there are, where there are any. */
function listed(name: string, more: string, rows: readonly Row[]): Judgement['measurements'] {
  const rest = rows.slice(MOST_ROWS);
  const packets = rest.reduce((sum, row) => sum + row.packets, 0);
  return {
    [name]: rows.slice(0, MOST_ROWS).map(({ json }) => json),
    ...(rest.length === 0 ? {} : { [more]: { rows: rest.length, packets } }),
  };
}

interface Row {
  readonly packets: number;
  readonly isHarmless: boolean;
  readonly json: Json;
}

/** A row for each flow, and one for those that are not told of; what is harmless is one row. */
function rowsOf(one: SeenDrops, { names }: DropsInput): Row[] {
  const { reason, function: name, finding, where, namespace, packets, flows } = one;
  const base = {
    reason,
    function: name === '' ? null : name,
    finding: finding ?? null,
    place: { kind: where.kind, name: where.name, inode: namespace },
  };
  const row = (count: number, flow: DropFlow | undefined): Row => ({
    packets: count,
    isHarmless: finding === undefined,
    json: {
      ...base,
      packets: count,
      flow: flow === undefined ? null : flowJson(flow, names),
      interface: flow && flow.interface > 0 ? (where.interfaces.get(flow.interface) ?? flow.interface) : null,
    },
  });
  if (finding === undefined) return [row(packets, undefined)];
  const told = flows.slice(0, MOST_FLOWS_OF_PLACE);
  const rest = told.reduce((left, flow) => left - flow.packets, packets);
  return [...told.map((flow) => row(flow.packets, flow)), ...(rest > 0 ? [row(rest, undefined)] : [])];
}

function flowJson(flow: DropFlow, names: DropsInput['names']): Json {
  const side = (address: string | undefined, port: number | undefined): Json =>
    address === undefined ? null : { address, name: names[address] ?? null, port: port || null };
  return {
    text: flowText(flow, names),
    protocol: protocolOf(flow),
    source: side(flow.source, flow.sourcePort),
    destination: side(flow.destination, flow.destinationPort),
  };
}
