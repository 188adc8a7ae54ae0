/** The numbers of the latency check: round trips and losses, by destination and by how it was asked. Pure. */

import type { Measure } from '../../model/measure.ts';
import type { Json } from '../../model/report.ts';
import { type Fields, fieldsOf, recordsOf, text } from '../shared/cells.ts';
import { loss, times } from '../shared/measures.ts';

export function latencyMeasures({ destinations }: Fields): readonly Measure[] {
  return recordsOf(destinations).flatMap((destination) => {
    const labels = { destination: text(destination['name']) };
    const icmp = fieldsOf(destination['icmp']);
    const tcp = fieldsOf(destination['tcp']);
    return [
      ...series({ ...labels, by: 'icmp' }, icmp, echoesLost(icmp)),
      ...series({ ...labels, by: 'tcp' }, tcp, triesLost(tcp)),
    ];
  });
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
        help: 'Round-trip times of what was answered',
        title: 'round trip',
        labels,
      },
      timesMs,
    ),
    ...loss(
      {
        metric: 'latency_probes',
        help: 'Probes that were sent, and of these those that were lost',
        title: 'loss',
        judgedBy: ['NT-LAT-002'],
        labels,
      },
      lost,
      tries,
    ),
  ];
}

function echoesLost({ sent, lossPercent }: Fields): Lost {
  const isKnown = typeof sent === 'number' && typeof lossPercent === 'number';
  return { lost: isKnown ? Math.round((sent * lossPercent) / 100) : undefined, tries: sent };
}

function triesLost({ tries, unanswered, failed }: Fields): Lost {
  const isKnown = typeof unanswered === 'number' && typeof failed === 'number';
  return { lost: isKnown ? unanswered + failed : undefined, tries };
}
