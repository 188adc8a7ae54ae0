/** The ways that the path check followed. Pure. */
import type { Passing, Way } from '../../model/way.ts';
import { type Fields, recordsOf, text } from '../shared/cells.ts';

export function pathWays({ paths }: Fields): readonly Way[] {
  return recordsOf(paths).map((path) => {
    const points = recordsOf(path['points']);
    const places = [...new Set(points.map(({ place }) => text(place)))];
    return {
      name: text(path['name']),
      outcome: outcomeOf(path),
      places: places.map((name) => {
        const here = points.filter(({ place }) => text(place) === name);
        return { name, probe: passing(here, 'probe'), answer: passing(here, 'answer') };
      }),
    };
  });
}

function outcomeOf({ connected, skipped }: Fields): string {
  if (typeof skipped === 'string') return 'not measured';
  return connected === true ? 'connected' : 'not connected';
}

function passing(here: readonly Fields[], packet: 'probe' | 'answer'): Passing {
  const points = here.filter((point) => point['packet'] === packet);
  const watched = points.filter(({ packets }) => typeof packets === 'number');
  if (watched.length === 0) return { seen: points.length === 0 ? 'none' : 'unwatched', ways: [], missed: [] };
  const waysOf = (isSeen: boolean): string[] =>
    watched.filter(({ packets }) => Number(packets) > 0 === isSeen).map(({ way }) => text(way));
  const ways = waysOf(true);
  return ways.length === 0 ? { seen: 'no', ways, missed: [] } : { seen: 'yes', ways, missed: waysOf(false) };
}
