import { dropKind } from '../kind.ts';

export const noSocket = dropKind({
  id: 'NT-DROP-012',
  title: 'Packets arrive where nobody listens',
  severity: 'info',
  reasons: ['NO_SOCKET', 'IP_NOPROTO'],
  words: 'because no socket takes them',
  meaning:
    'The packet arrived, and no program has that port or connection: the sender is refused (a reset, or ICMP port unreachable). Late packets of connections that are closed are among them.',
  remedy:
    'Is the program up, does it listen on this port and address, and is the targetPort of the Service right? The sockets check shows who listens.',
  source: 'RFC 9293, 3.5.2',
});
