import { expect, it } from 'vitest';
import { firewallTables } from '../../../../src/checks/firewall/tables.ts';

const destination = { name: 'pod/db', protocol: 'tcp', port: '80', address: '198.18.1.7', seen: 'no answer' };
const row = (more: object) =>
  firewallTables({ destinations: [{ ...destination, ...more }] as never })[0]?.rows[0];

it('has a row for each destination, with the time of its last try and each sender of errors once', () => {
  const icmpErrors = ['198.18.1.1', '198.18.1.1', 'fe80::1'].map((from) => ({ from, kind: 'prohibited' }));
  const tries = [{ ms: 3000 }, { ms: 12.34 }];
  expect(row({ tries, icmpErrors, policies: { verdict: 'denied' } })).toEqual([
    'pod/db',
    'tcp/80',
    '198.18.1.7',
    'no answer',
    '12.3 ms',
    '198.18.1.1 fe80::1',
    'denied',
  ]);
});

it('has a dash where nothing was tried and nobody complained', () => {
  expect(row({ tries: [], icmpErrors: [] })?.slice(4)).toEqual(['-', '-', '-']);
});
