/** The measurements of the path check as a table: a row for each place, in the order of the way. */
import type { CheckResult } from '../model/report.ts';
import { fieldsOf, listOf, measurementTable } from './tables.ts';
import { type Palette, visible } from './text.ts';

const HEAD = ['DESTINATION', 'PLACE', 'PROBE', 'ANSWER'];

export function pathTable(check: CheckResult, paint: Palette): string | undefined {
  const rows = listOf(check.measurements['paths']).flatMap((path) => {
    const { name, points } = fieldsOf(path);
    const all = listOf(points).map(fieldsOf);
    const places = [...new Set(all.map(({ place }) => String(place)))];
    return places.map((place, i) => {
      const passed = (packet: string): string =>
        cell(all.filter((p) => p['place'] === place && p['packet'] === packet));
      return [i === 0 ? visible(String(name)) : '', visible(place), passed('probe'), passed('answer')];
    });
  });
  return measurementTable(HEAD, rows, [], paint);
}

/** `in, out`: where it was seen. */
function cell(points: readonly ReturnType<typeof fieldsOf>[]): string {
  if (points.length === 0) return '-';
  if (points.every(({ packets }) => packets === null)) return 'not watched';
  const seen = points.filter(({ packets }) => Number(packets) > 0).map(({ way }) => String(way));
  return seen.length === 0 ? 'not seen' : seen.join(', ');
}
