import { expect, it } from 'vitest';
import { parseOddSockets } from '../../../src/parsers/odd-sockets.ts';

// As ss of iproute2 6.1 prints them.
const DEAD = `ESTAB 27     216    198.18.240.2:49862 198.18.241.9:7000 timer:(on,3.368ms,6)
\t ts sack bbr rto:13056 backoff:6 rtt:0.079/0.045 lastsnd:11004 lastrcv:24220 lastack:24220 unacked:2
`;
const HALF = 'SYN-RECV 0      0      198.18.252.2:8080 198.19.1.1:34649 timer:(on,832ms,6)\n';
const IPV6 = `ESTAB 0 0 [::ffff:198.18.1.5]:8080 [::ffff:198.18.1.9]:40000
\t cubic lastsnd:61000 lastrcv:62000 lastack:61500
ESTAB 0 0 [fe80::5%eth0]:8080 [2001:db8::9]:40000
`;

it('reads a connection and what the kernel says of it', () => {
  expect(parseOddSockets(DEAD)).toEqual([
    {
      state: 'ESTAB',
      local: { address: '198.18.240.2', port: 49862 },
      peer: { address: '198.18.241.9', port: 7000 },
      sentAgain: 6,
      sendQueue: 216,
      since: { sent: 11004, received: 24220, acknowledged: 24220 },
      line: DEAD.split('\n')[0],
    },
  ]);
});

it('reads a handshake, of which the kernel says nothing more', () => {
  expect(parseOddSockets(HALF + DEAD)).toMatchObject([
    { state: 'SYN-RECV', sentAgain: 6, peer: { address: '198.19.1.1', port: 34649 } },
    { state: 'ESTAB', since: { sent: 11004 } },
  ]);
});

it('reads IPv6, and IPv4 of a socket for both', () => {
  expect(parseOddSockets(IPV6)).toMatchObject([
    {
      local: { address: '198.18.1.5', port: 8080 },
      peer: { address: '198.18.1.9' },
      since: { received: 62000 },
    },
    { local: { address: 'fe80::5', port: 8080 }, peer: { address: '2001:db8::9', port: 40000 } },
  ]);
});

it.each([
  ['', []],
  ['Cannot open netlink socket: Permission denied\n', []],
  ['no ss\n', 'there is no ss'],
])('reads no socket in %j', (text, expected) => {
  expect(parseOddSockets(text)).toEqual(expected);
});
