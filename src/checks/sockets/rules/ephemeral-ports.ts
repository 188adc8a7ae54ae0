import { meta } from '../../shared/metas/ephemeral-ports.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import type { SocketsFacts } from '../facts.ts';

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
