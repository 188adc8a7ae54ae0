import { expect, it } from 'vitest';
import { overflows, tableOf } from '../../../../src/checks/firewall/facts.ts';

const tables = (arp: number, ndisc: number) => ({
  arp: { entries: 1, limit: 1024, overflows: arp },
  ndisc: { entries: 1, limit: 1024, overflows: ndisc },
});
const facts = { tables: { before: tables(1, 2), after: tables(1, 7), result: undefined } };

it.each([
  ['198.18.1.9', 0],
  ['fd00::9', 5],
])('a connection to %s meets the table of its own family', (address, grown) => {
  expect(overflows(tableOf(facts, address))).toBe(grown);
});

it('is not known where the table could not be read', () => {
  const unread = { tables: { ...facts.tables, before: undefined } };
  expect(overflows(tableOf(unread, 'fd00::9'))).toBeUndefined();
});
