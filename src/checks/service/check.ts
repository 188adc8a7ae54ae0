/** `service`: every endpoint of a Service by itself, then its cluster IP, then its name. */
import type { Check } from '../../model/check.ts';
import { type MaybeUnread, tellingUnread } from '../shared/unread.ts';
import type { ServiceInput } from './facts.ts';
import { followService } from './follow-up.ts';
import { judgeService } from './judge.ts';
import { serviceMeasures } from './measures.ts';
import { planService } from './plan.ts';
import { SERVICE_RULES } from './rules/index.ts';
import { serviceTables } from './tables.ts';

const service: Check<ServiceInput & MaybeUnread> = {
  id: 'service',
  findings: SERVICE_RULES.map((rule) => rule.meta),
  plan: planService,
  followUp: followService,
  judge: tellingUnread(judgeService),
  tables: serviceTables,
  measures: serviceMeasures,
  // How old what is, and what a sweep measured, is another thing each time.
  stateOf: ({ services, ...rest }) => [
    rest,
    services.map(({ ageSeconds: _age, sweep: _sweep, ending = [], endpoints, ...service }) => [
      { ...service, endpoints: endpoints.map(({ unprobed: _unprobed, ...endpoint }) => endpoint) },
      ending.map(({ pod }) => pod),
    ]),
  ],
};

export default service;
