import { dropKind } from '../kind.ts';

export const notReady = dropKind({
  id: 'NT-DROP-018',
  title: 'An interface is not ready for packets',
  severity: 'warning',
  comesWithPods: true,
  reasons: ['DEV_READY', 'IPV6DISABLED', 'BRIDGE_INGRESS_STP_STATE'],
  words: 'because the interface is not ready',
  meaning:
    'The interface is down or its other end is, IPv6 is switched off on it, or its bridge does not forward yet (STP).',
  remedy: 'The interfaces check shows what is down; for IPv6 see net.ipv6.conf.IFACE.disable_ipv6.',
  source: 'Documentation/networking/operstates.rst, Documentation/networking/ip-sysctl.rst (disable_ipv6)',
});
