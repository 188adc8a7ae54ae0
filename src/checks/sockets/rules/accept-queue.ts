import { growth } from '../../../parsers/proc-net.ts';
import { quoteCounters } from '../../quote.ts';
import { occurrence, type Rule } from '../../rule.ts';
import type { SocketsFacts } from '../facts.ts';

const meta = {
  id: 'NT-SOCK-003',
  title: 'Accept queue overflows',
  severities: ['warning'],
  meaning:
    'A server accepts connections more slowly than they come: its queue is full, and the kernel drops what completes the handshake. Clients see connects that take seconds or time out, though the server is up.',
  rule: 'ListenOverflows grew in the run, or a listening socket has more connections waiting than its backlog holds.',
  source: 'kernel: Documentation/networking/snmp_counter.rst (TcpExtListenOverflows); listen(2)',
  remedy:
    'Find out why the program does not accept (blocked, too few threads, CPU limit: kubectl top pod), add replicas, and raise its backlog together with net.core.somaxconn if it only cannot take bursts.',
} as const;

export const acceptQueue: Rule<SocketsFacts> = {
  meta,
  judge: ({ counters, listenersAfter, results }) => {
    const overflows = growth(counters.before, counters.after, 'TcpExt.ListenOverflows') ?? 0;
    // One more than the backlog fits in: the kernel compares with "greater than".
    const full = listenersAfter.filter((l) => l.protocol === 'tcp' && l.waiting > l.limit);
    if (overflows <= 0 && full.length === 0) return [];
    const [worst] = full.length > 0 ? full : [...listenersAfter].sort((a, b) => b.waiting - a.waiting);
    const where =
      worst && worst.waiting > 0 && worst.protocol === 'tcp'
        ? `: TCP ${worst.port}${worst.process === undefined ? '' : ` (${worst.process})`} has ${worst.waiting} connections waiting, with a backlog of ${worst.limit}`
        : '';
    return [
      occurrence(
        meta,
        'warning',
        `${overflows > 0 ? `An accept queue was full ${overflows} times in the run, and what would complete a connection was dropped` : 'An accept queue is full'}${where}.`,
        [
          ...(overflows > 0
            ? quoteCounters(counters.quotes, counters.before, counters.after, ['TcpExt.ListenOverflows'])
            : []),
          ...(where !== '' && results.listenersAfter && worst
            ? [{ command: results.listenersAfter.command, excerpt: worst.line }]
            : []),
        ],
      ),
    ];
  },
};
