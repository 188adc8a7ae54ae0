import { growth } from '../../../parsers/proc-net.ts';
import { quote, quoteCounters } from '../../quote.ts';
import { occurrence, type Rule } from '../../rule.ts';
import type { SocketsFacts } from '../facts.ts';

const meta = {
  id: 'NT-SOCK-005',
  title: 'UDP datagrams are lost at the socket',
  severities: ['warning'],
  meaning:
    'Datagrams arrive and do not fit into the receive buffer of the socket, because the program reads too slowly or in bursts. They are lost without a trace on the wire.',
  rule: 'RcvbufErrors of UDP (IPv4 or IPv6) grew in the run.',
  source: 'kernel: Documentation/networking/snmp_counter.rst; udp(7)',
  remedy:
    'Give the program CPU (throttling shows in container_cpu_cfs_throttled_periods_total), let it read faster, or raise its buffer: SO_RCVBUF, up to net.core.rmem_max.',
} as const;

export const udpOverflow: Rule<SocketsFacts> = {
  meta,
  judge: ({ counters, counters6, dropping, results }) => {
    const v4 = growth(counters.before, counters.after, 'Udp.RcvbufErrors') ?? 0;
    const v6 = growth(counters6.before, counters6.after, 'Udp6RcvbufErrors') ?? 0;
    if (v4 + v6 <= 0) return [];
    const [worst] = [...dropping].sort((a, b) => b.dropped - a.dropped);
    const where = worst ? `; ${worst.dropped} of them by the socket ${worst.local}` : '';
    return [
      occurrence(
        meta,
        'warning',
        `${v4 + v6} UDP datagrams did not fit into a receive buffer during the run${where}.`,
        [
          ...(v4 > 0
            ? quoteCounters(counters.quotes, counters.before, counters.after, ['Udp.RcvbufErrors'])
            : []),
          ...(v6 > 0
            ? quoteCounters(counters6.quotes, counters6.before, counters6.after, ['Udp6RcvbufErrors'])
            : []),
          ...(worst ? quote(results.udp, /\bd[1-9]\d*\)/, 1) : []),
        ],
      ),
    ];
  },
};
