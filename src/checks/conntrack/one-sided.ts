/** Answers that a node drops, since no question of theirs came by it. Pure. */
import type { Evidence, ProbeResult } from '../../model/evidence.ts';
import { socketAddress } from '../../model/socket-address.ts';
import type { FilterRule } from '../../parsers/filter-rules.ts';
import { parseInterfaces } from '../../parsers/ip-addr.ts';
import { parseSegments, type SeenSegment } from '../../parsers/tcpdump-tcp.ts';
import { grown } from '../shared/grown-rules.ts';
import { read, seenOf } from '../shared/measured.ts';
import { dropsForwarded, rulesOf } from './invalid-rules.ts';

/** Segments that open connections, heard for a while after the run. */
export const OPENING = 'opening';
/** Rules as they are by then. */
export const LATER = '-later';
/** The node's own addresses. */
export const OWN = 'own-addresses';

/** One answer may be late; who is not acknowledged sends it again. */
const LEAST_ANSWERS = 2;

/** Who answers whom by a way that the question did not take. */
export interface OneSided {
  readonly answers: readonly { readonly from: string; readonly to: string; readonly device: string }[];
  /** How many came, of all of them. */
  readonly count: number;
  /** The rule that drops them. `packets`: by how many its counter grew in the run; absent: it counts none. */
  readonly rule: { readonly rule: FilterRule; readonly packets?: number };
  readonly result: ProbeResult;
  readonly lines: readonly string[];
}

/** `undefined`: there are none, or it was not looked for. */
export function oneSidedOf(evidence: Evidence): OneSided | undefined {
  const result = evidence[OPENING];
  const rule = dropperOf(evidence);
  const own = read(evidence[OWN], 'ip', parseInterfaces).value;
  if (result === undefined || rule === undefined || own === undefined) return undefined;
  const ownAddresses = new Set(own.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  const segments = seenOf(read(result, 'tcpdump', parseSegments, { endsByTime: true })) ?? [];
  const asked = new Set(segments.filter(({ flags }) => /^S[EWC]*$/.test(flags)).map(backwards));
  const out = segments.filter(({ outgoing }) => outgoing);
  const wentOn = new Set([...out.map(forwards), ...out.flatMap(numbersOf)]);
  const stray = segments.filter(
    (one) =>
      one.flags.startsWith('S.') &&
      !one.outgoing &&
      !ownAddresses.has(one.destination) &&
      !asked.has(forwards(one)) &&
      !isOfAnother(one) &&
      !wentOn.has(forwards(one)) &&
      !numbersOf(one).some((numbers) => wentOn.has(numbers)),
  );
  const again = [...Map.groupBy(stray, forwards).values()].filter(({ length }) => length >= LEAST_ANSWERS);
  const firsts = again.flatMap(([first]) => first ?? []);
  if (firsts.length === 0) return undefined;
  return {
    answers: firsts.map(({ source, sourcePort, destination, destinationPort, device }) => ({
      from: socketAddress(source, sourcePort),
      to: socketAddress(destination, destinationPort),
      device,
    })),
    count: again.flat().length,
    rule,
    result,
    lines: again.flat().map(({ line }) => line),
  };
}

function forwards({ source, sourcePort, destination, destinationPort }: SeenSegment): string {
  return `${socketAddress(source, sourcePort)} ${socketAddress(destination, destinationPort)}`;
}

function backwards({ source, sourcePort, destination, destinationPort }: SeenSegment): string {
  return `${socketAddress(destination, destinationPort)} ${socketAddress(source, sourcePort)}`;
}

/**
 * By what a segment is the same one behind a translation: what a pod or a container answers goes on from the address and the
 * port that the client has asked (NodePorts, published ports). None where tcpdump has printed too little.
 */
function numbersOf({ sequence, acknowledged }: SeenSegment): string[] {
  return sequence === undefined || acknowledged === undefined ? [] : [`${sequence} ${acknowledged}`];
}

/** For another machine: a link that is promiscuous hears it (P), and the kernel drops it before any rule. */
function isOfAnother({ line }: SeenSegment): boolean {
  return /^\S+ \S+ +P /.test(line);
}

/** The rule that drops what is invalid, as the first tool that has it writes it: one that counted packets, or counts none. */
function dropperOf(evidence: Evidence): OneSided['rule'] | undefined {
  const before = rulesOf(evidence);
  const found = rulesOf(evidence, LATER).flatMap((later, i) => {
    const drops = (seenOf(later)?.rules ?? []).filter(dropsForwarded);
    const earlier = before[i]?.value?.rules;
    // Where nobody looked before the run, what it has counted so far is all that is known.
    const counted =
      earlier === undefined
        ? drops.flatMap((rule) => ((rule.packets ?? 0) > 0 ? [{ rule }] : []))
        : grown(earlier, drops);
    return [...counted, ...drops.filter(({ packets }) => packets === undefined).map((rule) => ({ rule }))];
  });
  return found.find((one) => 'packets' in one) ?? found[0];
}
