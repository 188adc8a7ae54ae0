/** A loss in words, and the lines that prove it. Pure. */

import { type Advice, withNode } from '../../model/advice.ts';
import type { FindingMeta, Occurrence } from '../../model/finding.ts';
import type { Quote } from '../../model/report.ts';
import { socketAddress } from '../../model/socket-address.ts';
import { netfilter } from '../shared/drops/kinds/netfilter.ts';
import { outcomeText, quoteTries } from '../shared/reach-probe.ts';
import { tell } from '../shared/reason.ts';
import { occurrence, type Rule } from '../shared/rule.ts';
import { byRule, countOf, quoteDrop, reasonOf, whereDropped } from './drops.ts';
import type { EndFacts, Exit, Loss, PathFacts, PathsFacts, Point } from './facts.ts';
import { isOfOverlay } from './gathered.ts';

/** A cause that a rule knows by more than the loss itself. */
export interface KnownCause {
  /** Continues the sentence of the loss. */
  readonly words: string;
  readonly quotes: readonly Quote[];
  readonly remedy: Advice;
}

/** A rule that raises its finding for each path whose loss is of one kind. */
export function lossRule(
  meta: FindingMeta,
  applies: (loss: Loss) => boolean,
  sentence: (path: PathFacts, loss: Loss) => string,
  known: (path: PathFacts, loss: Loss) => KnownCause | undefined = () => undefined,
): Rule<PathsFacts> {
  return {
    meta,
    judge: ({ paths }) =>
      paths.flatMap((path): Occurrence[] =>
        path.loss !== undefined && applies(path.loss)
          ? [told(meta, path, path.loss, sentence(path, path.loss), known(path, path.loss))]
          : [],
      ),
  };
}

function told(
  meta: FindingMeta,
  path: PathFacts,
  loss: Loss,
  sentence: string,
  known: KnownCause | undefined,
): Occurrence {
  const { hit } = path;
  const words = loss.answered === undefined ? sentence : answeredFor(path, loss, loss.answered);
  return occurrence(
    meta,
    'critical',
    `${words}${dropWords(path)}${known?.words ?? ''}${ruleWords(path)}.`,
    [
      ...quotePoint(loss.last),
      ...quotePoint(loss.answered),
      ...(path.drop === undefined ? [] : quoteDrop(path.drop)),
      ...(known?.quotes ?? []),
      ...quoteHit(path),
      ...quoteTries(path.reachResult, 2),
    ],
    {
      subject: path.destination.label,
      remediation:
        hit === undefined
          ? (known?.remedy ?? suspectRemedy(path) ?? dropRemedy(path) ?? atLoss(meta.remedy, loss))
          : `Change the rule where it is made (${hit.rule.source}): ${hit.rule.text}`,
    },
  );
}

/** The answer of somebody else proves only that the packet was stopped. */
function answeredFor(path: PathFacts, loss: Loss, answered: Point): string {
  return `${endOf(path)} does not answer itself: the probe never arrives there, it is lost ${where(loss)}, and what comes back (${outcomeOf(path)}) is made on the way in its name, and seen first at ${placeOf(answered)}`;
}

/** The rule at the place of the loss, by its counter or, where it has none, by what it says. */
function ruleWords({ hit, suspect, address, port }: PathFacts): string {
  if (hit !== undefined) {
    const carries = isOfOverlay(hit.rule) ? ', to the port of an overlay,' : '';
    return `; a rule there counted ${hit.packets} ${hit.packets === 1 ? 'packet' : 'packets'}${carries} meanwhile: ${hit.rule.text}`;
  }
  if (suspect === undefined) return '';
  const packet = `TCP to ${socketAddress(address, port)}`;
  return suspect.maySpare
    ? `; ${suspect.text} may be what stops it: it counts nothing, and not all rules before it are understood`
    : `; ${suspect.text}: it counts nothing, and no rule before it in its chain accepts ${packet}`;
}

/** What the kernel itself says of the loss. */
function dropWords({ drop, hit, suspect }: PathFacts): string {
  if (drop === undefined) return '';
  const { packets } = drop.flow;
  const rule = hit === undefined && suspect === undefined ? byRule(drop) : '';
  return `; ${countOf(packets)} ${packets === 1 ? 'was' : 'were'} dropped ${whereDropped(drop)} ${drop.kind.words} (${reasonOf(drop)})${rule}`;
}

/** The netfilter's own says to look for the rule, and so does the loss's. */
function dropRemedy({ drop }: PathFacts): Advice | undefined {
  return drop === undefined || drop.kind === netfilter ? undefined : drop.kind.meta.remedy;
}

function suspectRemedy({ suspect }: PathFacts): string | undefined {
  return suspect && `Accept it before, or change the rule where it is made: ${suspect.text}`;
}

/** With the node that lost the packet in place of the target's. */
function atLoss(remedy: Advice, { last, missed }: Loss): Advice {
  const at = [missed, last].find((point) => point?.place.place.node !== undefined);
  return at === undefined ? remedy : withNode(remedy, placeOf(at));
}

/** The last place that saw it proves how far it came. */
export function quotePoint(point: Point | undefined): Quote[] {
  const [line] = point?.lines ?? [];
  const command = point?.place.seen?.command;
  return line === undefined || command === undefined
    ? []
    : [{ command: [`[${point?.place.place.label}]`, ...command], excerpt: line }];
}

function quoteHit({ hit }: PathFacts): Quote[] {
  if (!hit?.result) return [];
  return [
    { command: hit.result.command, excerpt: `${hit.rule.text}\n${hit.packets} more packets than before` },
  ];
}

/** `svc/web → web-0 (198.51.100.7:80)`. */
export function endOf({ destination, address, port }: PathFacts): string {
  return named(destination.label, address, port);
}

/** The same of an end alone. */
export function endName({ destination, port }: EndFacts): string {
  return named(destination.label, destination.host, port);
}

function named(label: string, address: string, port: number): string {
  return `${label} (${socketAddress(address, port)})`;
}

/** What was seen of a probe that is lost beyond the node, and of the node's own. */
export function exitText(path: PathFacts, { place, device, source, control, answered }: Exit): string {
  const last = control.value?.tries.at(-1)?.outcome;
  const own =
    answered !== undefined
      ? `, while the node's own from ${answered.source} is answered`
      : last === 'unanswered'
        ? ', and neither is what the node sends itself'
        : '';
  return `${outcomeOf(path)}; what the target sends leaves ${place.place.label} by ${device} with the source address ${source} and is not answered to the node${own}`;
}

/** What connect() came to, in words. */
export function outcomeOf({ reach }: PathFacts): string {
  return reach.value ? outcomeText(reach.value) : tell(reach.skipped);
}

/** The place that a point is at, as the user calls it. */
export function placeOf({ place }: Point): string {
  return place.place.label;
}

/** Where it was seen last and missed first: `in node/n1`, `between pod/a and node/n1`. */
export function where({ last, missed }: Loss): string {
  if (last === undefined || last.place === missed.place) return `in ${placeOf(missed)}`;
  return `between ${placeOf(last)} and ${placeOf(missed)}`;
}
