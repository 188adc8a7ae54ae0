import { BURST_LIMIT } from '../../shared/burst.ts';
import { meta as acceptQueue } from '../../shared/metas/accept-queue.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { PathsFacts } from '../facts.ts';
import { lossAt } from '../losses.ts';
import { endName } from '../story.ts';

const meta = {
  id: 'NT-PATH-009',
  title: "The destination's accept queue overflows",
  severities: ['warning', 'info'],
  meaning:
    'The destination accepts connections more slowly than they arrive. While its queue is full the kernel drops new ones, and clients try again after a second: some connections are fast, others take seconds or time out. Nothing on the way is to blame.',
  rule: `During the run ListenOverflows grew at the destination, and so did the drops of the socket that listens on the port (ss -lntm), by ${BURST_LIMIT}, which PassiveOpens counts. Fewer are one burst: info. Where the probe itself is lost, NT-PATH-005 says so instead.`,
  source: 'kernel: Documentation/networking/snmp_counter.rst (TcpExtListenOverflows); listen(2)',
  remedy: acceptQueue.remedy,
  remedyOutside: acceptQueue.remedyOutside,
  explains: { depth: 792, subject: ['NT-LAT-005'] },
} as const;

export const fullQueue: Rule<PathsFacts> = {
  meta,
  judge: ({ ends }) =>
    ends.flatMap((end) => {
      const loss = end.isLost
        ? undefined
        : lossAt(end, { protocol: 'tcp', dropped: 'TcpExt.ListenOverflows', taken: 'Tcp.PassiveOpens' });
      if (loss === undefined) return [];
      const { dropped, taken, isPattern } = loss;
      return [
        occurrence(
          meta,
          isPattern ? 'warning' : 'info',
          `${endName(end)}: the accept queue of port ${end.port} at ${end.place.place.label} overflowed and dropped ${dropped} connection ${dropped === 1 ? 'attempt' : 'attempts'} during the run, while ${taken} ${taken === 1 ? 'connection was' : 'connections were'} accepted there${isPattern ? '' : '; it may be one burst, measure again'}.`,
          loss.quotes,
          { subject: end.destination.label },
        ),
      ];
    }),
};
