import { dropKind } from '../kind.ts';

export const reversePath = dropKind({
  id: 'NT-DROP-002',
  title: 'Reverse path filtering drops packets',
  severity: 'warning',
  reasons: ['IP_RPFILTER'],
  words: 'by reverse path filtering',
  meaning:
    'The packet came in by an interface by which its sender would not be answered, and rp_filter is 1 there (or 2, and there is no way to the sender at all). Two ways to one network, a tunnel, or a second interface do that.',
  remedy:
    'Mend the route back to the sender, so that both directions take the same interface; where two ways are meant, set net.ipv4.conf.IFACE.rp_filter to 2 (loose) and look at conf.all too: the greater of both counts.',
  source: 'Documentation/networking/ip-sysctl.rst (rp_filter), RFC 3704',
});
