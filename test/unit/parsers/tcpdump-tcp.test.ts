import { describe, expect, it } from 'vitest';
import { parseSegments } from '../../../src/parsers/tcpdump-tcp.ts';

describe('parseSegments', () => {
  it('reads what opens, answers and refuses a connection', () => {
    const lines = [
      '1764129600.100001 eth0  Out IP 198.18.1.5.41234 > 198.18.2.7.8080: Flags [S], seq 4294967295, win 64240, options [mss 1460], length 0',
      '1764129600.100201 vethab12 In  IP 198.18.2.7.8080 > 198.18.1.5.41234: Flags [S.], seq 17, ack 0, win 65160, options [mss 1460], length 0',
      '1764129600.100301 cni0  P   IP6 2001:db8::7.8080 > 2001:db8::5.41234: Flags [R.], seq 0, ack 18, win 0, length 0',
    ];
    expect(parseSegments(`${lines.join('\n')}\n`)).toEqual([
      {
        device: 'eth0',
        outgoing: true,
        source: '198.18.1.5',
        sourcePort: 41234,
        destination: '198.18.2.7',
        destinationPort: 8080,
        flags: 'S',
        sequence: 4294967295,
        acknowledged: undefined,
        line: lines[0],
      },
      expect.objectContaining({
        device: 'vethab12',
        outgoing: false,
        flags: 'S.',
        sequence: 17,
        acknowledged: 0,
      }),
      expect.objectContaining({ outgoing: false, source: '2001:db8::7', flags: 'R.', acknowledged: 18 }),
    ]);
  });

  it('leaves out what is no segment', () => {
    expect(parseSegments('')).toEqual([]);
    expect(
      parseSegments('1764129600.1 eth0  Out IP 198.18.1.5.53 > 198.18.2.7.53: UDP, length 3\nnonsense\n'),
    ).toEqual([]);
  });
});
