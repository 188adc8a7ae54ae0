/** The numbers of the tls check: how long the certificates are valid. Pure. */
import type { Measure } from '../../model/measure.ts';
import { type Fields, recordsOf, text } from '../shared/cells.ts';
import { level } from '../shared/measures.ts';

const SECONDS_OF_DAY = 86_400;

export function tlsMeasures({ servers }: Fields): readonly Measure[] {
  return recordsOf(servers).flatMap(({ name, sni, daysLeft }) =>
    level(
      {
        metric: 'tls_certificate_remaining_seconds',
        title: 'certificate',
        labels: { destination: text(name), sni: text(sni) },
      },
      typeof daysLeft === 'number' ? daysLeft * SECONDS_OF_DAY : undefined,
    ),
  );
}
