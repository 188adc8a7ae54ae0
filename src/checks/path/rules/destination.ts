import { advice, verbatim } from '../../../model/advice.ts';
import { isLoopback } from '../../../parsers/listeners.ts';
import { LOST_PACKETS } from '../../shared/effects.ts';
import type { PathFacts } from '../facts.ts';
import { badChecksum, fullQueue, silentNextHop } from '../known-causes.ts';
import { endOf, lossRule, outcomeOf, placeOf } from '../story.ts';

const meta = {
  id: 'NT-PATH-005',
  title: 'Arrives at the destination, which does not answer',
  severities: ['critical'],
  meaning:
    "The probe entered the destination's own network namespace and nothing came out: a rule in its INPUT chain, reverse-path filtering, a listener whose queue is full (NT-SOCK-003), a next hop on the way back that does not answer, or a packet with a wrong checksum (NT-SOCK-006). Counters and neighbours of the destination that were read before and after the probe say which. Nothing on the way is to blame.",
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
  if (full)
    return `, where ${full.waiting} ${full.waiting === 1 ? 'connection waits' : 'connections wait'} in a queue of ${full.limit}`;
  return `, where port ${path.port} is open`;
}

export const destination = lossRule(
  meta,
  ({ last, missed }) =>
    missed.packet === 'answer' && last?.packet === 'probe' && missed.role === 'destination',
  (path, { missed }) =>
    `The probe to ${endOf(path)} arrives at ${placeOf(missed)}${listening(path)}, and no answer leaves it (${outcomeOf(path)})`,
  (_path, loss) => badChecksum(loss) ?? fullQueue(loss) ?? silentNextHop(loss),
);
