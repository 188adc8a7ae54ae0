/** NT-SOCK-003, whose remedy the path check has too. */
import { advice, kubectl } from '../../../model/advice.ts';
import { BURST_LIMIT } from '../burst.ts';

export const meta = {
  id: 'NT-SOCK-003',
  title: 'Accept queue overflows',
  severities: ['warning', 'info'],
  meaning:
    'A server accepts connections more slowly than they arrive: its queue is full, and the kernel drops what would complete the handshake. Clients see connects take seconds or time out, though the server is up.',
  rule: `ListenOverflows grew in the run, by ${BURST_LIMIT}, which PassiveOpens counts; or a listening socket has more connections waiting than its backlog holds, at the beginning of the run and at its end. Less may be a single moment, as happens with a short queue on a busy node: info.`,
  source: 'kernel: Documentation/networking/snmp_counter.rst (TcpExtListenOverflows); listen(2)',
  remedy: advice`Find out why the program does not accept (blocked, too few threads, CPU limit: ${kubectl`top pod`}), add replicas, and raise its backlog together with net.core.somaxconn if it only cannot take bursts.`,
  explains: { depth: 980, target: ['NT-LAT-005'] },
  remedyOutside:
    'Find out why the program does not accept (blocked, too few threads, no CPU time), and raise its backlog together with net.core.somaxconn if it only cannot take bursts.',
} as const;
