import { advice, kubectl } from '../../../model/advice.ts';
import type { Listener } from '../../../parsers/listeners.ts';
import { growth } from '../../../parsers/proc-net.ts';
import { BURST_LIMIT, isMoreThanBurst } from '../../shared/burst.ts';
import { seenOf } from '../../shared/measured.ts';
import { quoteCounters } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { SocketsFacts } from '../facts.ts';

const meta = {
  id: 'NT-SOCK-003',
  title: 'Accept queue overflows',
  severities: ['warning', 'info'],
  meaning:
    'A server accepts connections more slowly than they come: its queue is full, and the kernel drops what completes the handshake. Clients see connects that take seconds or time out, though the server is up.',
  rule: `ListenOverflows grew in the run, by ${BURST_LIMIT}, which PassiveOpens counts; or a listening socket has more connections waiting than its backlog holds, at the beginning of the run and at its end. Less is one moment's doing, as a short queue has them on a busy node: info.`,
  source: 'kernel: Documentation/networking/snmp_counter.rst (TcpExtListenOverflows); listen(2)',
  remedy: advice`Find out why the program does not accept (blocked, too few threads, CPU limit: ${kubectl`top pod`}), add replicas, and raise its backlog together with net.core.somaxconn if it only cannot take bursts.`,
  explains: { depth: 980, target: ['NT-LAT-005'] },
  remedyOutside:
    'Find out why the program does not accept (blocked, too few threads, no CPU time), and raise its backlog together with net.core.somaxconn if it only cannot take bursts.',
} as const;

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
        `${overflows > 0 ? `An accept queue was full ${overflows} ${overflows === 1 ? 'time' : 'times'} in the run, and what would complete a connection was dropped` : 'An accept queue is full'}${where}${isPattern ? '' : `; ${overflows > 0 ? `${taken} connections were taken meanwhile: it may be one moment's doing` : "it was not at the beginning of the run: it may be one moment's doing"}, measure again`}.`,
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
