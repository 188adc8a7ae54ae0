import { quote } from '../../quote.ts';
import { occurrence, type Rule } from '../../rule.ts';
import type { SocketsFacts } from '../facts.ts';

const meta = {
  id: 'NT-SOCK-004',
  title: 'Ephemeral ports are nearly gone',
  severities: ['warning', 'critical'],
  meaning:
    'Each connection to one remote end needs a local port of its own, and they are nearly all taken, often by connections in TIME-WAIT of a client that opens a new one for each request. When none is left, connect() fails with "Cannot assign requested address".',
  rule: 'Connections to one remote address and port hold at least 80 % of the ports of ip_local_port_range (ours, --port-share; warning), or connect() fails with EADDRNOTAVAIL (critical).',
  source: 'ours; ip(7), ip_local_port_range',
  remedy:
    'Let the client keep connections and reuse them (keep-alive, a pool). Until then widen the range: sysctl net.ipv4.ip_local_port_range="1024 65535" (a safe sysctl of the pod: securityContext.sysctls), or add replicas.',
} as const;

export const ephemeralPorts: Rule<SocketsFacts> = {
  meta,
  judge: ({ portUse, results, input }) => {
    if (!portUse.value) return [];
    const { first, last, busiest } = portUse.value;
    const all = last - first + 1;
    return busiest.flatMap(({ peer, connections }) => {
      if (connections < input.portShare * all) return [];
      return [
        occurrence(
          meta,
          'warning',
          `${connections} of ${all} ephemeral ports (${first}–${last}) are taken by connections to ${peer}: ${Math.round((connections / all) * 100)} %.`,
          quote(results.portUse, /^(range|taken|peer)/, 4),
        ),
      ];
    });
  },
};
