/** What the path check measured, as a table: a row for each place, in the order of the way. Pure. */
import type { Table } from '../../model/table.ts';
import { type Fields, left, recordsOf, text } from '../shared/cells.ts';

const COLUMNS = [left('DESTINATION'), left('PLACE'), left('PROBE'), left('ANSWER')];

export function pathTables({ paths }: Fields): readonly Table[] {
  // The way of a packet is what the findings of all checks are about.
  return [{ columns: COLUMNS, rows: recordsOf(paths).flatMap(pathRows), alwaysShown: true }];
}

function pathRows({ name, points }: Fields): string[][] {
  const all = recordsOf(points);
  const places = [...new Set(all.map(({ place }) => text(place)))];
  return places.map((label, i) => {
    const here = all.filter(({ place }) => text(place) === label);
    return [i === 0 ? text(name) : '', label, passed(here, 'probe'), passed(here, 'answer')];
  });
}

/** `in, out`: which way the packet went past the place. */
function passed(here: readonly Fields[], kind: 'probe' | 'answer'): string {
  const points = here.filter(({ packet }) => packet === kind);
  if (points.length === 0) return '-';
  if (points.every(({ packets }) => packets === null)) return 'not watched';
  const seen = points.filter(({ packets }) => Number(packets) > 0).map(({ way }) => text(way));
  return seen.join(', ') || 'not seen';
}
