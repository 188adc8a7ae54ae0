import { BURST_LIMIT } from '../../shared/burst.ts';
import { socketRoom } from '../../shared/drops/kinds/socket-room.ts';
import { meta as udpOverflow } from '../../shared/metas/udp-overflow.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { reasonOf } from '../drops.ts';
import type { EndFacts, PathsFacts } from '../facts.ts';
import { type Loss, lossAt } from '../losses.ts';
import { endName } from '../story.ts';

const meta = {
  id: 'NT-PATH-010',
  title: "The destination's UDP receive buffer overflows",
  severities: ['warning', 'info'],
  meaning:
    'Datagrams arrive at the destination and do not fit into the receive buffer of its socket: the program reads too slowly, or they come in bursts. Clients wait for answers that never come, and nothing on the wire shows a loss.',
  rule: `During the run RcvbufErrors of UDP (IPv4 and IPv6) grew at the destination, and so did the drops of the socket on the port (ss -lnum), by ${BURST_LIMIT}, which InDatagrams counts. Fewer are one burst: info.`,
  source: 'kernel: Documentation/networking/snmp_counter.rst; udp(7)',
  remedy: udpOverflow.remedy,
  explains: { depth: 794, subject: ['NT-FW-001', 'NT-FW-009'] },
} as const;

/** What the socket of the destination's port had no room for. */
export function bufferLoss(end: EndFacts): Loss | undefined {
  return lossAt(end, {
    protocol: 'udp',
    dropped: 'Udp.RcvbufErrors',
    dropped6: 'Udp6RcvbufErrors',
    taken: 'Udp.InDatagrams',
    taken6: 'Udp6InDatagrams',
  });
}

export const fullBuffer: Rule<PathsFacts> = {
  meta,
  judge: ({ ends }) =>
    ends.flatMap((end) => {
      const loss = bufferLoss(end);
      if (loss === undefined) return [];
      const { dropped, taken, isPattern } = loss;
      const drop = end.drops.find(({ kind }) => kind === socketRoom);
      const kernel = drop === undefined ? '' : ` (${reasonOf(drop)})`;
      return [
        occurrence(
          meta,
          isPattern ? 'warning' : 'info',
          `${endName(end)}: ${dropped} ${dropped === 1 ? 'datagram' : 'datagrams'} to UDP port ${end.port} did not fit into the receive buffer at ${end.place.place.label} during the run${kernel}, while ${taken} ${taken === 1 ? 'was' : 'were'} read there${isPattern ? '' : '; it may be one burst, measure again'}.`,
          loss.quotes,
          { subject: end.destination.label },
        ),
      ];
    }),
};
