import { growth } from '../../../parsers/proc-net.ts';
import { isMoreThanBurst } from '../../shared/burst.ts';
import { meta } from '../../shared/metas/udp-overflow.ts';
import { quote, quoteCounters } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { SocketsFacts } from '../facts.ts';

export const udpOverflow: Rule<SocketsFacts> = {
  meta,
  judge: ({ counters, counters6, dropping, results }) => {
    const v4 = growth(counters.before, counters.after, 'Udp.RcvbufErrors') ?? 0;
    const v6 = growth(counters6.before, counters6.after, 'Udp6RcvbufErrors') ?? 0;
    const lost = v4 + v6;
    if (lost <= 0) return [];
    const read =
      (growth(counters.before, counters.after, 'Udp.InDatagrams') ?? 0) +
      (growth(counters6.before, counters6.after, 'Udp6InDatagrams') ?? 0);
    const isPattern = isMoreThanBurst(lost, read);
    const [worst] = [...dropping].sort((a, b) => b.dropped - a.dropped);
    const where = worst ? `; ${worst.dropped} of them by the socket ${worst.local}` : '';
    return [
      occurrence(
        meta,
        isPattern ? 'warning' : 'info',
        `${lost} UDP ${lost === 1 ? 'datagram' : 'datagrams'} did not fit into a receive buffer during the run${where}${isPattern ? '' : `; ${read} were read meanwhile: it may be one burst, measure again`}.`,
        [
          ...(v4 > 0
            ? quoteCounters(counters.quotes, counters.before, counters.after, [
                'Udp.RcvbufErrors',
                'Udp.InDatagrams',
              ])
            : []),
          ...(v6 > 0
            ? quoteCounters(counters6.quotes, counters6.before, counters6.after, [
                'Udp6RcvbufErrors',
                'Udp6InDatagrams',
              ])
            : []),
          ...(worst ? quote(results.udp, /\bd[1-9]\d*\)/, 1) : []),
        ],
      ),
    ];
  },
};
