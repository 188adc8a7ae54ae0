/** `routing`: routes, rules and source addresses on the ways that a target depends on. */
import type { Check } from '../../model/check.ts';
import { type MaybeUnread, tellingUnread } from '../shared/unread.ts';
import type { RoutingInput } from './facts.ts';
import { judgeRouting } from './judge.ts';
import { planRouting } from './plan.ts';
import { ROUTING_RULES } from './rules/index.ts';
import { routingTables } from './tables.ts';

const routing: Check<RoutingInput & MaybeUnread> = {
  id: 'routing',
  findings: ROUTING_RULES.map((rule) => rule.meta),
  plan: planRouting,
  judge: tellingUnread(judgeRouting),
  tables: routingTables,
};

export default routing;
