import { describe, expect, it } from 'vitest';
import { arpTables } from '../../../../src/checks/arp/tables.ts';

const MAC = '02:00:00:00:00:01';
const rows = (...neighbours: object[]) => arpTables({ neighbours: neighbours as never })[0]?.rows;

describe('arpTables', () => {
  it('has a row for each next hop', () => {
    const hop = { address: '198.18.1.1', device: 'eth0', state: 'REACHABLE', mac: MAC };
    expect(rows({ ...hop, answers: [MAC], neededBy: ['gateway', 'dns'] })).toEqual([
      ['198.18.1.1', 'eth0', 'REACHABLE', MAC, 'the same', 'gateway, dns'],
    ]);
  });

  it.each([
    [null, 'not asked'],
    [[], 'nobody'],
    [[MAC], 'the same'],
    [['02:00:00:00:00:02'], '02:00:00:00:00:02'],
    [[MAC, '02:00:00:00:00:02'], `${MAC}, 02:00:00:00:00:02`],
  ])('tells of the answers %j: %s', (answers, told) => {
    expect(rows({ mac: MAC, answers })?.[0]?.[4]).toBe(told);
  });

  it('has a dash for what is not known', () => {
    expect(rows({ address: 'fe80::1', device: 'eth0', state: null, mac: null })).toEqual([
      ['fe80::1', 'eth0', '-', '-', 'not asked', ''],
    ]);
  });
});
