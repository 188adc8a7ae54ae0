import { expect, it } from 'vitest';
import { interfacesTables } from '../../../../src/checks/interfaces/tables.ts';

it('has a row for each interface, with what it received and sent', () => {
  const eth0 = {
    name: 'eth0',
    kind: 'veth',
    state: 'UP',
    mtu: 1500,
    addresses: ['198.18.1.2/24', 'fe80::1/64'],
    received: { packets: 7, errors: 0 },
    sent: { packets: 9, errors: 1 },
  };
  const lo = {
    name: 'lo',
    kind: null,
    state: 'UNKNOWN',
    mtu: 65536,
    addresses: [],
    received: null,
    sent: null,
  };
  expect(interfacesTables({ interfaces: [eth0, lo] })[0]?.rows).toEqual([
    ['eth0', 'veth', 'UP', '1500', '198.18.1.2/24, fe80::1/64', '7', '0', '9', '1'],
    ['lo', '-', 'UNKNOWN', '65536', '', '-', '-', '-', '-'],
  ]);
});
