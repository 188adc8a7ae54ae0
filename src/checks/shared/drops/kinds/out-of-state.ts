import { dropKind } from '../kind.ts';

export const outOfState = dropKind({
  id: 'NT-DROP-013',
  title: 'TCP drops segments that do not belong to its connections',
  severity: 'info',
  reasons: [
    ...['TCP_FLAGS', 'TCP_OVERWINDOW', 'TCP_INVALID_SEQUENCE', 'TCP_INVALID_END_SEQUENCE'],
    ...['TCP_INVALID_ACK_SEQUENCE', 'TCP_INVALID_SYN', 'TCP_RFC7323_PAWS', 'TCP_RFC7323_TSECR'],
    ...['TCP_TOO_OLD_ACK', 'TCP_ACK_UNSENT_DATA', 'TCP_MINTTL', 'TCP_OFO_DROP', 'TCP_AUTH_HDR'],
    ...['TCP_MD5NOTFOUND', 'TCP_MD5UNEXPECTED', 'TCP_MD5FAILURE'],
    ...['TCP_AONOTFOUND', 'TCP_AOUNEXPECTED', 'TCP_AOKEYNOTFOUND', 'TCP_AOFAILURE'],
  ],
  words: 'by TCP, because they do not fit their connection',
  meaning:
    'A segment outside of the window, with flags or an acknowledgement that cannot be, or without the signature that the connection wants. Single ones come with retransmissions and restarts; many with a NAT or a firewall that lost or mixed up connections.',
  remedy:
    'If they go on: do two ways or two NATs carry one connection? The conntrack check counts what is invalid; a capture at both ends shows who changes the numbers.',
  source: 'RFC 9293, 3.10.7; RFC 7323; RFC 2385',
});
