import { dropKind } from '../kind.ts';

export const tunnel = dropKind({
  id: 'NT-DROP-017',
  title: 'A tunnel drops packets',
  severity: 'warning',
  reasons: [
    ...['VXLAN_INVALID_HDR', 'VXLAN_VNI_NOT_FOUND', 'VXLAN_ENTRY_EXISTS', 'NO_TX_TARGET', 'TUNNEL_TXINFO'],
    ...['IP_TUNNEL_ECN', 'XFRM_POLICY', 'RECURSION_LIMIT'],
  ],
  words: 'by a tunnel',
  meaning:
    'A tunnel got what it cannot unpack (another VNI, a broken header), has no way to the other end (NO_TX_TARGET), or IPsec asks for an encryption that the packet does not have (XFRM_POLICY).',
  remedy:
    'Compare the tunnel of both nodes: ip -d link, bridge fdb, ip xfrm policy. The overlay network of the cluster has to have the same number and port everywhere.',
  source: 'Documentation/networking/vxlan.rst',
});
