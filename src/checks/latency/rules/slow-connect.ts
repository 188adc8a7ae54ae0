import { advice, kubectl } from '../../../model/advice.ts';
import { socketAddress } from '../../../model/socket-address.ts';
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
  rule: 'TCPSynRetrans grew during the run, and at least one connection succeeded only after 900 ms or more. Info where that happened once: one connection of at least 20 to a destination, to several destinations at the same time; and where some task of the node waited for a CPU in at least half of the run, and no more than a third of at least 10 connections to any destination were slow: a server or a queue that waits for a CPU takes the second SYN.',
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

/** So much of the run some task of the node waited for a CPU: it is busy, and not for a moment. Ours. */
const BUSY = 0.5;
/** What is lost on the way is so on an idle node too; a share above this one is not explained by a CPU. Ours. */
const MOST_BUSY_SHARE = 1 / 3;
/** Of fewer connections no share can be told. Ours. */
const LEAST_BUSY_TRIES = 10;

function isBusyNode({ value = 0 }: LatencyFacts['cpuPressure'], found: readonly SlowPath[]): boolean {
  return (
    value >= BUSY &&
    found.every(
      ({ slow, times }) => times.length >= LEAST_BUSY_TRIES && slow.length / times.length <= MOST_BUSY_SHARE,
    )
  );
}

const BUSY_ADVICE = advice`See what takes the node's CPUs (${kubectl`top node`}, ${kubectl`top pod -A`}), and measure again.`;

export const slowConnect: Rule<LatencyFacts> = {
  meta,
  judge: ({ counters, paths, cpuPressure }) => {
    const again = growth(counters.before, counters.after, 'TcpExt.TCPSynRetrans');
    if (again === undefined || again <= 0) return [];
    const found = slowPaths(paths);
    const isChance = happenedOnce(found);
    const isBusy = !isChance && isBusyNode(cpuPressure, found);
    const excuse = isChance
      ? '; once may be chance'
      : isBusy
        ? `; some task of the node waited for a CPU in ${Math.round((cpuPressure.value ?? 0) * 100)} % of the time, which delays packets, servers and probes alike`
        : '';
    return found.map(({ path, times, slow }) =>
      occurrence(
        meta,
        isChance || isBusy ? 'info' : 'warning',
        `${slow.length} of ${times.length} connections to ${path.destination.label} (${socketAddress(path.address ?? path.destination.host, path.port)}) took ${formatMs(SLOW_MS)} or more (at worst ${formatMs(most(times) ?? 0)}), with ${again} SYN sent again in the run${excuse}.`,
        [
          ...quote(path.results.tcp, SLOW_LINE, 3),
          ...quoteCounters(counters.quotes, counters.before, counters.after, ['TcpExt.TCPSynRetrans']),
          ...(isBusy ? cpuPressure.quotes.flatMap((result) => quote(result, /^some /, 1)) : []),
        ],
        {
          subject: path.destination.label,
          ...(isChance ? { remediation: MEASURE_LONGER } : isBusy ? { remediation: BUSY_ADVICE } : {}),
        },
      ),
    );
  },
};
