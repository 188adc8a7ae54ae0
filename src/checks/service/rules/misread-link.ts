import { meta } from '../../shared/metas/misread-link.ts';
import { misreadLink as occurrenceOf } from '../../shared/misread-link.ts';
import type { Rule } from '../../shared/rule.ts';
import { failing, type ServicesFacts } from '../facts.ts';
import { noReadyEndpoint } from './no-ready-endpoint.ts';

export const misreadLink: Rule<ServicesFacts> = {
  meta,
  judge: (facts) =>
    facts.services.flatMap((one) => {
      const { label, misread, ready } = one.info;
      if (misread === undefined) return [];
      if (ready === 0) {
        // While anybody else takes the connections, it is nothing that clients suffer by.
        const isDown = noReadyEndpoint
          .judge({ ...facts, services: [one] })
          .some(({ severity }) => severity === 'critical');
        return isDown ? [occurrenceOf(misread, label, `: ${label} has no ready endpoint`)] : [];
      }
      const refusing = failing(one).filter(({ attempt: { state } }) => state === 'refused');
      if (!refusing.some(({ endpoint }) => endpoint.pod === misread.pod)) return [];
      const subject = refusing.length === ready ? label : `${label} → ${misread.pod}`;
      const consequence = `${label} leads to it, as it is called ready at each start, and nothing listens there`;
      return [occurrenceOf(misread, subject, `: ${consequence}`)];
    }),
};
