import { dropKind } from '../kind.ts';

export const fragments = dropKind({
  id: 'NT-DROP-016',
  title: 'Fragments are dropped',
  severity: 'warning',
  reasons: ['FRAG_REASM_TIMEOUT', 'FRAG_TOO_FAR'],
  words: 'because the other fragments of the packet did not come',
  meaning:
    'A packet came in pieces and not all of them arrived within 30 s: some are lost, or a firewall lets only the first one pass, since the others have no ports.',
  remedy:
    'Avoid fragments: mend the MTU of the tunnel or the size of the datagrams. The mtu check shows what fits.',
  source: 'Documentation/networking/ip-sysctl.rst (ipfrag_time)',
});
