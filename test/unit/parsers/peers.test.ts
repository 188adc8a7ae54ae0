import { describe, expect, it } from 'vitest';
import { parsePeers } from '../../../src/parsers/peers.ts';
import { recording } from '../../recordings/recordings.ts';

describe('parsePeers', () => {
  it('reads whom connections lead to', () => {
    const peers = parsePeers(recording('ss-established').stdout);
    expect(peers).toHaveLength(4);
    expect(peers[0]).toEqual({ localPort: 60064, address: '203.0.113.2', port: 9000 });
  });

  // Handmade, in the form of the recording: the lab of the recordings has no IPv6 and no link-local peers.
  it.each([
    ['0 0 [2001:db8::1]:40000 [2001:db8::2]:443', [{ localPort: 40000, address: '2001:db8::2', port: 443 }]],
    [
      '0 0 [::ffff:192.0.2.1]:40000 [::ffff:192.0.2.9]:80',
      [{ localPort: 40000, address: '192.0.2.9', port: 80 }],
    ],
    ['0 0 [fe80::1%eth0]:1 [fe80::2%eth0]:2', [{ localPort: 1, address: 'fe80::2', port: 2 }]],
    ['', []],
    ['0 0 nonsense', []],
  ])('%j', (line, peers) => {
    expect(parsePeers(line)).toEqual(peers);
  });
});
