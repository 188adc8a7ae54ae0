import { growth } from '../../../parsers/proc-net.ts';
import { formatMs, quote, quoteCounters } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { least, most } from '../../shared/statistics.ts';
import type { LatencyFacts, PathFacts } from '../facts.ts';
import { MEASURE_LONGER } from '../longer.ts';

const meta = {
  id: 'NT-LAT-005',
  title: 'Slow connects: the first packet had to be sent again',
  severities: ['warning', 'info'],
  meaning:
    'Connections succeed, but only after the kernel has sent SYN again: the first one, or its answer, was lost. Clients see random waits of a second and more when they connect, and nothing afterwards.',
  rule: 'TCPSynRetrans grew during the run, and at least one connection succeeded only after 900 ms or more. Info where that happened once: one connection of at least 20 to a destination, to several destinations at the same time.',
  source:
    'RFC 6298, 2.1: the initial retransmission time-out is one second; the counter decides, the time says which destination',
  remedy:
    'If only some connections are slow, look for a full accept queue or conntrack table at the destination, for a Service endpoint that is gone but still listed, or for loss on the way (NT-LAT-002).',
} as const;

/** A little under the initial time-out of 1 s, which the kernel's timer granularity can cut short. */
const SLOW_MS = 900;
/** Such a try, in the microseconds of tcp-connect.bash. */
const SLOW_LINE = /^ok (9\d{5}|\d{7,})$/;

/** Of fewer tries, one that is slow is a large share. */
const MANY_TRIES = 20;
/** The tries of all paths start together and keep one pace: so far apart in their order, they are not of one moment. */
const ONE_MOMENT = 10;

/** The connections to one destination that succeeded, of which at least one was slow. */
interface SlowPath {
  readonly path: PathFacts;
  readonly times: readonly number[];
  /** Which of them were slow, by their order. */
  readonly slow: readonly number[];
}

function slowPaths(paths: readonly PathFacts[]): SlowPath[] {
  return paths
    .map((path) => {
      const tries = path.tcp.value?.tries.filter((t) => t.outcome === 'connected') ?? [];
      const times = tries.map((t) => t.ms);
      return { path, times, slow: times.flatMap((ms, at) => (ms >= SLOW_MS ? [at] : [])) };
    })
    .filter(({ slow }) => slow.length > 0);
}

/** A SYN is lost now and then on healthy ways too, to a server whose accept queue is full for a moment, say. */
function happenedOnce(found: readonly SlowPath[]): boolean {
  const order = found.flatMap(({ slow }) => slow);
  return (
    found.every(({ times, slow }) => slow.length === 1 && times.length >= MANY_TRIES) &&
    (most(order) ?? 0) - (least(order) ?? 0) <= ONE_MOMENT
  );
}

export const slowConnect: Rule<LatencyFacts> = {
  meta,
  judge: ({ counters, paths }) => {
    const again = growth(counters.before, counters.after, 'TcpExt.TCPSynRetrans');
    if (again === undefined || again <= 0) return [];
    const found = slowPaths(paths);
    const isChance = happenedOnce(found);
    return found.map(({ path, times, slow }) =>
      occurrence(
        meta,
        isChance ? 'info' : 'warning',
        `${slow.length} of ${times.length} connections to ${path.destination.label} (${path.address}:${path.port}) took ${formatMs(SLOW_MS)} or more (at worst ${formatMs(most(times) ?? 0)}), with ${again} SYN sent again in the run${isChance ? '; once may be chance' : ''}.`,
        [
          ...quote(path.results.tcp, SLOW_LINE, 3),
          ...quoteCounters(counters.quotes, counters.before, counters.after, ['TcpExt.TCPSynRetrans']),
        ],
        { subject: path.destination.label, ...(isChance ? { remediation: MEASURE_LONGER } : {}) },
      ),
    );
  },
};
