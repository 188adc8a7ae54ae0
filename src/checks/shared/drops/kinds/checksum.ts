import { dropKind } from '../kind.ts';

export const checksum = dropKind({
  id: 'NT-DROP-009',
  title: 'Packets with a wrong checksum are dropped',
  severity: 'warning',
  reasons: ['TCP_CSUM', 'UDP_CSUM', 'ICMP_CSUM', 'IP_CSUM', 'SKB_CSUM'],
  words: 'because their checksum is wrong',
  meaning:
    'The packet was changed on its way, or its sender left the checksum to hardware that did not fill it in: offloading of a network card or a tunnel that is broken.',
  remedy:
    'Switch transmit checksum offload off at the sender and try again: ethtool -K IFACE tx off. If that mends it, update the driver or keep it off.',
  source: 'Documentation/networking/checksum-offloads.rst',
});
