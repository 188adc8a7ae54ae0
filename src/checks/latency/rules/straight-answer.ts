import { straightAnswer as told } from '../../shared/led-on.ts';
import { meta } from '../../shared/metas/straight-answer.ts';
import { quote } from '../../shared/quote.ts';
import type { Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';

/** Of the many connections of this check, however the one of the firewall check has fared. */
export const straightAnswer: Rule<LatencyFacts> = {
  meta,
  judge: ({ paths }) =>
    paths.flatMap(({ destination: { label: subject }, address, port, ledOn, straight, tcp, results }) => {
      const tries = tcp.value?.tries ?? [];
      const silent = tries.filter(({ outcome }) => outcome === 'unanswered').length;
      if (ledOn === undefined || straight === undefined || silent === 0) return [];
      const what = `${silent} of ${tries.length} connections to ${subject} (${address}) port ${port} got no answer that fits`;
      const evidence = quote(results.tcp, /^(try|ok|failed|given up)/, 6);
      return [told(what, ledOn, straight, { subject, evidence })];
    }),
};
