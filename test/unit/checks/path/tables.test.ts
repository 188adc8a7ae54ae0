import { describe, expect, it } from 'vitest';
import { pathTables } from '../../../../src/checks/path/tables.ts';

const point = (place: string, packet: string, way: string, packets: number | null) => ({
  place,
  packet,
  way,
  packets,
});

describe('pathTables', () => {
  const [table] = pathTables({
    paths: [
      {
        name: 'pod/db',
        points: [
          point('pod/web', 'probe', 'out', 1),
          point('node/n1', 'probe', 'in', 1),
          point('node/n1', 'probe', 'out', 2),
          point('node/n2', 'probe', 'in', 0),
          point('pod/db', 'probe', 'in', null),
          point('pod/web', 'answer', 'in', 0),
        ],
      },
    ],
  });

  it('has a row for each place, in the order of the way, and the name once', () => {
    expect(table?.rows).toEqual([
      ['pod/db', 'pod/web', 'out', 'not seen'],
      ['', 'node/n1', 'in, out', '-'],
      ['', 'node/n2', 'not seen', '-'],
      ['', 'pod/db', 'not watched', '-'],
    ]);
  });

  it('is shown in a report of several checks too', () => {
    expect(table?.alwaysShown).toBe(true);
  });
});
