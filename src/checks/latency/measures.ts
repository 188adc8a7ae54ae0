/** The numbers of the latency check: round trips and losses, by destination and by how it was asked. Pure. */

import type { Measure } from '../../model/measure.ts';
import type { Json } from '../../model/report.ts';
import { type Fields, fieldsOf, listOf, recordsOf, text } from '../shared/cells.ts';
import { loss, times } from '../shared/measures.ts';

export function latencyMeasures({ destinations }: Fields): readonly Measure[] {
  return recordsOf(destinations).flatMap((destination) => {
    const labels = labelsOf(text(destination['name']));
    const icmp = fieldsOf(destination['icmp']);
    const tcp = fieldsOf(destination['tcp']);
    return [
      ...series({ ...labels, by: 'icmp' }, icmp, echoesLost(icmp)),
      ...series({ ...labels, by: 'tcp' }, tcp, triesLost(tcp)),
      ...slowConnects({ ...labels, by: 'tcp' }, tcp),
    ];
  });
}

/** An endpoint of a Service stands behind its name: `svc/db:5432 → db-0`. */
function labelsOf(name: string): Measure['labels'] {
  const [destination = '', ...endpoint] = name.split(' → ');
  return endpoint.length === 0 ? { destination } : { destination, endpoint: endpoint.join(' → ') };
}

interface Lost {
  readonly lost: Json | undefined;
  readonly tries: Json | undefined;
}

function series(labels: Measure['labels'], { timesMs }: Fields, { lost, tries }: Lost): readonly Measure[] {
  return [
    ...times(
      {
        metric: 'latency_rtt_seconds',
        title: 'round trip',
        labels,
      },
      timesMs,
    ),
    ...loss(
      {
        metric: 'latency_probes',
        title: 'loss',
        judgedBy: ['NT-LAT-002'],
        labels,
      },
      'latency_probes_lost',
      lost,
      tries,
    ),
  ];
}

/** A SYN that was lost is sent again after 1 s (RFC 6298, 2.1): NT-LAT-005. */
const SLOW_MS = 900;

function slowConnects(labels: Measure['labels'], { timesMs }: Fields): readonly Measure[] {
  const all = listOf(timesMs).filter((one) => typeof one === 'number');
  return loss(
    {
      metric: 'latency_connects',
      title: 'slow connects',
      labels,
      judgedBy: ['NT-LAT-005'],
    },
    'latency_connects_slow',
    all.filter((ms) => ms >= SLOW_MS).length,
    all.length,
    'slow',
  );
}

function echoesLost({ sent, lossPercent }: Fields): Lost {
  const isKnown = typeof sent === 'number' && typeof lossPercent === 'number';
  return { lost: isKnown ? Math.round((sent * lossPercent) / 100) : undefined, tries: sent };
}

function triesLost({ tries, unanswered, failed }: Fields): Lost {
  const isKnown = typeof unanswered === 'number' && typeof failed === 'number';
  return { lost: isKnown ? unanswered + failed : undefined, tries };
}
