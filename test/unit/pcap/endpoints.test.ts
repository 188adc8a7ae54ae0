import { describe, expect, it } from 'vitest';
import { tcpEndpoints } from '../../../src/pcap/endpoints.ts';
import { tcpPacket } from './build.ts';

const whole = tcpPacket('10.0.0.7', 40_000, '20.1.2.3', 443);
const ipv4 = whole.data.subarray(20);
const ENDS = {
  source: { address: '10.0.0.7', port: 40_000 },
  destination: { address: '20.1.2.3', port: 443 },
};

const packet = (...bytes: readonly (readonly number[] | Uint8Array)[]) => ({
  ...whole,
  data: Uint8Array.from(bytes.flatMap((part) => [...part])),
});
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

describe('tcpEndpoints', () => {
  it.each([
    ['any (SLL2)', 276, whole],
    ['Ethernet', 1, packet(zeros(12), [0x08, 0x00], ipv4)],
    ['Ethernet with a VLAN', 1, packet(zeros(12), [0x81, 0x00, 0, 5, 0x08, 0x00], ipv4)],
    ['any (SLL)', 113, packet(zeros(14), [0x08, 0x00], ipv4)],
  ])('reads those of %s', (_name, linkType, one) => {
    expect(tcpEndpoints(one, linkType)).toEqual(ENDS);
  });

  it('reads those of IPv6', () => {
    const header = [...[0x60, 0, 0, 0, 0, 4, 6, 64], 0xfd, ...zeros(14), 1, 0xfd, ...zeros(14), 2];
    const ports = [0x9c, 0x40, 0x01, 0xbb];
    expect(tcpEndpoints(packet([0x86, 0xdd], zeros(18), header, ports), 276)).toEqual({
      source: { address: 'fd00:0:0:0:0:0:0:1', port: 40_000 },
      destination: { address: 'fd00:0:0:0:0:0:0:2', port: 443 },
    });
  });

  it.each([
    ['what was cut off', 276, { ...whole, data: whole.data.subarray(0, 42) }],
    ['UDP', 276, { ...whole, data: whole.data.with(29, 17) }],
    ['a fragment that is not the first', 276, { ...whole, data: whole.data.with(27, 1) }],
    ['ARP', 276, { ...whole, data: whole.data.with(1, 6) }],
    ['another link', 228, whole],
  ])('knows none of %s', (_name, linkType, one) => {
    expect(tcpEndpoints(one, linkType)).toBeUndefined();
  });
});
