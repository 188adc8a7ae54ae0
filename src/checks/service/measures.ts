/** The numbers of the service check: who stands behind each Service. Pure. */
import type { Measure } from '../../model/measure.ts';
import { type Fields, recordsOf, text } from '../shared/cells.ts';
import { level } from '../shared/measures.ts';

export function serviceMeasures({ services }: Fields): readonly Measure[] {
  return recordsOf(services).flatMap(({ name, ready }) =>
    level(
      {
        metric: 'service_endpoints_ready',
        title: 'ready endpoints',
        labels: { destination: text(name) },
      },
      ready,
      { better: 'more', isExact: true },
    ),
  );
}
