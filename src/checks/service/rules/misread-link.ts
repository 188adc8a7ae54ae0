import { meta } from '../../shared/metas/misread-link.ts';
import { misreadLink as occurrenceOf } from '../../shared/misread-link.ts';
import type { Rule } from '../../shared/rule.ts';
import type { ServicesFacts } from '../facts.ts';
import { noReadyEndpoint } from './no-ready-endpoint.ts';

export const misreadLink: Rule<ServicesFacts> = {
  meta,
  judge: (facts) =>
    facts.services.flatMap((one) => {
      const { label, misread } = one.info;
      if (misread === undefined) return [];
      // While anybody else takes the connections, it is nothing that clients suffer by.
      const isDown = noReadyEndpoint
        .judge({ ...facts, services: [one] })
        .some(({ severity }) => severity === 'critical');
      return isDown ? [occurrenceOf(misread, label, `: ${label} has no ready endpoint`)] : [];
    }),
};
