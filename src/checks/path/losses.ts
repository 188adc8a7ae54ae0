/** What the sockets of a destination drop while the probes run. Pure. */
import type { Quote } from '../../model/report.ts';
import { growth } from '../../parsers/proc-net.ts';
import type { SocketDrops } from '../../parsers/socket-drops.ts';
import { isMoreThanBurst } from '../shared/burst.ts';
import type { CounterSnapshots } from '../shared/counters.ts';
import { quoteCounters } from '../shared/quote.ts';
import type { EndFacts } from './facts.ts';

/** The kernel's counters, of the whole network namespace, for one kind of loss: `Group.Name`. */
interface Kind {
  readonly protocol: 'tcp' | 'udp';
  /** How much was dropped for this reason. */
  readonly dropped: string;
  readonly dropped6?: string;
  /** How much was taken. */
  readonly taken: string;
  readonly taken6?: string;
}

/** A loss that is the destination port's own. */
export interface Loss {
  readonly dropped: number;
  /** In the whole network namespace. */
  readonly taken: number;
  /** More than one moment's. */
  readonly isPattern: boolean;
  readonly quotes: readonly Quote[];
}

/**
 * The socket has dropped it, and the kernel says for which reason: the smaller of both numbers, since a socket drops for
 * other reasons too, and the reason is counted for all sockets together.
 */
export function lossAt({ destination, port, place }: EndFacts, kind: Kind): Loss | undefined {
  if (destination.protocol !== kind.protocol) return undefined;
  const own = (place.drops.value ?? []).filter(
    (socket) => socket.protocol === kind.protocol && socket.port === port && socket.dropped > 0,
  );
  const counted = grown(place, kind.dropped, kind.dropped6);
  const dropped = Math.min(
    own.reduce((sum, one) => sum + one.dropped, 0),
    counted,
  );
  if (dropped <= 0) return undefined;
  const taken = grown(place, kind.taken, kind.taken6);
  return {
    dropped,
    taken,
    isPattern: isMoreThanBurst(dropped, taken),
    quotes: [
      ...quoted(place.place.label, place.counters, [kind.dropped, kind.taken]),
      ...quoted(place.place.label, place.counters6, [kind.dropped6, kind.taken6]),
      quoteSockets(place, own),
    ],
  };
}

function grown({ counters, counters6 }: EndFacts['place'], name: string, name6: string | undefined): number {
  const v4 = growth(counters.before, counters.after, name) ?? 0;
  const v6 = name6 === undefined ? 0 : (growth(counters6.before, counters6.after, name6) ?? 0);
  return Math.max(0, v4) + Math.max(0, v6);
}

/** Nothing where the first, the losses, did not grow. */
function quoted(
  label: string,
  { before, after, quotes }: CounterSnapshots,
  names: readonly (string | undefined)[],
): Quote[] {
  const known = names.filter((name) => name !== undefined);
  const [first] = known;
  if (first === undefined || (growth(before, after, first) ?? 0) <= 0) return [];
  return quoteCounters(quotes, before, after, known).map((one) => ({
    ...one,
    command: [`[${label}]`, ...one.command],
  }));
}

function quoteSockets({ place, dropsResult }: EndFacts['place'], own: readonly SocketDrops[]): Quote {
  return {
    command: [`[${place.label}]`, ...(dropsResult?.command ?? [])],
    excerpt: own.map(({ lines, dropped }) => `${lines}\n${dropped} more dropped than before`).join('\n'),
  };
}
