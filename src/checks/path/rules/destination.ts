import { advice, verbatim } from '../../../model/advice.ts';
import { isLoopback } from '../../../parsers/listeners.ts';
import { growth } from '../../../parsers/proc-net.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import { meta as badChecksums } from '../../shared/metas/bad-checksums.ts';
import { quoteCounters } from '../../shared/quote.ts';
import type { Loss, PathFacts } from '../facts.ts';
import { endOf, type KnownCause, lossRule, outcomeOf, placeOf } from '../story.ts';

const meta = {
  id: 'NT-PATH-005',
  title: 'Arrives at the destination, which does not answer',
  severities: ['critical'],
  meaning:
    "The probe came into the destination's own network namespace and nothing came out: a rule in its INPUT chain, reverse-path filtering, or a listener whose queue is full, or the packet came with a wrong checksum (NT-SOCK-006). Nothing on the way is to blame.",
  rule: 'The same SYN is seen coming into the destination, and neither a SYN-ACK nor a reset leaving it.',
  source: 'packet(7): a capture sees what comes in before netfilter',
  remedy: advice`Look at the destination: ${verbatim`kubectl nettools diagnose`} with it as the TARGET; ss -lnt shows its listeners and their queues, nft list ruleset its rules.`,
  explains: { depth: 790, subject: LOST_PACKETS },
} as const;

function listening(path: PathFacts): string {
  const listeners = path.points.find((p) => p.role === 'destination')?.place.listeners;
  if (listeners === undefined) return '';
  const own = listeners.filter((l) => l.protocol === 'tcp' && l.port === path.port);
  if (own.length === 0) return `, where nothing listens on port ${path.port}`;
  if (own.every(isLoopback)) return `, where port ${path.port} is open on loopback only`;
  const full = own.find((l) => l.waiting > l.limit);
  if (full) return `, where ${full.waiting} connections wait in a queue of ${full.limit}`;
  return `, where port ${path.port} is open`;
}

/** Its kernel throws away what arrives damaged: at least as many packets as tries of this probe came in. */
function badChecksum(_path: PathFacts, { last }: Loss): KnownCause | undefined {
  if (last?.lines === undefined) return undefined;
  const { before, after, quotes } = last.place.counters;
  const wrong = growth(before, after, 'Tcp.InCsumErrors') ?? 0;
  if (wrong < last.lines.length) return undefined;
  return {
    words: `; meanwhile ${wrong} TCP ${wrong === 1 ? 'packet was' : 'packets were'} thrown away there for a wrong checksum`,
    quotes: quoteCounters(quotes, before, after, ['Tcp.InCsumErrors']),
    remedy: badChecksums.remedy,
  };
}

export const destination = lossRule(
  meta,
  ({ last, missed }) =>
    missed.packet === 'answer' && last?.packet === 'probe' && missed.role === 'destination',
  (path, { missed }) =>
    `The probe to ${endOf(path)} arrives at ${placeOf(missed)}${listening(path)}, and no answer leaves it (${outcomeOf(path)})`,
  badChecksum,
);
