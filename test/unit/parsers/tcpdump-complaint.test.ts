import { describe, expect, it } from 'vitest';
import { parseCaptureComplaint } from '../../../src/parsers/tcpdump-complaint.ts';

const START = 'tcpdump: data link type LINUX_SLL2\n';

// As tcpdump 4.99.3 prints them.
describe('parseCaptureComplaint', () => {
  it.each([
    [
      "tcpdump: any: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)\n",
      'rights',
      "any: You don't have permission to perform this capture on that device (socket: Operation not permitted)",
    ],
    [
      'tcpdump: nosuch: No such device exists\n(No such device exists)\n',
      'interface',
      'nosuch: No such device exists',
    ],
    [
      `${START}tcpdump: can't parse filter expression: syntax error\n`,
      'filter',
      "can't parse filter expression: syntax error",
    ],
    [
      `${START}tcpdump: unknown host 'no.such.host.invalid'\n`,
      'filter',
      "unknown host 'no.such.host.invalid'",
    ],
    ['tcpdump: eth9: That device is not up\n', 'interface', 'eth9: That device is not up'],
    [
      'tcpdump: pcap_loop: The interface disappeared\n4 packets captured\n4 packets received by filter\n0 packets dropped by kernel\n',
      'other',
      'pcap_loop: The interface disappeared',
    ],
    [START, 'other', ''],
    ['', 'other', ''],
  ] as const)('%j', (stderr, about, text) => {
    expect(parseCaptureComplaint(stderr)).toEqual({ about, text });
  });
});
