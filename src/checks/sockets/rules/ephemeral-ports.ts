import { meta } from '../../shared/metas/ephemeral-ports.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { SocketsFacts } from '../facts.ts';

export const ephemeralPorts: Rule<SocketsFacts> = {
  meta,
  judge: ({ portUse, results, input }) => {
    if (!portUse.value) return [];
    const { first, last, taken, busiest } = portUse.value;
    const all = last - first + 1;
    const busy = busiest.flatMap(({ peer, connections }) => {
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
    return busy.length > 0 || taken < BOUND_SHARE * all
      ? busy
      : [
          occurrence(
            meta,
            'warning',
            `${taken} of ${all} ephemeral ports (${first}–${last}) are taken, though no single destination has many of them: whoever binds an address before it connects, as proxies do, needs a port that nobody has at all.`,
            quote(results.portUse, /^(range|taken|peer)/, 4),
            {
              remediation:
                'Let the program connect without binding a port first (in Envoy no upstream bind_config, else the socket option IP_BIND_ADDRESS_NO_PORT), keep connections open for longer than one request, or widen net.ipv4.ip_local_port_range.',
            },
          ),
        ];
  },
};

/** A port that was bound before connect() serves one connection in all, and not one for each destination (ours). */
const BOUND_SHARE = 0.95;
