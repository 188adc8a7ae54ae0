/** Why a place loses a packet, by what its own kernel counts and knows. Pure. */
import { parsePrefix, sameAddress } from '../../parsers/ip-prefix.ts';
import { growth } from '../../parsers/proc-net.ts';
import { inTable, longestMatch } from '../shared/lookup.ts';
import { seenOf } from '../shared/measured.ts';
import { meta as acceptQueue } from '../shared/metas/accept-queue.ts';
import { meta as badChecksums } from '../shared/metas/bad-checksums.ts';
import { meta as reversePathMeta } from '../shared/metas/reverse-path.ts';
import { meta as silentNeighbour } from '../shared/metas/silent-neighbour.ts';
import { quoteCounters } from '../shared/quote.ts';
import type { Loss, Point } from './facts.ts';
import type { KnownCause } from './story.ts';

/** Damaged packets are thrown away: at least as many as tries of this probe came in. */
export function badChecksum({ last }: Loss): KnownCause | undefined {
  const wrong = grownBy(last, 'Tcp.InCsumErrors');
  return wrong === 0
    ? undefined
    : {
        words: `; meanwhile ${wrong} TCP ${wrong === 1 ? 'packet was' : 'packets were'} discarded there for a wrong checksum`,
        quotes: quoteGrowth(last, 'Tcp.InCsumErrors'),
        remedy: badChecksums.remedy,
      };
}

/** A SYN that finds the accept queue full is dropped: at least as many as tries of this probe came in. */
export function fullQueue({ last }: Loss): KnownCause | undefined {
  const full = grownBy(last, 'TcpExt.ListenOverflows');
  return full === 0
    ? undefined
    : {
        words: `; meanwhile an accept queue there was full ${full} ${full === 1 ? 'time' : 'times'}, and what came was dropped`,
        quotes: quoteGrowth(last, 'TcpExt.ListenOverflows'),
        remedy: acceptQueue.remedy,
      };
}

/** The packet came into the place, and the kernel there would answer its source through another interface. */
export function reversePath(loss: Loss): KnownCause | undefined {
  const { last, missed } = loss;
  if (last?.place !== missed.place) return undefined;
  const dropped = grownBy(last, 'TcpExt.IPReversePathFilter');
  return dropped === 0
    ? undefined
    : {
        words: `; meanwhile the reverse path filter there dropped ${dropped} ${dropped === 1 ? 'packet' : 'packets'}`,
        quotes: quoteGrowth(last, 'TcpExt.IPReversePathFilter'),
        remedy: reversePathMeta.remedy,
      };
}

/** The states of an entry that was asked for in vain, or still is (rtnetlink(7)). */
const SILENT: readonly string[] = ['FAILED', 'INCOMPLETE'];

/** The packet came into the place, and the neighbour that it goes on to does not answer: it never leaves. */
export function silentNextHop({ last, missed }: Loss): KnownCause | undefined {
  const { place } = missed;
  if (last === undefined || last.place !== place) return undefined;
  const came = seenOf(place.segments)?.find(({ line }) => last.lines?.includes(line));
  // What is missed is the packet itself, or the answer to it.
  const to = last.packet === missed.packet ? came?.destination : came?.source;
  const address = to === undefined ? undefined : parsePrefix(to);
  if (to === undefined || address === undefined) return undefined;
  const route = longestMatch(address, inTable(place.routes ?? [], 'main'));
  if (route === undefined || route.gateways.length > 1) return undefined;
  const hop = route.gateways[0] ?? to;
  const entry = place.neighbours?.find(
    (one) =>
      SILENT.includes(one.state) && sameAddress(one.address, hop) && route.devices.includes(one.device),
  );
  if (entry === undefined) return undefined;
  const who = hop === to ? hop : `the gateway ${hop} on the way to ${to}`;
  return {
    words: `; ${place.place.label} asked for ${who} on ${entry.device}, and nothing answers (${entry.state})`,
    quotes: [
      {
        command: [`[${place.place.label}]`, ...(place.neighboursResult?.command ?? [])],
        excerpt: `${entry.address} dev ${entry.device} ${entry.state}`,
      },
    ],
    remedy: silentNeighbour.remedy,
  };
}

/** By how much a counter grew where the probe was seen last; 0 where by less than tries came in. */
function grownBy(last: Point | undefined, counter: string): number {
  if (last?.lines === undefined) return 0;
  const { before, after } = last.place.counters;
  const grown = growth(before, after, counter) ?? 0;
  return grown < triesAt(last.lines) ? 0 : grown;
}

/** A node sees each of them on the pod's link and on its bridge: those of one interface, the second word, are the tries. */
function triesAt(lines: readonly string[]): number {
  const interfaces = lines.map((line) => line.trim().split(' ')[1]);
  return Math.max(0, ...interfaces.map((name) => interfaces.filter((one) => one === name).length));
}

function quoteGrowth(last: Point | undefined, counter: string): KnownCause['quotes'] {
  if (last === undefined) return [];
  const { label } = last.place.place;
  const { before, after, quotes } = last.place.counters;
  return quoteCounters(quotes, before, after, [counter]).map((quote) => ({
    ...quote,
    command: [`[${label}]`, ...quote.command],
  }));
}
