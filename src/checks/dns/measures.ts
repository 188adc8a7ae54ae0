/** The numbers of the dns check: what each server answered, and how fast. Pure. */
import type { Measure } from '../../model/measure.ts';
import { type Fields, fieldsOf, recordsOf, text } from '../shared/cells.ts';
import { loss, times } from '../shared/measures.ts';

export function dnsMeasures({ servers }: Fields): readonly Measure[] {
  return recordsOf(servers).flatMap((server) =>
    (['udp', 'tcp'] as const).flatMap((by) => {
      const { timesMs, queries, answered } = fieldsOf(server[by]);
      const labels = { ...serverLabels(server), by };
      const isCounted = typeof queries === 'number' && typeof answered === 'number';
      return [
        ...times(
          {
            metric: 'dns_query_seconds',
            title: 'query',
            labels,
          },
          timesMs,
        ),
        ...loss(
          {
            metric: 'dns_queries',
            title: 'queries lost',
            judgedBy: ['NT-DNS-012'],
            labels,
          },
          'dns_queries_lost',
          isCounted ? queries - answered : undefined,
          queries,
        ),
      ];
    }),
  );
}

/** Those behind the cluster's Service have addresses, and names, that change with each rollout. */
function serverLabels({ address, role, service, pod }: Fields): Measure['labels'] {
  if (role !== 'endpoint') return { server: text(address) };
  return {
    server: typeof service === 'string' ? service : 'endpoints',
    endpoint: text(typeof pod === 'string' ? pod : address),
  };
}
