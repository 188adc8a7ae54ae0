import type { Listener } from '../../../parsers/listeners.ts';
import { growth } from '../../../parsers/proc-net.ts';
import { isMoreThanBurst } from '../../shared/burst.ts';
import { seenOf } from '../../shared/measured.ts';
import { meta } from '../../shared/metas/accept-queue.ts';
import { quoteCounters } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { SocketsFacts } from '../facts.ts';

/** One more than the backlog fits in: the kernel compares with "greater than". */
function isFull({ protocol, waiting, limit }: Listener): boolean {
  return protocol === 'tcp' && waiting > limit;
}

export const acceptQueue: Rule<SocketsFacts> = {
  meta,
  judge: ({ counters, listeners, listenersAfter, results }) => {
    const grown = (name: string): number => Math.max(0, growth(counters.before, counters.after, name) ?? 0);
    const overflows = grown('TcpExt.ListenOverflows');
    const after = seenOf(listenersAfter) ?? [];
    const full = after.filter(isFull);
    if (overflows === 0 && full.length === 0) return [];
    const taken = grown('Tcp.PassiveOpens');
    const isStill = full.some(({ address, port }) =>
      seenOf(listeners)?.some((then) => isFull(then) && then.port === port && then.address === address),
    );
    const isPattern = isStill || isMoreThanBurst(overflows, taken);
    const [worst] = full.length > 0 ? full : [...after].sort((a, b) => b.waiting - a.waiting);
    const where =
      worst && worst.waiting > 0 && worst.protocol === 'tcp'
        ? `: TCP ${worst.port}${worst.process === undefined ? '' : ` (${worst.process})`} has ${worst.waiting} connections waiting, with a backlog of ${worst.limit}`
        : '';
    return [
      occurrence(
        meta,
        isPattern ? 'warning' : 'info',
        `${overflows > 0 ? `An accept queue was full ${overflows} ${overflows === 1 ? 'time' : 'times'} in the run, and what would complete a connection was dropped` : 'An accept queue is full'}${where}${isPattern ? '' : `; ${overflows > 0 ? `${taken} connections were accepted meanwhile: it may be a single moment` : 'it was not full when the run began: it may be a single moment'}, measure again`}.`,
        [
          ...(overflows > 0
            ? quoteCounters(counters.quotes, counters.before, counters.after, [
                'TcpExt.ListenOverflows',
                'Tcp.PassiveOpens',
              ])
            : []),
          ...(where !== '' && results.listenersAfter && worst
            ? [{ command: results.listenersAfter.command, excerpt: worst.line }]
            : []),
        ],
      ),
    ];
  },
};
