/** Which rule of netfilter dropped packets of a flow, by the counters of the rules and by what they ask. Pure. */

import type { Reason } from '../../../model/reason.ts';
import type { DropFlow } from '../../../parsers/drops.ts';
import type { FilterRule } from '../../../parsers/filter-rules.ts';
import { type Fields, fits, holdsAll } from '../packet.ts';
import { tell } from '../reason.ts';
import type { RuleHit, RuleSnapshots } from '../rule-hits.ts';
import { withElement } from '../set-element.ts';

/** The rule, or why it cannot be told, in words that end a sentence. */
export type RuleOf =
  | {
      readonly rule: FilterRule;
      /** So many packets met it meanwhile, whoever's; `undefined`: it counts nothing. */
      readonly packets: number | undefined;
      readonly result: RuleHit['result'];
    }
  | { readonly unknown: string };

type Found = Extract<RuleOf, { rule: FilterRule }>;

/** The rules of one network namespace, as they were read before and after. */
export interface Rules extends Pick<RuleSnapshots, 'grown' | 'uncounted'> {
  /** Why they could not be read, or not all of them. */
  readonly skipped: Reason | undefined;
}

/** As rules name them; of others the number stands. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'ipv6-icmp',
  132: 'sctp',
};

/**
 * Of one rule alone it is said that it was this one: that no other one may have done it is the proof.
 * @param flow of packets that netfilter dropped in the namespace of these rules
 */
export function ruleOf(flow: DropFlow, { grown, uncounted, skipped }: Rules): RuleOf {
  const fields = fieldsOf(flow);
  if (fields === undefined) return { unknown: 'what these frames hold is not what rules are read for' };
  const meets = (rule: FilterRule): boolean =>
    isOfFamily(rule, flow) && fits(rule.matches, fields) && !rule.spared.some((one) => holdsAll(one, fields));
  const counted = grown.filter(({ rule, packets }) => packets >= flow.packets && meets(rule));
  const silent = uncounted
    // What jumps to a chain asks for more, and is not known.
    .filter((rule) => rule.hook !== undefined && rule.isUnderstood && !rule.maySpare && meets(rule))
    .map((rule): Found => ({ rule, packets: undefined, result: undefined }));
  // One that counted as many packets goes before one of which nothing is known.
  const all: readonly Found[] = counted.length > 0 ? counted : silent;
  const understood = all.filter(({ rule }) => rule.isUnderstood);
  const [only, ...more] = understood.length > 0 ? understood : all;
  if (only !== undefined && more.length === 0)
    return { ...only, rule: withElement(only.rule, fields, new Map()) };
  if (only !== undefined)
    return {
      unknown: `${more.length + 1} rules may have met it: ${[only, ...more]
        .slice(0, 2)
        .map(({ rule }) => rule.text)
        .join(' and ')}${more.length > 1 ? ' and others' : ''}`,
    };
  return {
    unknown:
      skipped === undefined
        ? 'no rule that fits counted as many packets meanwhile, and none that counts nothing is certain to meet it'
        : tell(skipped),
  };
}

function fieldsOf({
  protocol,
  source,
  destination,
  sourcePort,
  destinationPort,
}: DropFlow): Fields | undefined {
  return source === undefined || destination === undefined
    ? undefined
    : {
        protocol: PROTOCOLS[protocol] ?? String(protocol),
        saddr: source,
        daddr: destination,
        // 0 is a client's, which is not told.
        sport: sourcePort || undefined,
        dport: destinationPort || undefined,
      };
}

function isOfFamily({ family }: FilterRule, { source = '' }: DropFlow): boolean {
  return family !== 'arp' && family !== (source.includes(':') ? 'ip' : 'ip6');
}

/** `; by: -t filter -A FORWARD …` */
export function ruleOfText(answer: RuleOf): string {
  if ('unknown' in answer) return `; which rule that is could not be told: ${answer.unknown}`;
  const { rule, packets } = answer;
  const counted =
    packets === undefined ? 'counts nothing' : `counted ${packets} ${packets === 1 ? 'packet' : 'packets'}`;
  return `; by ${rule.text} (it ${counted})`;
}
