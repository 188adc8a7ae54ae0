/** The numbers of the conntrack check. Pure. */
import type { Measure } from '../../model/measure.ts';
import type { Fields } from '../shared/cells.ts';
import { level } from '../shared/measures.ts';

export function conntrackMeasures({ entries, max }: Fields): readonly Measure[] {
  return [
    ...level({ metric: 'conntrack_entries', title: 'entries', labels: {} }, entries),
    ...level(
      {
        metric: 'conntrack_entries_limit',
        title: 'limit',
        labels: {},
      },
      max,
    ),
  ];
}
