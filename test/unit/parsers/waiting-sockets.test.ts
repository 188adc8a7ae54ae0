import { expect, it } from 'vitest';
import { parseWaitingSockets } from '../../../src/parsers/waiting-sockets.ts';

// As ss of iproute2 6.15 prints them, with the state and without it.
it.each([
  ['0      1      198.18.1.5:40112   198.18.1.7:5432  \n', '198.18.1.7', 5432],
  ['SYN-SENT 0      1      198.18.1.5:40112   198.18.1.7:5432  \n', '198.18.1.7', 5432],
  ['0      1      [2001:db8::5]:40112   [2001:db8::7]:443  \n', '2001:db8::7', 443],
  ['0      1      [fe80::5%eth0]:40112   [fe80::7%eth0]:443  \n', 'fe80::7', 443],
])('reads %j', (text, address, port) => {
  expect(parseWaitingSockets(text)).toMatchObject([{ address, port }]);
});

it.each(['', 'Cannot open netlink socket: Permission denied\n', '0 1 x\n'])('reads nothing in %j', (text) => {
  expect(parseWaitingSockets(text)).toEqual([]);
});
