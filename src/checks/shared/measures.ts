/** How the checks' measurements, any of which may be missing, become measures. Pure. */
import type { Level, Measure } from '../../model/measure.ts';
import type { MetricName } from '../../model/metrics.ts';
import type { Json } from '../../model/report.ts';
import { listOf } from './cells.ts';

type Named = Omit<Measure, 'value'>;

/** None where nothing was answered, or a version without series has saved it. */
export function times(named: Named, series: Json | undefined): readonly Measure[] {
  const ms = listOf(series).filter((one): one is number => typeof one === 'number' && Number.isFinite(one));
  return ms.length === 0 ? [] : [{ ...named, value: { kind: 'times', ms } }];
}

/**
 * None where nothing was tried.
 * @param lostMetric how many of them were lost, or slow
 * @param word what became of them; absent: they were lost
 */
export function loss(
  named: Named,
  lostMetric: MetricName,
  lost: Json | undefined,
  tries: Json | undefined,
  word?: 'slow',
): readonly Measure[] {
  const isShare =
    typeof lost === 'number' && typeof tries === 'number' && tries > 0 && lost >= 0 && lost <= tries;
  if (!isShare) return [];
  return [
    { ...named, value: { kind: 'share', lost, tries, lostMetric, ...(word === undefined ? {} : { word }) } },
  ];
}

/** @param how absent: neither more nor less of it is better */
export function level(
  named: Named,
  value: Json | undefined,
  how: Pick<Level, 'better' | 'isExact'> = {},
): readonly Measure[] {
  if (typeof value !== 'number' || !Number.isFinite(value)) return [];
  return [{ ...named, value: { kind: 'level', value, ...how } }];
}
