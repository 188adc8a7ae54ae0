import { describe, expect, it } from 'vitest';
import { mtuTables } from '../../../../src/checks/mtu/tables.ts';

const destination = {
  name: 'pod/far',
  address: '198.18.2.3',
  device: 'eth0',
  allowedMtu: 1500,
  pathMtu: 1400,
  announcedBy: '198.18.1.1',
};
const row = (more: object) => mtuTables({ destinations: [{ ...destination, ...more }] as never })[0]?.rows[0];

describe('mtuTables', () => {
  it('has a row for each destination', () => {
    expect(row({})).toEqual(['pod/far', '198.18.2.3', 'eth0', '1500', '1400', '-', '198.18.1.1']);
  });

  it('tells silence from what was not measured', () => {
    expect(row({ pathMtu: null })?.[4]).toBe('no reply');
    expect(row({ pathMtu: null, skipped: 'the image has no ping' })?.[4]).toBe('-');
  });

  it.each([
    [{ outcome: 'done', mss: 1348, rttMs: 0.1 }, 'done (mss 1348)'],
    [{ outcome: 'stalled', mss: null }, 'stalled'],
    [{ skipped: 'the image has no bash' }, 'not measured'],
  ])('says of the transfer %j: %s', (transfer, told) => {
    expect(row({ transfer })?.[5]).toBe(told);
  });
});
