/** NT-SOCK-005, whose remedy the path check has too. */
import { BURST_LIMIT } from '../burst.ts';

export const meta = {
  id: 'NT-SOCK-005',
  title: 'UDP datagrams are lost at the socket',
  severities: ['warning', 'info'],
  meaning:
    'Datagrams arrive and do not fit into the receive buffer of the socket, because the program reads too slowly or in bursts. They are lost without a trace on the wire.',
  rule: `RcvbufErrors of UDP (IPv4 and IPv6) grew in the run, by ${BURST_LIMIT}, which InDatagrams counts. Fewer are one burst: info.`,
  source: 'kernel: Documentation/networking/snmp_counter.rst; udp(7)',
  remedy:
    'Give the program CPU (throttling shows in container_cpu_cfs_throttled_periods_total), let it read faster, or raise its buffer: SO_RCVBUF, up to net.core.rmem_max.',
} as const;
