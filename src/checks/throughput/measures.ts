/** The numbers of the throughput check. Pure. */
import type { Measure } from '../../model/measure.ts';
import { type Fields, recordsOf, text } from '../shared/cells.ts';
import { level } from '../shared/measures.ts';

export function throughputMeasures({ destinations }: Fields): readonly Measure[] {
  return recordsOf(destinations).flatMap(({ name, bitsPerSecond }) =>
    level(
      {
        metric: 'throughput_bytes_per_second',
        title: 'throughput',
        labels: { destination: text(name) },
      },
      typeof bitsPerSecond === 'number' ? bitsPerSecond / 8 : undefined,
      { better: 'more' },
    ),
  );
}
