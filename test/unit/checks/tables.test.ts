/** What holds for the tables of every check: they are data, and nothing that a target says breaks them. */
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../../src/checks/registry.ts';
import type { Fields } from '../../../src/checks/shared/cells.ts';
import { tablesOf } from '../../../src/checks/tables.ts';
import type { Json } from '../../../src/model/report.ts';
import { renderTable } from '../../../src/report/table.ts';
import { check, report } from '../report/build.ts';
import { CASES, judgeCase } from './cases.ts';

const MEASURED = CASES.map((one) => ({
  name: one.name,
  id: one.check,
  measurements: judgeCase(one).measurements,
}));

/** What a bundle that somebody has written may hold instead of a measurement. */
const OTHERS: readonly Json[] = [null, true, 5, '', 'x', [], {}, [null], [[]]];

/** The measurements with one of them, at any depth, left out or replaced by something else. */
function* altered(measured: Json): Generator<Json> {
  if (typeof measured !== 'object' || measured === null) return;
  if (Array.isArray(measured)) {
    const [first, ...rest] = measured;
    if (first === undefined) return;
    for (const other of [...OTHERS, ...altered(first)]) yield [other, ...rest];
    return;
  }
  for (const [key, value] of Object.entries(measured)) {
    const { [key]: _gone, ...rest } = measured as Fields;
    yield rest;
    for (const other of [...OTHERS, ...altered(value)]) yield { ...rest, [key]: other };
  }
}

/** Every text of it, with something behind it. */
function marked(measured: Json, mark: string): Json {
  if (typeof measured === 'string') return `${measured}${mark}`;
  if (typeof measured !== 'object' || measured === null) return measured;
  if (Array.isArray(measured)) return measured.map((one) => marked(one, mark));
  return Object.fromEntries(Object.entries(measured).map(([key, value]) => [key, marked(value, mark)]));
}

function expectTables(id: string, measurements: Fields): void {
  for (const { columns, rows } of tablesOf(check(id, { measurements }))) {
    for (const cells of rows) {
      expect(cells).toHaveLength(columns.length);
      for (const cell of cells) expect(cell).not.toMatch(/undefined|null|NaN|\[object/);
    }
  }
}

describe('tablesOf', () => {
  it.each(MEASURED)('gives a cell of text for each column, as plain JSON: $name', ({ id, measurements }) => {
    expectTables(id, measurements);
    const tables = tablesOf(check(id, { measurements }));
    expect(JSON.parse(JSON.stringify(tables))).toEqual(tables);
  });

  it.each(Object.keys(CHECKS))('has no table without rows: %s', (id) => {
    expect(tablesOf(check(id))).toEqual([]);
  });

  it('has none of a check that it does not know', () => {
    expect(tablesOf(check('phase-of-the-moon', { measurements: { destinations: [{ name: 'a' }] } }))).toEqual(
      [],
    );
  });

  // One case of each check that has a table, since all cases of a check have the same shape.
  const shapes = new Map(
    MEASURED.filter(({ id, measurements }) => tablesOf(check(id, { measurements })).length > 0).map((one) => [
      one.id,
      one,
    ]),
  );

  it('is tried with every check but conntrack and gateway, whose summaries say all, and the matrix, which is shown as a whole', () => {
    const ids = Object.keys(CHECKS).filter((id) => !['conntrack', 'gateway', 'matrix'].includes(id));
    expect([...shapes.keys()].sort()).toEqual(ids.sort());
  });

  it.each([...shapes.values()])(
    'goes without any measurement, or with another: $name',
    ({ id, measurements }) => {
      for (const other of altered(measurements)) expectTables(id, other as Fields);
    },
  );

  it.each([...shapes.values()])(
    'leaves text as it is, and the report escapes it: $name',
    ({ id, measurements }) => {
      const evil = '\u001b[2J\u009b\u202e\u2066\r';
      const hostile = check(id, { measurements: marked(measurements, evil) as Fields });
      expect(JSON.stringify(tablesOf(hostile))).not.toContain('\\\\x1b');
      const text = renderTable(report(hostile), { colour: false, width: 80, tablesOf });
      expect(text).toContain('\\x1b[2J\\x9b\\u{202e}\\u{2066}\\x0d');
      expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    },
  );
});
