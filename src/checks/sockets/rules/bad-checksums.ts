import type { Quote } from '../../../model/report.ts';
import { growth } from '../../../parsers/proc-net.ts';
import { meta } from '../../shared/metas/bad-checksums.ts';
import { quoteCounters } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { SocketsFacts } from '../facts.ts';

/** A cable damages a packet now and then; a connection loses at least this many tries. Ours. */
const FEW = 3;
/** Of what came; TCP does not notice a loss of less. Ours. */
const SHARE = 0.001;

/** Counters of what is wrong, and of what came: TCP counts every segment there, UDP what it delivers. */
const TCP = { wrong: 'Tcp.InCsumErrors', came: 'Tcp.InSegs', isOfAll: true };
const UDP = { wrong: 'Udp.InCsumErrors', came: 'Udp.InDatagrams', isOfAll: false };
const UDP6 = { wrong: 'Udp6InCsumErrors', came: 'Udp6InDatagrams', isOfAll: false };

export const badChecksums: Rule<SocketsFacts> = {
  meta,
  judge: ({ counters, counters6 }) => {
    const kinds = [
      { what: 'TCP', of: counters, ...TCP },
      { what: 'UDP', of: counters, ...UDP },
      { what: 'UDP over IPv6', of: counters6, ...UDP6 },
    ].map((kind) => {
      const lost = growth(kind.of.before, kind.of.after, kind.wrong) ?? 0;
      const came = growth(kind.of.before, kind.of.after, kind.came) ?? 0;
      return { ...kind, lost, all: kind.isOfAll ? came : came + lost };
    });
    const bad = kinds.filter(({ lost }) => lost > 0);
    if (bad.length === 0) return [];
    const isPattern = bad.some(({ lost, all }) => lost >= FEW && lost >= SHARE * all);
    const counted = bad.map(({ what, lost, all }) => `${lost} of ${what} (${all} came in all)`);
    return [
      occurrence(
        meta,
        isPattern ? 'warning' : 'info',
        `Packets arrived with a wrong checksum during the run and were discarded: ${counted.join(', ')}${isPattern ? '' : '; this few may be damage on a cable, measure again'}.`,
        bad.flatMap(({ of, wrong, came }): Quote[] =>
          quoteCounters(of.quotes, of.before, of.after, [wrong, came]),
        ),
      ),
    ];
  },
};
