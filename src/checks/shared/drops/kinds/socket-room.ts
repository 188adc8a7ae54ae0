import { dropKind } from '../kind.ts';

export const socketRoom = dropKind({
  id: 'NT-DROP-005',
  title: 'Packets are dropped because a socket has no room',
  severity: 'warning',
  reasons: [
    ...['SOCKET_RCVBUFF', 'SOCKET_BACKLOG', 'PROTO_MEM', 'TCP_OFO_QUEUE_PRUNE', 'TCP_ZEROWINDOW'],
    ...['FULL_RING', 'PFMEMALLOC', 'NOMEM'],
  ],
  words: 'because the socket has no room',
  meaning:
    'The packet arrived, and the receive buffer of its socket was full: the program reads too slowly. With PROTO_MEM, NOMEM or PFMEMALLOC memory ran out, of the protocol or of the machine.',
  remedy:
    'Give the program CPU, let it read faster, or raise its buffer: SO_RCVBUF up to net.core.rmem_max, of TCP net.ipv4.tcp_rmem. For PROTO_MEM see net.ipv4.udp_mem and tcp_mem. The sockets check shows which socket it is.',
  source: 'Documentation/networking/ip-sysctl.rst (tcp_rmem, udp_mem), udp(7)',
});
