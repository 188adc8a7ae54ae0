import { growth } from '../../../parsers/proc-net.ts';
import { formatMs, quote, quoteCounters } from '../../quote.ts';
import { occurrence, type Rule } from '../../rule.ts';
import type { LatencyFacts } from '../facts.ts';

const meta = {
  id: 'NT-LAT-005',
  title: 'Slow connects: the first packet had to be sent again',
  severities: ['warning'],
  meaning:
    'Connections succeed, but only after the kernel has sent SYN again: the first one, or its answer, was lost. Clients see random waits of a second and more when they connect, and nothing afterwards.',
  rule: 'TCPSynRetrans grew during the run, and at least one connection succeeded only after 900 ms or more.',
  source:
    'RFC 6298, 2.1: the initial retransmission time-out is one second; the counter decides, the time says which destination',
  remedy:
    'If only some connections are slow, look for a full accept queue or conntrack table at the destination, for a Service endpoint that is gone but still listed, or for loss on the way (NT-LAT-002).',
} as const;

/** A little under the initial time-out of 1 s, which the kernel's timer granularity can cut short. */
const SLOW_MS = 900;
/** Such a try, in the microseconds of tcp-connect.bash. */
const SLOW_LINE = /^ok (9\d{5}|\d{7,})$/;

export const slowConnect: Rule<LatencyFacts> = {
  meta,
  judge: ({ counters, paths }) => {
    const again = growth(counters.before, counters.after, 'TcpExt.TCPSynRetrans');
    if (again === undefined || again <= 0) return [];
    return paths.flatMap((path) => {
      const tries = path.tcp.value?.tries.filter((t) => t.outcome === 'connected') ?? [];
      const slow = tries.filter((t) => t.ms >= SLOW_MS);
      if (slow.length === 0) return [];
      const worst = Math.max(...slow.map((t) => t.ms));
      return [
        occurrence(
          meta,
          'warning',
          `${slow.length} of ${tries.length} connections to ${path.destination.label} (${path.address}:${path.port}) took ${formatMs(SLOW_MS)} or more (at worst ${formatMs(worst)}), with ${again} SYN sent again in the run.`,
          [
            ...quote(path.results.tcp, SLOW_LINE, 3),
            ...quoteCounters(counters.quotes, counters.before, counters.after, ['TcpExt.TCPSynRetrans']),
          ],
          { subject: path.destination.label },
        ),
      ];
    });
  },
};
